"""Sweeps that are killed, interrupted, refused or out of space: a trial reported as saved is never lost."""

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing

import pytest

from overparam.runs import Portable, StopRule
from overparam.studies import Grid, StudyError, load_study
from overparam.sweeps import run_sweep
from tests.sweeps.driver import GRID
from tests.sweeps.fakes import Fake, comparable, execution, specification, trained

SWEEP = ("--n", "40", "--k", "2:8", "--d", "2:8", "--trials", "40")


class Driver:
    """A sweep of fake training runs in its own process."""

    def __init__(self, study, log, executor="serial", *design):
        command = [sys.executable, "-m", "tests.sweeps.driver", str(study), str(log), executor, *design]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1
        )
        self.saved = set()

    def wait_for(self, rows):
        """Wait until `rows` rows have been reported as saved, or the driver ends."""
        for line in self.process.stdout:
            self.saved.add(tuple(map(int, line.split())))
            if len(self.saved) >= rows:
                return

    def kill(self):
        """Kill the driver and return every row that it has reported as saved."""
        self.process.kill()
        self.finish()
        return self.saved

    def finish(self):
        """Wait until the driver has ended; return its standard error."""
        with self.process as process:
            # An incomplete line does not count as reported.
            lines = [line for line in process.stdout if line.endswith("\n")]
            errors = process.stderr.read()
        self.saved |= {tuple(map(int, line.split())) for line in lines}
        return errors


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    path = tmp_path_factory.mktemp("whole") / "whole.study"
    run_sweep(path, specification(), GRID, execution())
    return path


def keys(study):
    return {row[:4] for row in load_study(study)}


def check_killed(study, log, killings, uninterrupted):
    """Kill drivers of one study, each by its own rule; then finish the study and compare it."""
    saved, trainings_of_saved = set(), Counter()
    for kill in killings:
        newly = kill(Driver(study, log))
        assert not newly & saved  # nothing is reported twice
        saved |= newly
        if saved:
            assert saved <= keys(study)
        counts = Counter(trained(log)) if log.exists() else Counter()
        # Trials that were saved have not been trained again.
        assert all(counts[key] == count for key, count in trainings_of_saved.items())
        trainings_of_saved = Counter({key: counts[key] for key in saved})
    run_sweep(study, specification(), GRID, execution(Fake(str(log))))
    counts = Counter(trained(log))
    assert all(counts[key] == count for key, count in trainings_of_saved.items())
    assert comparable(load_study(study)) == comparable(load_study(uninterrupted))


def test_killed_and_run_again(tmp_path, uninterrupted):
    def after(rows):
        def kill(driver):
            driver.wait_for(rows)
            return driver.kill()

        return kill

    check_killed(tmp_path / "a.study", tmp_path / "log", map(after, (1, 150, 200)), uninterrupted)


@pytest.mark.slow
def test_killed_at_fifty_random_moments(tmp_path, uninterrupted):
    chance = random.Random(0)

    def kill(driver):
        # The moments range from before the file exists to the middle of the sweep.
        time.sleep(chance.uniform(0.2, 0.9))
        return driver.kill()

    check_killed(tmp_path / "a.study", tmp_path / "log", [kill] * 50, uninterrupted)


def test_killed_with_its_workers_at_work(tmp_path, uninterrupted):
    study, log = tmp_path / "a.study", tmp_path / "log"
    driver = Driver(study, log, "processes:workers=2")
    driver.wait_for(1)
    saved = driver.kill()
    assert saved <= keys(study)
    run_sweep(study, specification(), GRID, execution())
    assert comparable(load_study(study)) == comparable(load_study(uninterrupted))


def test_a_second_driver_is_refused_and_the_first_unharmed(tmp_path, uninterrupted):
    study, log = tmp_path / "a.study", tmp_path / "log"
    first = Driver(study, log)
    first.wait_for(1)
    with pytest.raises(StudyError, match=f"is being written by process {first.process.pid} on "):
        run_sweep(study, specification(), GRID, execution(Fake(str(tmp_path / "other"))))
    assert first.finish() == ""
    assert first.process.returncode == 0
    assert not (tmp_path / "other").exists()
    assert comparable(load_study(study)) == comparable(load_study(uninterrupted))


def start(study, *options, **kept):
    """Start a sweep by the command line, which reports errors on standard error."""
    command = [sys.executable, "-m", "overparam", "--engine", "portable", "sweep", *SWEEP]
    return subprocess.Popen(
        [*command, "--study", str(study), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **kept,
    )


@pytest.mark.parametrize("executor", ["serial", "processes:workers=2"])
def test_interrupted(tmp_path, executor):
    study = tmp_path / "a.study"
    process = start(study, "--executor", executor, "--max-iterations", "300000")
    assert "0 of 1,960 trials saved" in process.stderr.readline()
    time.sleep(0.5 if executor == "serial" else 2.0)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "Interrupted" in errors
    assert "Traceback" not in errors
    assert load_study(study).status()["writer"] is None


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="needs process groups")
@pytest.mark.parametrize(
    "seconds", [0.0, *(pytest.param(s, marks=pytest.mark.slow) for s in (0.3, 1.0)), 0.6]
)
def test_interrupted_while_its_workers_start(tmp_path, seconds):
    """In a terminal, Ctrl-C reaches every process, but only the driver prints a message."""
    process = start(tmp_path / "a.study", "--executor", "processes:workers=2", start_new_session=True)
    assert "0 of 1,960 trials saved" in process.stderr.readline()
    time.sleep(seconds)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors.strip().splitlines()[-1]) == (130, "Interrupted.")
    assert "Traceback" not in errors


def test_a_full_disk(tmp_path):
    resource = pytest.importorskip("resource")
    study, whole = tmp_path / "a.study", tmp_path / "whole.study"
    # The grid has twice as many rows as fit within the limit, for any grouping of rows.
    short = specification(stop=StopRule(5))
    grid = Grid.product([40], range(2, 9), range(2, 9), trials=40)

    process = start(study, "--max-iterations", "5")
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (80_000, 80_000))
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 1, errors
    assert "make space and run the same command again" in " ".join(errors.split())
    assert "Traceback" not in errors
    kept = load_study(study).rows()
    run_sweep(study, short, grid, execution(Portable()))
    run_sweep(whole, short, grid, execution(Portable()))
    assert set(kept) <= set(load_study(study).rows())
    assert comparable(load_study(study)) == comparable(load_study(whole))


def check_cuts(content, expected, folder, beside=None):
    """Truncate a file at random lengths; if it opens, all its rows are right. Return how many opened."""
    chance, opened = random.Random(0), 0
    for _ in range(40):
        cut = folder / "cut.study"
        cut.write_bytes(content[: chance.randrange(len(content))])
        for suffix in ("-wal", "-shm"):
            cut.with_name(cut.name + suffix).unlink(missing_ok=True)
        if beside is not None:
            shutil.copy(beside, f"{cut}-wal")
        try:
            found = comparable(load_study(cut))
        except StudyError:
            continue
        opened += 1
        assert set(found) <= expected
    return opened


def test_cut_at_random_it_is_refused_or_whole(tmp_path, uninterrupted):
    expected = set(comparable(load_study(uninterrupted)))
    assert check_cuts(uninterrupted.read_bytes(), expected, tmp_path) < 40


def test_cut_after_it_was_killed(tmp_path, uninterrupted):
    study, log = tmp_path / "a.study", tmp_path / "log"
    expected = set(comparable(load_study(uninterrupted)))
    driver = Driver(study, log)
    driver.wait_for(250)
    driver.kill()
    write_ahead_log = study.with_name(f"{study.name}-wal")
    assert write_ahead_log.stat().st_size
    check_cuts(study.read_bytes(), expected, tmp_path, write_ahead_log)
    # Now the log is truncated: rows committed before the cut are found.
    content, chance, found = write_ahead_log.read_bytes(), random.Random(1), []
    cut = tmp_path / "log.study"
    for length in sorted(chance.randrange(len(content)) for _ in range(20)):
        shutil.copy(study, cut)
        cut.with_name(f"{cut.name}-wal").write_bytes(content[:length])
        cut.with_name(f"{cut.name}-shm").unlink(missing_ok=True)
        try:
            rows = comparable(load_study(cut))
        except StudyError:
            rows = []  # the cut is before the tables were created
        assert set(rows) <= expected
        found.append(len(rows))
    assert found == sorted(found)
    assert found[-1] > 0


def test_a_killed_study_is_read_without_being_changed(tmp_path):
    study, log = tmp_path / "a.study", tmp_path / "log"
    driver = Driver(study, log)
    driver.wait_for(100)
    saved = driver.kill()
    before = study.read_bytes(), study.with_name("a.study-wal").read_bytes()
    assert saved <= keys(study)
    assert load_study(study).status()["writer"] is None
    assert (study.read_bytes(), study.with_name("a.study-wal").read_bytes()) == before
    with closing(sqlite3.connect(study)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
