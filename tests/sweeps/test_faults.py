"""Sweeps that are killed, interrupted, refused or out of space: nothing reported saved is ever lost."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time

import pytest

from overparam.activations import Softplus
from overparam.backends import NumPy
from overparam.data import Gaussian, Sphere
from overparam.optimizers import GradientDescent
from overparam.sweeps import (
    Execution,
    Grid,
    Processes,
    Serial,
    Specification,
    StudyError,
    load_study,
    run_sweep,
)
from overparam.sweeps.store import Store
from overparam.training import Portable, StopRule

SWEEP = ["sweep", "--n", "40", "--k", "2:8", "--d", "2:8", "--trials", "4", "--max-iterations", "1500"]
TRIALS = 7 * 7 * 4


def specification(**changed):
    parts = {
        "seed": 0,
        "activation": Softplus(),
        "optimizer": GradientDescent(),
        "data": Sphere(),
        "labels": Gaussian(),
        "stop": StopRule(1500),
        "dtype": "float32",
    }
    return Specification(**(parts | changed))


GRID = Grid.product([40], range(2, 9), range(2, 9), trials=4)
SERIAL = Execution(NumPy(), (Portable(),), Serial())


def start(study, *options, **kept):
    command = [
        sys.executable,
        "-m",
        "overparam",
        "--engine",
        "portable",
        *SWEEP,
        "--study",
        str(study),
        *options,
    ]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **kept)


def outcomes(study):
    """Rows without their wall time."""
    return [row._replace(seconds=0.0) for row in load_study(study).rows()]


def sessions(study):
    with sqlite3.connect(study) as connection:
        rows = connection.execute("SELECT n, k, d, trial, session FROM trial").fetchall()
    connection.close()
    return {tuple(key): session for *key, session in rows}


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    path = tmp_path_factory.mktemp("whole") / "whole.study"
    run_sweep(path, specification(), GRID, SERIAL)
    return outcomes(path)


def wait_for_rows(study, least, process):
    """Wait until so many rows can be read, which is no earlier than when they are reported saved."""
    while process.poll() is None:
        try:
            rows = load_study(study).rows()
        except StudyError:
            rows = []
        if len(rows) >= least:
            return
        time.sleep(0.02)


def test_killed_and_run_again(tmp_path, uninterrupted):
    study = tmp_path / "a.study"
    owner = {}
    for least in (1, 60, 120):
        process = start(study)
        wait_for_rows(study, least, process)
        process.kill()
        process.communicate()
        kept = sessions(study)
        assert owner.items() <= kept.items()
        owner = kept
    run_sweep(study, specification(), GRID, SERIAL)
    assert owner.items() <= sessions(study).items()
    assert outcomes(study) == uninterrupted


@pytest.mark.slow
def test_killed_fifty_times(tmp_path, uninterrupted):
    study, owner, chance = tmp_path / "a.study", {}, random.Random(0)
    for _ in range(50):
        process = start(study)
        time.sleep(chance.uniform(0.3, 1.2))
        process.kill()
        process.communicate()
        kept = sessions(study) if study.exists() and study.stat().st_size else {}
        assert owner.items() <= kept.items()
        owner = kept
    run_sweep(study, specification(), GRID, SERIAL)
    assert outcomes(study) == uninterrupted


@pytest.mark.parametrize("executor", ["serial", "processes:workers=2"])
def test_interrupted_and_run_again(tmp_path, uninterrupted, executor):
    study = tmp_path / "a.study"
    process = start(study, "--executor", executor, "--max-iterations", "30000")
    wait_for_rows(study, 1 if executor == "serial" else 0, process)
    time.sleep(0.0 if executor == "serial" else 2.0)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "Interrupted" in errors
    assert "Traceback" not in errors
    assert load_study(study).status()["writer"] is None


def test_what_was_reported_saved_is_on_the_disk(tmp_path):
    study, seen = tmp_path / "a.study", []

    def check(progress):
        seen.extend(progress.rows)
        assert len(load_study(study).rows()) == progress.saved == len(seen)

    run_sweep(study, specification(), GRID, SERIAL, check)
    assert len(seen) == TRIALS


def test_a_second_driver_is_refused_and_the_first_unharmed(tmp_path, uninterrupted):
    study = tmp_path / "a.study"
    first = start(study)
    wait_for_rows(study, 1, first)
    second = start(study)
    _, errors = second.communicate()
    assert second.returncode == 1
    assert f"is being written by process {first.pid}" in errors
    _, errors = first.communicate()
    assert first.returncode == 0, errors
    assert outcomes(study) == uninterrupted


def test_a_full_disk(tmp_path):
    resource = pytest.importorskip("resource")
    study, whole = tmp_path / "a.study", tmp_path / "whole.study"
    # Twice the rows that the limit has room for, however they are grouped.
    short = specification(stop=StopRule(5))
    grid = Grid.product([40], range(2, 9), range(2, 9), trials=40)

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (80_000, 80_000))

    process = start(study, "--trials", "40", "--max-iterations", "5", preexec_fn=limit)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 1, errors
    assert "make space and run the same command again" in " ".join(errors.split())
    assert "Traceback" not in errors
    kept = sessions(study)
    run_sweep(study, short, grid, SERIAL)
    assert kept.items() <= sessions(study).items()
    run_sweep(whole, short, grid, SERIAL)
    assert outcomes(study) == outcomes(whole)


def test_cut_at_random_it_is_refused_or_whole(tmp_path, uninterrupted):
    whole = tmp_path / "whole.study"
    run_sweep(whole, specification(), GRID, SERIAL)
    content, expected = whole.read_bytes(), set(uninterrupted)
    chance, refused = random.Random(0), 0
    for _ in range(40):
        cut = tmp_path / "cut.study"
        cut.write_bytes(content[: chance.randrange(len(content))])
        try:
            found = outcomes(cut)
        except StudyError:
            refused += 1
        else:
            assert set(found) <= expected
    assert refused > 0


def test_the_lock_of_a_dead_process_is_taken_over(tmp_path):
    study = tmp_path / "a.study"
    run_sweep(study, specification(), Grid.product([5], [2], [2], trials=1), SERIAL)
    with sqlite3.connect(study) as connection:
        connection.execute("INSERT INTO writer VALUES (1, ?, ?, '1')", [os.uname().nodename, os.getpid()])
    connection.close()
    run_sweep(study, specification(), Grid.product([5], [2], [2], trials=2), SERIAL)
    assert load_study(study).status()["done"] == 2


def test_one_process_cannot_write_twice(tmp_path):
    study = tmp_path / "a.study"
    with (
        Store(study, specification().describe(), {}),
        pytest.raises(StudyError, match="is being written"),
        Store(study, specification().describe(), {}),
    ):
        pass


class Murderous(Softplus):
    """Kills its process on one size of network."""

    def value(self, z):
        if z.shape[-2] == 6 and os.environ.get("OVERPARAM_TEST_MURDER"):
            os.kill(os.getpid(), signal.SIGKILL)
        return super().value(z)


class Failing(Softplus):
    """Raises on one size of network."""

    def value(self, z):
        if z.shape[-2] == 6:
            raise RuntimeError("no good")
        return super().value(z)


SMALL = Grid.product([10], [2, 4, 6, 8], [2], trials=2)


@pytest.mark.parametrize("executor", [Serial(), Processes(workers=2)], ids=lambda e: e.name)
def test_a_trial_that_raises_stands_alone(tmp_path, executor):
    study = tmp_path / "a.study"
    run_sweep(study, specification(activation=Failing()), SMALL, Execution(NumPy(), (Portable(),), executor))
    rows = load_study(study).rows()
    assert [row.status == "failed" for row in rows] == [row.k == 6 for row in rows]
    assert {row.message for row in rows if row.k == 6} == {"RuntimeError: no good"}


def test_a_trial_that_kills_its_worker_stands_alone_and_is_tried_again(tmp_path, monkeypatch):
    study = tmp_path / "a.study"
    execution = Execution(NumPy(), (Portable(),), Processes(workers=2))
    monkeypatch.setenv("OVERPARAM_TEST_MURDER", "1")
    run_sweep(study, specification(activation=Murderous()), SMALL, execution)
    rows = load_study(study).rows()
    assert [row.status == "failed" for row in rows] == [row.k == 6 for row in rows]
    assert "its worker was lost" in next(row.message for row in rows if row.message)
    monkeypatch.delenv("OVERPARAM_TEST_MURDER")
    run_sweep(study, specification(activation=Murderous()), SMALL, execution)
    assert load_study(study).status()["failed"] == 0
