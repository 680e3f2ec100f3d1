"""`op.sweep` of an existing study: options that are not given are taken from the study."""

import pytest

import overparam as op
from overparam.studies import SpecificationMismatch

GIVEN = {"max_iterations": 20, "engine": "portable"}


def rows(study):
    return [row._replace(seconds=0.0) for row in study]


@pytest.fixture
def study(tmp_path):
    return op.sweep(
        tmp_path / "a.study", n=8, k="2:4:2", d="1,3", trials=2, activation="relu", dtype="float64", **GIVEN
    )


def test_axes_are_written_as_on_the_command_line(study):
    assert [row[:4] for row in study] == [(8, k, d, t) for k in (2, 4) for d in (1, 3) for t in (0, 1)]
    with pytest.raises(ValueError, match="'2:x' is not a range"):
        op.sweep(study.path, k="2:x")


def test_trials_and_cells_are_added_and_the_rest_stays(study, tmp_path):
    before = rows(study)
    op.sweep(study.path, trials=3, engine="portable")
    op.sweep(study.path, k=[6], engine="portable")
    whole = op.sweep(
        tmp_path / "w.study",
        n=8,
        k=[2, 4, 6],
        d=[1, 3],
        trials=3,
        activation="relu",
        dtype="float64",
        **GIVEN,
    )
    assert rows(study) == rows(whole)
    assert [row for row in rows(study) if row.k < 6 and row.trial < 2] == before
    assert study.specification == whole.specification


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"activation": "softplus"}, r"activation \(study: relu, asked: softplus\)"),
        ({"dtype": "float32"}, r"dtype \(study: float64, asked: float32\)"),
        ({"tolerance": 0.5}, r"tolerance \(study: 0.0025, asked: 0.5\)"),
    ],
)
def test_what_is_given_and_is_not_so_is_refused(study, given, named):
    with pytest.raises(SpecificationMismatch, match=named):
        op.sweep(study.path, trials=4, **given)
    assert study.status()["left"] == 0
