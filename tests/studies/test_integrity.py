"""A study is read back exactly as it was written, or it is refused and the damage is named."""

import json
import random
import sqlite3
from contextlib import closing

import pytest

from overparam.studies import Grid, NotAStudy, export_study, load_study, merge_studies, schema
from overparam.studies.connect import connect_reader
from overparam.studies.integrity import TrialScan, right_row, wrong_tables
from overparam.studies.seals import Mark, seal, seal_trial
from overparam.studies.store import Store
from overparam.sweeps import run_sweep
from tests.studies.damage import change, flip, what_it_says
from tests.sweeps.fakes import execution, specification

GRID = Grid.product([6], [1, 2, 3], [1, 2], trials=4)


@pytest.fixture
def study(tmp_path):
    path = tmp_path / "a.study"
    run_sweep(path, specification(), GRID, execution())
    return path


DAMAGE = {
    "value": (
        "UPDATE trial SET iterations = iterations + 1 WHERE k = 2 AND d = 1 AND trial = 3",
        "(6, 2, 1, 3)",
    ),
    "sign": ("UPDATE trial SET relative_residual = -1.0 WHERE k = 3 AND d = 2 AND trial = 0", "(6, 3, 2, 0)"),
    "status": ("UPDATE trial SET status = 'solved' WHERE k = 2 AND trial < 2", "4 rows: (6, 2, 1, 0)"),
    "key": ("UPDATE trial SET trial = 9 WHERE k = 2 AND d = 1 AND trial = 3", "(6, 2, 1, 9)"),
    "missing": ("DELETE FROM trial WHERE k = 2 AND d = 1 AND trial = 3", "23 found, 24 tallied"),
    "tally": ("UPDATE tally SET successes = successes + 1 WHERE k = 2", "table tally"),
    "tallies": ("DELETE FROM tally WHERE k = 2", "tallies"),
    "specification": (
        "UPDATE specification SET value = '1' WHERE name = 'seed'",
        "specification, 1 row: (seed)",
    ),
    "part": ("DELETE FROM specification WHERE name = 'dtype'", "specification"),
    "cell": ("UPDATE cell SET trials = 400 WHERE k = 1 AND d = 2", "cell, 1 row: (6, 1, 2)"),
    "cells": ("DELETE FROM cell WHERE k = 1", "cells"),
    "session": ("UPDATE session SET updates = 7", "session, 1 row: (1)"),
    "sessions": ("DELETE FROM session", "0 sessions"),
    "mark": ("UPDATE mark SET value = x'00'", "mark"),
    "marks": ("DELETE FROM mark", "mark"),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_changed_value_is_refused_and_named(study, tmp_path, kind):
    statement, said = DAMAGE[kind]
    change(study, statement)
    other = tmp_path / "b.study"
    run_sweep(other, specification(), GRID, execution())
    for attempt in (
        lambda: load_study(study),
        lambda: run_sweep(study, specification(), GRID, execution()),
        lambda: merge_studies(other, [study]),
    ):
        with pytest.raises(NotAStudy) as refused:
            attempt()
        assert said in str(refused.value)
        assert "overparam salvage" in str(refused.value)


@pytest.mark.parametrize("kind", ["value", "status", "key", "missing"])
def test_a_study_too_large_to_be_looked_through_is_checked_where_it_is_read(
    study, tmp_path, monkeypatch, kind
):
    statement, said = DAMAGE[kind]
    loaded = load_study(study)
    change(study, statement)
    monkeypatch.setattr("overparam.studies.connect._CHECKED_WHOLE", 0)
    load_study(study).status()
    (tmp_path / "a.csv").write_text("before")
    for attempt in (
        loaded.rows,
        loaded.columns,
        lambda: export_study(loaded, tmp_path / "a.csv"),
        lambda: merge_studies(tmp_path / "m.study", [study]),
    ):
        with pytest.raises(NotAStudy) as refused:
            attempt()
        assert said in str(refused.value)
    assert (tmp_path / "a.csv").read_text() == "before"
    assert not (tmp_path / "m.study").exists()


@pytest.mark.parametrize("kind", ["tally", "tallies", "specification", "cell", "session", "sessions", "mark"])
def test_tables_are_checked_however_large_the_study(study, monkeypatch, kind):
    statement, said = DAMAGE[kind]
    change(study, statement)
    monkeypatch.setattr("overparam.studies.connect._CHECKED_WHOLE", 0)
    with pytest.raises(NotAStudy) as refused:
        load_study(study)
    assert said in str(refused.value)


def test_all_wrong_trials_are_counted_and_no_tree_makes_it_endless(study, monkeypatch):
    monkeypatch.setattr("overparam.studies.integrity._MOST_WRONG", 10)
    change(study, "UPDATE trial SET success = 1 - success")
    with pytest.raises(NotAStudy, match="more than 10 rows"):
        load_study(study)


def test_the_seal_of_a_trial_is_of_every_value():
    row = (6, 2, 1, 0, "converged", 1, 10, 0.25, 1.0, None, 4, 0.5, None, 1)
    changed = [
        (*row[:place], value, *row[place + 1 :])
        for place, before in enumerate(row)
        for value in {0, 7, 0.75, "", "other", None} - {before}
    ]
    seals = [seal for each in changed if (seal := seal_trial(each)) is not None]
    assert len(seals) > 30
    assert seal_trial(row) not in seals
    assert seal_trial((*row[:7], 0.0, *row[8:])) == seal_trial((*row[:7], -0.0, *row[8:]))
    assert seal_trial((-6, *row[1:])) is None


def test_a_seal_is_of_the_table_too():
    assert seal("meta", "seed", "0") != seal("specification", "seed", "0")
    assert right_row("specification", ("seed", "0"), seal("specification", "seed", "0"))
    assert not right_row("specification", ("seed", "0"), seal("meta", "seed", "0"))


def test_a_mark_with_any_bit_changed_is_none():
    mark = Mark(bytes(16), bytes(range(16)), 7, 2, (1 << 64) + 5, 3)
    packed = mark.pack()
    assert Mark.unpack(packed) == mark._replace(tallies=5)
    assert all(Mark.unpack(flip(packed, bit)) is None for bit in range(8 * len(packed)))
    assert Mark.newest_in(b"x" + packed + mark._replace(commits=9).pack()[:-1] + packed).commits == 7


def older(path, version):
    """Make a study of an older format, by the same steps as the old version."""
    values = [6, 2, 1, 0, "converged", 1, 10, 0.001, 1.0, 2.0, 4, 0.1, None, 1]
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        schema.migrate(connection, 0, version)
        for name, value in specification().describe().items():
            connection.execute("INSERT INTO specification VALUES (?, ?)", [name, json.dumps(value)])
        connection.execute('INSERT INTO session (id, environment) VALUES (1, \'{"host": "there"}\')')
        connection.execute("INSERT INTO cell VALUES (6, 2, 1, 4)")
        connection.execute(f"INSERT INTO trial VALUES ({', '.join('?' * 14)})", values)


@pytest.mark.parametrize("version", [1, 2, 3])
def test_an_older_format_says_that_nothing_is_checked_until_a_writer_seals_it(tmp_path, version):
    path = tmp_path / "a.study"
    older(path, version)
    before = path.read_bytes()
    status = load_study(path).status()
    assert (status["done"], status["checksums"]) == (1, "none (format 3)")
    assert path.read_bytes() == before
    run_sweep(path, specification(), Grid.product([6], [2], [1], trials=4), execution())
    status = load_study(path).status()
    assert (status["done"], status["checksums"]) == (4, "on every row")
    change(path, "UPDATE trial SET seconds = seconds + 1 WHERE trial = 0")
    with pytest.raises(NotAStudy, match=r"\(6, 2, 1, 0\)"):
        load_study(path)


def test_the_store_keeps_every_checksum_true(tmp_path):
    """After every kind of write, all checksums are computed again and compared."""
    path, chance = tmp_path / "a.study", random.Random(0)
    rows = [
        schema.TrialRow(
            6, k, 1, trial, chance.choice(["converged", "failed"]), 0, trial, None, 1.0, 2.0, 4, 0.1
        )
        for k in (1, 2)
        for trial in range(40)
    ]
    for _ in range(4):
        with Store(path, {"seed": 0}, {"host": "x"}) as store:
            store.request(Grid.product([6], [1, 2], [1], trials=chance.randrange(1, 50)), "text")
            for row in chance.sample(rows, 30):
                store.add(row._replace(status=chance.choice(["converged", "failed"])))
                if chance.random() < 0.2:
                    store.commit()
        with closing(connect_reader(path)) as connection:
            assert wrong_tables(connection, schema.VERSION) is None
            scan = TrialScan(connection, schema.VERSION)
            assert len(list(scan.rows())) > 0
            assert scan.wrong() is None
            # The tallies, computed by SQL alone.
            assert (
                connection.execute(
                    "SELECT n, k, d, status, count(*), sum(iterations) FROM trial GROUP BY 1, 2, 3, 4"
                ).fetchall()
                == connection.execute(
                    "SELECT n, k, d, status, trials, updates FROM tally WHERE trials > 0 ORDER BY 1, 2, 3, 4"
                ).fetchall()
            )
    assert what_it_says(path) is not None
