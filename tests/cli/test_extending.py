"""A study is extended without repeating its specification: options that are not given come from the study."""

import csv

import pytest

from overparam.studies import load_study
from tests.cli.conftest import SMALL

OTHER = ("--activation", "relu", "--seed", 7, "--optimizer", "gd:step_size=0.3", "--tolerance", 0.01)


def rows(study):
    return [row._replace(seconds=0.0) for row in load_study(study)]


@pytest.fixture
def other(overparam, tmp_path):
    """A study whose specification differs from the defaults."""
    assert overparam("-q", "--dtype", "float64", "sweep", *SMALL, *OTHER, "--study", "o.study").code == 0
    return tmp_path / "o.study"


def test_more_trials_of_all_cells(overparam, other, tmp_path):
    call = overparam("sweep", "--study", other, "--trials", 3)
    assert call.code == 0
    assert "o.study is resumed with its own" in call.errors
    assert "activation relu" in call.errors
    asked = [*SMALL[:6], "--trials", 3, *SMALL[8:], *OTHER]
    assert overparam("-q", "--dtype", "float64", "sweep", *asked, "--study", "w.study").code == 0
    assert rows(other) == rows(tmp_path / "w.study")
    assert load_study(other).specification == load_study("w.study").specification


def test_more_cells_take_the_other_axes_and_the_trials_of_the_study(overparam, other):
    before = rows(other)
    assert overparam("-q", "sweep", "--study", other, "--k", "5:6").code == 0
    after = rows(other)
    assert [row for row in after if row.k < 5] == before
    assert [row[:4] for row in after if row.k >= 5] == [
        (12, k, d, t) for k in (5, 6) for d in (1, 3) for t in (0, 1)
    ]
    assert load_study(other).status()["left"] == 0


def test_cells_keep_their_own_numbers_of_trials(overparam, other):
    assert overparam("-q", "sweep", "--study", other, "--k", "4", "--trials", 5).code == 0
    cells = load_study(other).cells()
    document = overparam("sweep", "--study", other, "--json").document  # no options: nothing is added
    assert (document["left"], load_study(other).cells()) == (0, cells)
    assert overparam("-q", "sweep", "--study", other, "--d", "1,5").code == 0
    asked = load_study(other).cells()
    assert {trials for cell, trials in asked.items() if cell.d == 5} == {5}  # the largest number of any cell
    assert {cell: asked[cell] for cell in cells} == cells


@pytest.mark.parametrize(
    ("said", "named"),
    [
        (("--activation", "softplus"), "activation (study: relu, asked: softplus)"),
        (("--seed", 8), "seed (study: 7, asked: 8)"),
        (("--max-iterations", 51), "max_iterations (study: 50, asked: 51)"),
        (("--optimizer", "least-squares"), "optimizer (study: gd:step_size=0.3, asked: least-squares)"),
        (("--layers", "both"), "layers (study: hidden, asked: both)"),
    ],
)
def test_what_is_said_and_is_not_so_is_refused_by_name(overparam, other, said, named):
    before = rows(other)
    call = overparam("sweep", "--study", other, "--trials", 4, *said)
    assert call.code == 2
    assert named in call.errors
    assert rows(other) == before
    assert load_study(other).status()["left"] == 0


def test_another_data_type_is_refused_by_name(overparam, other):
    call = overparam("--dtype", "float32", "sweep", "--study", other, "--trials", 4)
    assert call.code == 2
    assert "dtype (study: float64, asked: float32)" in call.errors


def test_the_environment_says_something_too(overparam, other):
    call = overparam("sweep", "--study", other, OVERPARAM_SWEEP_ACTIVATION="softplus")
    assert call.code == 2
    assert "activation (study: relu, asked: softplus)" in call.errors


def test_a_shard_stays_one(overparam, tmp_path):
    assert overparam("-q", "sweep", *SMALL, "--shard", "2/3", "--study", "s.study").code == 0
    assert overparam("-q", "sweep", "--study", "s.study", "--trials", 6).code == 0
    assert overparam("-q", "sweep", *SMALL[:6], "--trials", 6, *SMALL[8:], "--study", "w.study").code == 0
    own = {row[:4] for row in rows("s.study")}
    assert str(load_study("s.study").shard) == "2/3"
    assert rows("s.study") == [row for row in rows("w.study") if row[:4] in own]
    assert len(own) < 60


def test_a_dry_run_counts_what_would_be_added(overparam, other):
    document = overparam("sweep", "--study", other, "--trials", 5, "--dry-run", "--json").document
    assert (document["trials"], document["done"], document["left"]) == (50, 20, 30)
    assert load_study(other).status()["left"] == 0


def test_a_file_says_what_it_says_and_the_study_the_rest(overparam, other, tmp_path):
    (tmp_path / "more.toml").write_text('version = 1\nstudy = "o.study"\nk = "5"\ntrials = 1\n')
    assert overparam("-q", "sweep", "more.toml").code == 0
    assert [row[:4] for row in rows(other) if row.k == 5] == [(12, 5, 1, 0), (12, 5, 3, 0)]
    small = 'n = "12"\nk = "2"\nd = "1"\ntrials = 1\nmax_iterations = 3\n'
    (tmp_path / "own.toml").write_text(f'version = 1\nstudy = "o.study"\nactivation = ["softplus"]\n{small}')
    assert overparam("-q", "sweep", "own.toml").code == 0  # a list leads to new studies with their own names
    (tmp_path / "wrong.toml").write_text('version = 1\nstudy = "o.study"\nactivation = "softplus"\n')
    assert overparam("-q", "sweep", "wrong.toml").code == 2


def test_exported_rows_before_are_the_rows_after(overparam, other, tmp_path):
    assert overparam("export", other, "-o", "before.csv").code == 0
    assert overparam("-q", "sweep", "--study", other, "--trials", 3).code == 0
    assert overparam("export", other, "-o", "after.csv").code == 0
    before, after = (
        list(csv.reader((tmp_path / name).read_text().splitlines())) for name in ("before.csv", "after.csv")
    )
    assert [row for row in after if row[3] != "2"] == before
