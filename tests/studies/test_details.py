"""How trials ended in each cell, and the first trials of a study."""

import sqlite3
from collections import Counter
from contextlib import closing
from statistics import median

import pytest

from overparam.studies import Grid, NotAStudy, Study, TrialRow, load_study
from tests.report.studies import make_study, row

GRID = Grid.product([6, 8], [0, 2, 3, 5], [1, 4], trials=7)


def mixed(cell, trial):
    """Return an outcome: some trials fail, for two reasons; trials with k = 0 are empty."""
    if cell.k == 0:
        return TrialRow(*cell, trial, "empty", 0, 0, None, None, None, 0, 0.0)
    if cell.k == 3 and trial < 3:
        reason = "no memory" if trial else None
        return TrialRow(*cell, trial, "failed", 0, 0, None, None, None, 0, 0.0, reason)
    return row(cell, trial)


@pytest.fixture
def study(tmp_path):
    return load_study(make_study(tmp_path / "a.study", GRID, rows=mixed))


def test_endings_are_those_of_the_rows(study):
    rows = study.rows()
    endings = study.endings()
    assert set(endings) == {(one.n, one.k, one.d) for one in rows}
    for cell, ending in endings.items():
        mine = [one for one in rows if one[:3] == cell]
        assert ending.statuses == Counter(one.status for one in mine)
        trained = [one.iterations for one in mine if one.status not in ("failed", "empty")]
        succeeded = [one.iterations for one in mine if one.success]
        assert ending.updates == (median(trained) if trained else None)
        assert ending.success_updates == (median(succeeded) if succeeded else None)


def test_the_first_trials_of_a_cell(study):
    cells = [GRID.cells[3], GRID.cells[6]]
    found = study.first_trials(cells, 4)
    assert found == {cell: tuple([one for one in study if one[:3] == cell][:4]) for cell in cells}


def test_failures_are_counted_by_their_messages(study):
    # In each of the four cells with k = 3, three trials fail.
    assert study.failures() == [("no memory", 8), ("no reason given", 4)]


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM trial WHERE n = 6 AND k = 2 AND d = 1 AND trial = 6",
        "UPDATE trial SET iterations = iterations + 1 WHERE n = 6 AND k = 2 AND d = 1 AND trial = 6",
        "UPDATE trial SET d = 2 WHERE n = 6 AND k = 2 AND d = 1 AND trial = 6",
    ],
)
def test_trials_that_are_not_those_of_the_tallies_are_damage(study, damage):
    with closing(sqlite3.connect(study.path)) as connection:
        connection.execute(damage)
        connection.commit()
    with pytest.raises(NotAStudy, match="tallies do not match its trials"):
        Study(study.path).endings()


def test_a_changed_row_is_damage(study):
    with closing(sqlite3.connect(study.path)) as connection:
        connection.execute("UPDATE trial SET seconds = 9.0 WHERE n = 6 AND k = 2 AND d = 1 AND trial = 1")
        connection.commit()
    with pytest.raises(NotAStudy, match="among its trials, 1 row"):
        Study(study.path).first_trials([GRID.cells[2]], 5)
