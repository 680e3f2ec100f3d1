"""Reading studies: tables, statuses and exports, against rows written by hand."""

import csv
import json
import math
from statistics import NormalDist

import numpy as np
import pytest

from overparam.studies import EXPORTED, Grid, StudyError, TrialRow, export_study, load_study
from overparam.studies.schema import COLUMNS
from overparam.studies.store import Store

ROWS = [
    TrialRow(6, 0, 1, 0, "empty", 0, 0, None, None, None, 0, 0.0),
    TrialRow(6, 2, 1, 0, "converged", 1, 30, 0.001, 1.5, 2.5, 2, 0.25),
    TrialRow(6, 2, 1, 1, "diverged", 0, 7, None, None, None, 2, 0.25),
    TrialRow(6, 2, 3, 0, "budget_exhausted", 0, 50, 0.5, 1.0, 2.0, 6, 0.5),
    TrialRow(6, 2, 3, 1, "failed", 0, 0, None, None, None, 0, 0.0, 'no, "good"'),
    TrialRow(9, 2, 3, 0, "converged", 1, 0, 1e-300, 0.0, 0.0, 6, 0.1),
]


@pytest.fixture
def study(tmp_path):
    path = tmp_path / "a.study"
    with Store(path, {"seed": 0, "tolerance": 0.1}, {"host": "here"}) as store:
        store.request(Grid.product([6], [0, 2], [1, 3], trials=2))
        store.request(Grid.product([9], [2], [3], trials=1))
        for row in reversed(ROWS):
            store.add(row)
    return load_study(path)


def test_rows_come_in_order(study):
    assert study.rows() == list(study) == ROWS


def test_columns_are_the_rows(study):
    columns = study.columns()
    assert list(columns) == list(COLUMNS)
    for name, values in columns.items():
        wanted = [getattr(row, name) for row in ROWS]
        if name in ("status", "message"):
            assert list(values) == wanted
        else:
            np.testing.assert_array_equal(values, np.array([math.nan if x is None else x for x in wanted]))
    assert columns["iterations"].dtype == np.int64


def test_status_counts(study):
    status = study.status()
    assert {name: status[name] for name in ("trials", "done", "left", "failed", "converged", "diverged")} == {
        "trials": 9,
        "done": 5,
        "left": 4,
        "failed": 1,
        "converged": 2,
        "diverged": 1,
    }
    assert status["updates"] == 87
    assert status["training_seconds"] == pytest.approx(1.1)
    assert status["specification"] == {"seed": 0, "tolerance": 0.1}
    json.dumps(status, allow_nan=False)


def test_a_diagram_for_each_n(study):
    diagram = study.diagram(6)
    assert (diagram.k, diagram.d) == ((0, 2), (1, 3))
    assert diagram.successes.tolist() == [[0, 0], [1, 0]]
    assert diagram.trials.tolist() == [[1, 0], [2, 1]]
    assert study.sample_sizes() == [6, 9]
    with pytest.raises(StudyError, match="no cells with n = 7"):
        study.diagram(7)


def test_the_status_of_every_cell_that_was_asked_for(study):
    # The ends of Wilson's interval are the roots p of (s/t − p)² = z²p(1 − p)/t.
    z2 = NormalDist().inv_cdf(0.975) ** 2
    both = np.roots([1 + z2 / 2, -(1 + z2 / 2), 0.25])  # s/t = 1/2
    alone = 1 / (1 + z2)  # s/t = 1
    assert [cell[:6] for cell in study.cell_statuses()] == [
        (6, 0, 1, 2, 1, 0),
        (6, 0, 3, 2, 0, 0),
        (6, 2, 1, 2, 2, 1),
        (6, 2, 3, 2, 1, 0),  # one failed
        (9, 2, 3, 1, 1, 1),
    ]
    expected = [(0, 1 - alone), (0, 1), (min(both), max(both)), (0, 1 - alone), (alone, 1)]
    np.testing.assert_allclose([cell[6:] for cell in study.cell_statuses()], expected, atol=1e-12)


def test_what_is_done_cell_by_cell(study):
    done = study.done(Grid.product([6, 9], [2], [1, 3], trials=2))
    assert done == {(6, 2, 1): 2, (6, 2, 3): 1, (9, 2, 1): 0, (9, 2, 3): 1}


def test_an_exported_table_has_a_row_a_trial(study, tmp_path):
    export_study(study, tmp_path / "a.csv")
    with (tmp_path / "a.csv").open(newline="") as file:
        header, *lines = csv.reader(file)
    assert tuple(header) == EXPORTED
    wanted = [["" if getattr(row, n) is None else str(getattr(row, n)) for n in EXPORTED] for row in ROWS]
    assert lines == wanted


def test_an_exported_json_has_null_for_what_is_not_finite(study, tmp_path):
    export_study(study, tmp_path / "a.json")
    rows = json.loads((tmp_path / "a.json").read_text(), parse_constant=pytest.fail)
    assert rows == [{name: getattr(row, name) for name in EXPORTED} for row in ROWS]


def test_an_exported_parquet_has_one_schema_whatever_is_missing(study, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    export_study(study, tmp_path / "a.parquet")
    table = parquet.read_table(tmp_path / "a.parquet")
    assert table.to_pylist() == [{name: getattr(row, name) for name in EXPORTED} for row in ROWS]
    empty = tmp_path / "empty.study"
    with Store(empty, {"seed": 0}, {}):
        pass
    export_study(load_study(empty), tmp_path / "b.parquet")
    assert parquet.read_table(tmp_path / "b.parquet").schema == table.schema


def test_exports_of_an_empty_study_are_empty(tmp_path):
    with Store(tmp_path / "a.study", {"seed": 0}, {}):
        pass
    for name in ("a.csv", "a.json"):
        export_study(load_study(tmp_path / "a.study"), tmp_path / name)
    assert (tmp_path / "a.csv").read_text() == ",".join(EXPORTED) + "\n"
    assert json.loads((tmp_path / "a.json").read_text()) == []


def test_an_export_appears_whole_or_not_at_all(study, tmp_path, monkeypatch):
    (tmp_path / "a.json").write_text("before")

    def break_down(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("overparam.studies.export.json.dumps", break_down)
    with pytest.raises(StudyError, match="No space left"):
        export_study(study, tmp_path / "a.json")
    assert (tmp_path / "a.json").read_text() == "before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.json", "a.study"]


def test_another_ending_is_refused(study, tmp_path):
    with pytest.raises(ValueError, match=r"must end in \.csv, \.json, \.parquet"):
        export_study(study, tmp_path / "a.xls")


def test_to_pandas(study):
    pytest.importorskip("pandas")
    frame = study.to_pandas()
    assert len(frame) == len(ROWS)
    assert (frame["status"] == [row.status for row in ROWS]).all()
    assert frame.groupby(["k", "d"])["success"].sum()[2, 1] == 1


def test_to_xarray(study):
    pytest.importorskip("xarray")
    data = study.to_xarray()
    assert dict(data.sizes) == {"n": 2, "k": 2, "d": 2, "trial": 2}
    for row in ROWS:
        cell = data.sel(n=row.n, k=row.k, d=row.d, trial=row.trial)
        assert cell["status"].item() == row.status
        assert cell["iterations"].item() == row.iterations
    assert math.isnan(data["iterations"].sel(n=9, k=0, d=1, trial=0).item())
    assert data.attrs == {"seed": 0, "tolerance": 0.1}


def test_a_library_that_is_missing_is_named(study, tmp_path, monkeypatch):
    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr("overparam.studies.frames.import_module", missing)
    with pytest.raises(
        StudyError, match="to_pandas needs pandas, which is not installed: pip install pandas"
    ):
        study.to_pandas()
    with pytest.raises(StudyError, match="needs pyarrow"):
        export_study(study, tmp_path / "a.parquet")
