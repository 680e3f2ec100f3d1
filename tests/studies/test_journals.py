"""Logs of a killed writer: they are applied to the study file they belong to, and to no other file."""

import os
import random
import shutil
import sqlite3
from contextlib import closing

import pytest

from overparam.studies import NotAStudy, load_study
from overparam.studies.journals import check_journals, frames_of
from overparam.sweeps import run_sweep
from tests.studies.damage import flip, what_it_says
from tests.sweeps.driver import GRID
from tests.sweeps.fakes import Fake, execution, specification
from tests.sweeps.test_faults import Driver, keys

BESIDE = ("-wal", "-shm", "-journal", "-lock")


@pytest.fixture
def killed(tmp_path):
    """A study whose sweep was killed, and a copy of it from before that sweep started."""
    study, copy = tmp_path / "a.study", tmp_path / "copy.study"
    half = type(GRID).of(GRID.cells[:10], trials=GRID.trials)
    run_sweep(study, specification(), half, execution())
    shutil.copy(study, copy)
    driver = Driver(study, tmp_path / "log")
    driver.wait_for(150)
    driver.kill()
    assert study.with_name("a.study-wal").stat().st_size
    return study, copy


def put_in_place(content, study):
    study.write_bytes(content)
    study.with_name("a.study-shm").unlink(missing_ok=True)


def test_a_copy_that_is_put_back_is_not_made_one_with_the_log_of_the_killed(killed):
    study, copy = killed
    put_in_place(copy.read_bytes(), study)
    log = study.with_name("a.study-wal")
    before = study.read_bytes(), log.read_bytes()
    for attempt in (
        lambda: load_study(study),
        lambda: run_sweep(study, specification(), GRID, execution()),
    ):
        with pytest.raises(
            NotAStudy, match=r"a\.study-wal is the log of another state .*Remove a\.study-wal"
        ):
            attempt()
    assert (study.read_bytes(), log.read_bytes()) == before
    log.unlink()
    assert what_it_says(study) == what_it_says(copy)


def test_another_study_in_the_place_of_the_killed_is_refused_too(killed, tmp_path):
    study, _ = killed
    other = tmp_path / "other.study"
    run_sweep(other, specification(seed=7), GRID, execution())
    put_in_place(other.read_bytes(), study)
    with pytest.raises(NotAStudy, match="log of another state"):
        load_study(study)
    put_in_place(b"", study)
    with pytest.raises(NotAStudy, match="is empty and its log"):
        run_sweep(study, specification(), GRID, execution())
    assert study.with_name("a.study-wal").stat().st_size


def test_a_study_killed_while_its_log_was_brought_into_it_goes_on(killed, tmp_path):
    """SQLite writes page by page: the first page may state more pages than the file has so far."""
    study, _ = killed
    main, log = study.read_bytes(), study.with_name("a.study-wal")
    saved, pages = keys(study), {frame.number: frame.page for frame in frames_of(log)}
    size = len(next(iter(pages.values())))
    assert max(pages) * size > len(main)
    for written in range(len(pages) + 1):
        content = bytearray(main)
        for number in sorted(pages)[:written]:
            content.extend(bytes(max(0, number * size - len(content))))
            content[(number - 1) * size : number * size] = pages[number]
        torn = tmp_path / f"{written}.study"
        torn.write_bytes(content)
        shutil.copy(log, torn.with_name(f"{written}.study-wal"))
        assert keys(torn) == saved


def test_the_killed_study_goes_on_with_its_own_log(killed):
    study, copy = killed
    saved = keys(study)
    assert len(saved) > len(keys(copy))
    run_sweep(study, specification(), GRID, execution())
    assert saved <= keys(study)
    assert len(load_study(study).rows()) == len(GRID)


def test_a_copy_of_the_file_and_its_log_together_is_the_study(killed, tmp_path):
    study, _ = killed
    (tmp_path / "elsewhere").mkdir()
    for suffix in ("", "-wal"):
        shutil.copy(f"{study}{suffix}", tmp_path / "elsewhere" / f"b.study{suffix}")
    assert what_it_says(tmp_path / "elsewhere" / "b.study") == what_it_says(study)


def test_a_log_that_has_begun_again_still_belongs_to_its_file(tmp_path):
    """After a checkpoint, SQLite writes the log from the beginning again, over its old content."""
    study = tmp_path / "a.study"
    driver = Driver(study, tmp_path / "log")
    driver.wait_for(100)
    with closing(sqlite3.connect(study)) as connection:
        connection.execute("PRAGMA wal_checkpoint(RESTART)")
    driver.wait_for(250)
    saved = driver.kill()
    assert saved <= keys(study)


def test_a_log_with_a_flipped_bit_gives_the_same_rows_or_is_refused(killed):
    study, _ = killed
    log = study.with_name("a.study-wal")
    content, main, chance = log.read_bytes(), study.read_bytes(), random.Random(3)
    expected, refused = what_it_says(study), 0
    for _ in range(25):
        log.write_bytes(flip(content, chance.randrange(8 * len(content))))
        put_in_place(main, study)
        found = what_it_says(study)
        assert found in (None, expected)
        refused += found is None
    assert refused > 10


def test_the_checksums_of_the_log_are_those_of_sqlite(killed):
    """A log that SQLite itself reads to the end passes the check."""
    study, _ = killed
    check_journals(study)
    with closing(sqlite3.connect(f"file:{study}?mode=ro", uri=True)) as connection:
        (rows,) = connection.execute("SELECT count(*) FROM trial").fetchone()
    assert rows == len(keys(study))
    assert len(frames_of(study.with_name("a.study-wal"))) > 10


def test_a_rollback_journal_of_another_state_is_not_played_back(tmp_path, monkeypatch):
    """On a network file system there is a rollback journal instead of a write-ahead log."""
    monkeypatch.setattr("overparam.studies.connect._file_system", lambda path: "nfs4")
    study, copy = tmp_path / "a.study", tmp_path / "copy.study"
    half = type(GRID).of(GRID.cells[:10], trials=GRID.trials)
    run_sweep(study, specification(), half, execution())
    shutil.copy(study, copy)
    run_sweep(study, specification(), type(GRID).of(GRID.cells[:20], trials=GRID.trials), execution())
    # A separate process writes and is killed while its journal is hot (not yet rolled back).
    code = (
        "import os, sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None);"
        "c.execute('PRAGMA cache_size = 1'); c.execute('BEGIN IMMEDIATE');"
        "c.execute('UPDATE mark SET value = zeroblob(68)'); c.execute('UPDATE trial SET seconds = 7.0');"
        "os._exit(9)"
    )
    assert os.spawnlp(os.P_WAIT, os.environ.get("PYTHON", "python3"), "python3", "-c", code, str(study)) == 9
    journal = study.with_name("a.study-journal")
    assert journal.stat().st_size
    hot, torn = journal.read_bytes(), study.read_bytes()
    study.write_bytes(copy.read_bytes())
    with pytest.raises(NotAStudy, match=r"a\.study-journal is the log of another state"):
        load_study(study)
    with pytest.raises(NotAStudy, match=r"a\.study-journal is the log of another state"):
        run_sweep(study, specification(), GRID, execution())
    assert journal.read_bytes() == hot
    study.write_bytes(torn)
    run_sweep(study, specification(), GRID, execution(Fake()))
    assert len(load_study(study).rows()) == len(GRID)


@pytest.mark.parametrize("suffix", BESIDE)
def test_a_pipe_beside_a_study_makes_nobody_wait(tmp_path, suffix):
    study = tmp_path / "a.study"
    run_sweep(study, specification(), GRID, execution())
    os.mkfifo(f"{study}{suffix}")
    if suffix != "-lock":  # a reader does not open the lock
        with pytest.raises(NotAStudy, match=f"a.study{suffix} is a named pipe"):
            load_study(study)
    with pytest.raises(NotAStudy):
        run_sweep(study, specification(), GRID, execution())
