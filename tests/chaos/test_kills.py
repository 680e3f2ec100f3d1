"""Writers killed repeatedly at random moments, and damage to what they leave: no saved trial is lost."""

import subprocess
import sys
import time
from contextlib import contextmanager

import pytest

from overparam.studies import load_study, salvage
from overparam.studies.errors import NotAStudy
from overparam.sweeps import run_sweep
from tests.studies.damage import flip, what_it_says
from tests.sweeps.driver import GRID
from tests.sweeps.fakes import comparable, execution, specification
from tests.sweeps.test_faults import Driver, keys
from tests.sweeps.test_rounds import search

pytestmark = pytest.mark.chaos


@contextmanager
def cluster(folder):
    """A Dask cluster that keeps running when drivers are killed; yields the executor that uses it."""
    pytest.importorskip("overparam_dask", reason="overparam-dask is not installed")
    file = folder / "scheduler.json"
    options = ("--scheduler-file", str(file), "--no-dashboard")
    commands = [("dask_scheduler", "--host", "127.0.0.1", "--port", "0")]
    commands += 2 * [("dask_worker", "--nthreads", "1", "--no-nanny")]
    started = [
        subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.{command}", *rest, *options],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for command, *rest in commands
    ]
    try:
        while not (file.exists() and file.stat().st_size):
            assert started[0].poll() is None, "the scheduler did not start"
            time.sleep(0.05)
        yield f"dask:scheduler_file={file}"
    finally:
        for process in started:
            process.kill()
            process.wait()


@pytest.fixture(params=["serial", "processes:workers=2", "dask"])
def executor(request, tmp_path):
    """An executor's specification, such as ``processes:workers=2``."""
    if request.param != "dask":
        yield request.param
        return
    with cluster(tmp_path) as spelling:
        yield spelling


def test_killed_again_and_again(tmp_path, whole, attacks, executor):
    """Each study's driver is killed twice; each executor gets a third of all kills."""
    for number, chance in enumerate(attacks(1, 1 / 6)):
        study, saved = tmp_path / f"{number}.study", set()
        for _ in range(2):
            driver = Driver(study, tmp_path / "log", executor)
            driver.wait_for(chance.randrange(1, 200))
            saved |= driver.kill()
            if saved:
                assert saved <= keys(study)
        run_sweep(study, specification(), GRID, execution())
        assert comparable(load_study(study)) == comparable(load_study(whole))


def test_a_search_killed_again_and_again(tmp_path, attacks, executor):
    """A search that is killed at many random moments ends with the same trials and the same boundary."""
    undisturbed = search(tmp_path / "whole.study")
    study, saved = tmp_path / "a.study", set()
    moments = [chance.random() for chance in attacks(2, 0.02)]
    for moment in moments:
        driver = Driver(study, tmp_path / "log", executor, "boundary")
        left = len(undisturbed.rows()) - len(saved)
        driver.wait_for(1 + int(moment * left / len(moments)))
        saved |= driver.kill()
        assert saved <= keys(study)
    found = search(study)
    assert comparable(found) == comparable(undisturbed)
    assert found.plan == undisturbed.plan
    assert found.boundary().crossings == undisturbed.boundary().crossings


def test_a_killed_study_or_its_log_with_a_flipped_bit(tmp_path, attacks):
    """The rows are the same or the study is refused, also if the flipped bit is in the last transaction."""
    study = tmp_path / "a.study"
    driver = Driver(study, tmp_path / "log")
    driver.wait_for(150)
    saved = driver.kill()
    log, shared = study.with_name("a.study-wal"), study.with_name("a.study-shm")
    contents = study.read_bytes(), log.read_bytes()
    expected = what_it_says(study)
    assert saved <= keys(study)
    for number, chance in enumerate(attacks(4)):
        harmed = list(contents)
        which = chance.randrange(2)
        harmed[which] = flip(harmed[which], chance.randrange(8 * len(harmed[which])))
        study.write_bytes(harmed[0])
        log.write_bytes(harmed[1])
        shared.unlink(missing_ok=True)
        assert what_it_says(study) in (None, expected)
        target = tmp_path / f"{number}.study"
        try:
            salvage(study, target)
        except NotAStudy:
            continue
        assert {row[:4] for row in load_study(target)} <= {tuple(key) for key in GRID}
        target.unlink()
