"""The study file: its content, who may write it, which input is refused."""

import os
import sqlite3
import stat
import subprocess
import sys
import time
from contextlib import closing

import pytest

from overparam.studies import (
    Grid,
    NotAStudy,
    Shard,
    SpecificationMismatch,
    StudyError,
    TrialRow,
    load_study,
    schema,
)
from overparam.studies.lock import WriterLock, holder
from overparam.studies.store import Store
from overparam.sweeps import run_sweep
from tests.sweeps.fakes import execution, specification

GRID = Grid.product([6], [1, 2, 3], [1, 2], trials=4)


def row(k, trial, **changed):
    values = TrialRow(6, k, 1, trial, "converged", 1, 10, 0.001, 1.0, 2.0, 4, 0.1)
    return values._replace(**changed)


def open_store(path, **changed):
    return Store(path, specification(**changed).describe(), {"host": "here"})


@pytest.fixture
def study(tmp_path):
    path = tmp_path / "a.study"
    run_sweep(path, specification(), GRID, execution())
    return path


def test_only_what_failed_is_replaced(tmp_path):
    path = tmp_path / "a.study"
    failed = row(2, 1, status="failed", message="once")
    for rows in ([row(2, 0), failed], [row(2, 0, iterations=99), row(2, 1)]):
        with open_store(path) as store:
            for each in rows:
                store.add(each)
    assert load_study(path).rows() == [row(2, 0), row(2, 1)]


def test_what_is_missing_is_what_is_not_done(tmp_path):
    cell = (6, 2, 1)
    with open_store(tmp_path / "a.study") as store:
        for each in (row(2, 1), row(2, 3), row(2, 4, status="failed")):
            store.add(each)
        store.commit()
        assert list(store.missing(cell, range(6))) == [0, 2, 4, 5]
        assert store.count_done(cell, range(6)) == 2
        assert list(store.missing(cell, range(1, 6, 2))) == [5]
        assert store.count_done(cell, range(1, 6, 2)) == 2
        assert store.count_done(cell, range(2)) == 1


def test_groups_are_full_or_a_second_old(tmp_path):
    with open_store(tmp_path / "a.study") as store:
        assert [store.add(row(2, trial)) for trial in range(100)] == [False] * 99 + [True]
        assert len(store.commit()) == 100
        assert store.commit() == []
        time.sleep(1.0)
        assert store.add(row(3, 0))


def test_twenty_thousand_rows_a_second_leave_the_disk_time(tmp_path):
    # This is not a benchmark. It shows that there is one commit per group, not one per row.
    started = time.perf_counter()
    with open_store(tmp_path / "a.study") as store:
        for trial in range(5000):
            if store.add(row(2, trial)):
                store.commit()
    assert time.perf_counter() - started < 5.0


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"seed": 1}, "seed (study: 0, asked: 1)"),
        ({"dtype": "float64"}, "dtype (study: float32, asked: float64)"),
    ],
)
def test_another_specification_is_refused_by_name(study, changed, said):
    before = study.read_bytes()
    with pytest.raises(SpecificationMismatch) as refused, open_store(study, **changed):
        pass
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)
    assert load_study(study).rows()
    assert len(before) == study.stat().st_size


def test_a_shard_keeps_to_itself_until_all_is_asked_for(tmp_path):
    path = tmp_path / "a.study"
    run_sweep(path, specification(), GRID.only(Shard(1, 2)), execution())
    status = load_study(path).status()
    assert status["shard"] == "1/2"
    assert status["left"] == 0
    assert status["trials"] == len(GRID.only(Shard(1, 2))) == status["done"]
    with pytest.raises(SpecificationMismatch, match="holds shard 1/2, but 2/2 was requested"):
        run_sweep(path, specification(), GRID.only(Shard(2, 2)), execution())
    run_sweep(path, specification(), GRID, execution())
    assert load_study(path).status()["done"] == len(GRID)


def test_one_process_cannot_write_twice(tmp_path):
    with (
        open_store(tmp_path / "a.study"),
        pytest.raises(StudyError, match=f"is being written by process {os.getpid()} on "),
        open_store(tmp_path / "a.study"),
    ):
        pass


def test_the_lock_goes_with_the_process_that_held_it(tmp_path):
    path = tmp_path / "a.study"
    code = (
        "import sys, time; from pathlib import Path; from overparam.studies.lock import WriterLock;"
        "lock = WriterLock(Path(sys.argv[1])); print('held', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE) as other:
        other.stdout.readline()
        assert holder(path).startswith(f"process {other.pid} on ")
        with pytest.raises(StudyError, match=f"process {other.pid} on "):
            WriterLock(path)
        other.kill()
    assert holder(path) is None
    assert (tmp_path / "a.study-lock").exists()
    WriterLock(path).release()
    assert list(tmp_path.iterdir()) == []


def test_a_lock_removed_by_its_last_holder_is_no_lock(tmp_path, monkeypatch):
    """The holder ends between opening and locking: the file that was opened is deleted by then."""
    path, first = tmp_path / "a.study", WriterLock(tmp_path / "a.study")
    opened, real = [], os.open

    def late(name, *arguments):
        file = real(name, *arguments)
        if not opened:
            first.release()
        opened.append(file)
        return file

    monkeypatch.setattr(os, "open", late)
    second = WriterLock(path)
    assert len(opened) == 2
    with pytest.raises(StudyError, match="is being written"):
        WriterLock(path)
    second.release()


def test_a_study_through_a_link_has_the_same_lock(study, tmp_path):
    link = tmp_path / "link.study"
    link.symlink_to(study)
    with open_store(study), pytest.raises(StudyError, match="is being written"), open_store(link):
        pass


def test_readers_see_what_is_committed_while_it_is_written(tmp_path):
    path = tmp_path / "a.study"
    with open_store(path) as store:
        store.request(GRID)
        store.add(row(2, 0))
        assert load_study(path).rows() == []
        store.commit(seconds_left=40.0)
        store.add(row(2, 1))
        status = load_study(path).status()
        assert (status["done"], status["left"]) == (1, len(GRID) - 1)
        assert status["writer"].startswith(f"process {os.getpid()} on ")
        assert 30.0 < status["seconds_left"] <= 40.0
        assert status["updates_per_second"] > 0
    status = load_study(path).status()
    assert (status["done"], status["writer"], status["seconds_left"]) == (2, None, None)


def test_a_study_at_rest_is_one_file(study):
    assert [path.name for path in study.parent.iterdir()] == ["a.study"]


def text_file(path):
    path.write_text("n,k,d\n" * 100)


def other_database(path):
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE t (a)")


def newer_study(path):
    run_sweep(path, specification(), GRID, execution())
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {schema.VERSION + 1}")


def damaged_study(path):
    run_sweep(path, specification(), GRID, execution())
    content = bytearray(path.read_bytes())
    content[-4096:] = os.urandom(4096)
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (text_file, "is not a study"),
        (other_database, "is not a study"),
        (newer_study, "upgrade overparam"),
        (damaged_study, "is damaged"),
        (lambda path: path.mkdir(), "directory"),
    ],
)
def test_what_is_no_study_is_refused_and_left_alone(tmp_path, make, said):
    path = tmp_path / "a.study"
    make(path)
    before = path.read_bytes() if path.is_file() else None
    for attempt in (lambda: open_store(path).__enter__(), lambda: load_study(path)):
        with pytest.raises(StudyError, match=said) as refused:
            attempt()
        assert "\n" not in str(refused.value)
    assert before is None or path.read_bytes() == before
    assert [other.name for other in tmp_path.iterdir()] == ["a.study"]


def test_an_empty_file_becomes_a_study_but_is_none(tmp_path):
    path = tmp_path / "a.study"
    path.touch()
    with pytest.raises(NotAStudy):
        load_study(path)
    run_sweep(path, specification(), GRID, execution())
    assert len(load_study(path).rows()) == len(GRID)


def test_a_missing_folder_and_a_file_for_a_folder(tmp_path):
    (tmp_path / "file").touch()
    for path in (tmp_path / "no" / "a.study", tmp_path / "file" / "a.study"):
        with pytest.raises(StudyError, match="does not exist"), open_store(path):
            pass
        with pytest.raises(StudyError):
            load_study(path)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written(tmp_path):
    tmp_path.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        with pytest.raises(StudyError, match="Permission denied"), open_store(tmp_path / "a.study"):
            pass
    finally:
        tmp_path.chmod(stat.S_IRWXU)


def tallied(path):
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute(
            "SELECT n, k, d, status, trials, successes, updates, seconds FROM tally WHERE trials <> 0"
        ).fetchall()
        return {tallied[:4]: [*tallied[4:]] for tallied in rows}


def test_tallies_follow_new_trials_repeated_ones_and_failed_ones_that_are_tried_again(tmp_path):
    path = tmp_path / "a.study"
    failed = row(2, 1, status="failed", success=0, iterations=0, seconds=0.0)
    with open_store(path) as store:
        for added in (row(2, 0), failed, row(2, 2, status="diverged", success=0, iterations=7), row(2, 0)):
            store.add(added)
    assert tallied(path) == {
        (6, 2, 1, "converged"): [1, 1, 10, 0.1],
        (6, 2, 1, "failed"): [1, 0, 0, 0.0],
        (6, 2, 1, "diverged"): [1, 0, 7, 0.1],
    }
    with open_store(path) as store:
        for added in (row(2, 1), row(2, 2), row(3, 0)):
            store.add(added)
    assert tallied(path) == {
        (6, 2, 1, "converged"): [2, 2, 20, 0.2],
        (6, 2, 1, "diverged"): [1, 0, 7, 0.1],
        (6, 3, 1, "converged"): [1, 1, 10, 0.1],
    }


def test_tallies_that_are_not_those_of_the_trials_are_damage(tmp_path):
    path = tmp_path / "a.study"
    with open_store(path) as store:
        store.add(row(2, 0))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE tally SET successes = 0")
        connection.commit()
    with pytest.raises(NotAStudy, match="tallies"):
        load_study(path)


def test_an_older_format_is_read_as_it_is_and_migrated_by_a_writer(tmp_path):
    path = tmp_path / "a.study"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(schema._STEPS[0])
        connection.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
        connection.execute("PRAGMA user_version = 1")
        connection.execute('INSERT INTO session VALUES (1, \'{"host": "there"}\')')
        connection.execute("INSERT INTO cell VALUES (6, 2, 1, 4)")
        connection.execute(f"INSERT INTO trial VALUES ({', '.join('?' * 14)})", (*row(2, 0), 1))
        connection.commit()
    before = path.read_bytes()
    assert load_study(path).rows() == [row(2, 0)]
    assert load_study(path).status()["left"] == 3
    assert load_study(path).diagram(6).successes.item() == 1
    assert path.read_bytes() == before
    with open_store(path) as store:
        store.add(row(2, 1))
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (schema.VERSION,)
    assert load_study(path).rows() == [row(2, 0), row(2, 1)]
    assert [session["host"] for session in load_study(path).sessions] == ["there", "here"]


@pytest.mark.parametrize(
    ("kind", "mode"), [("nfs4", "delete"), ("fuse.sshfs", "delete"), ("ext4", "wal"), (None, "wal")]
)
def test_no_write_ahead_log_on_a_network_file_system(tmp_path, monkeypatch, kind, mode):
    monkeypatch.setattr("overparam.studies.connect._file_system", lambda path: kind)
    with open_store(tmp_path / "a.study") as store:
        store.add(row(2, 0))
        store.commit()
        with closing(sqlite3.connect(tmp_path / "a.study")) as reader:
            assert reader.execute("PRAGMA journal_mode").fetchone() == (mode,)
            assert reader.execute("SELECT count(*) FROM trial").fetchone() == (1,)
