"""The pool of processes: its rows, its threads, its shutdown."""

import os
import subprocess
import sys
import time

import pytest

from overparam.studies import Grid, load_study
from overparam.sweeps import Processes, run_sweep
from overparam.sweeps.executors import _THREAD_VARIABLES
from tests.sweeps.fakes import Fake, comparable, execution, specification

needs_proc = pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="needs the processes in /proc")
GRID = Grid.product([6], [2, 4, 5], [1, 2], trials=3)


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    path = tmp_path_factory.mktemp("serial") / "a.study"
    run_sweep(path, specification(), GRID, execution())
    return comparable(load_study(path))


def threads():
    return {name: os.environ.get(name) for name in _THREAD_VARIABLES}


def test_workers_share_the_cores_and_leave_the_driver_its_own(monkeypatch):
    monkeypatch.setattr("overparam.sweeps.executors.usable_cores", lambda: 6)
    before = threads()
    executor = Processes(workers=2)
    pool = executor.create()
    try:
        assert pool.submit(threads).result() == dict.fromkeys(_THREAD_VARIABLES, "3")
        assert threads() == before
    finally:
        executor.abandon(pool)


def test_rows_are_those_of_the_driver_and_a_raising_trial_stands_alone(tmp_path, expected):
    path = tmp_path / "a.study"
    run_sweep(path, specification(), GRID, execution(Fake(poison=((4, 2, 1),)), Processes(workers=2)))
    rows = comparable(load_study(path))
    [message] = [row.message for row in rows if row.status == "failed"]
    assert message.endswith("failed: RuntimeError: poison")
    assert set(rows) - set(expected) == {row for row in rows if row.status == "failed"}


def test_a_trial_that_kills_its_worker_stands_alone_and_is_tried_again(tmp_path, expected):
    path, few = tmp_path / "a.study", Grid.product([6], [2, 4], [1], trials=1)
    executor = Processes(workers=1)
    run_sweep(path, specification(), few, execution(Fake(deadly=((4, 1, 0),)), executor))
    rows = load_study(path).rows()
    assert [row.status == "failed" for row in rows] == [False, True]
    assert "its worker was lost" in rows[1].message
    run_sweep(path, specification(), few, execution())
    assert set(comparable(load_study(path))) <= set(expected)


def test_a_pool_that_is_killed_is_made_again(tmp_path, expected):
    killed = []

    class Killed(Processes):
        def create(self):
            pool = super().create()
            if not killed:
                killed.extend(pool._processes)
                for process in pool._processes.values():
                    process.kill()
            return pool

    path = tmp_path / "a.study"
    run_sweep(path, specification(), GRID, execution(executor=Killed(workers=2)))
    assert len(killed) == 2
    assert comparable(load_study(path)) == expected


@needs_proc
def test_workers_end_with_a_driver_that_is_killed():
    code = (
        "import os, time\n"
        "from overparam.sweeps import Processes\n"
        "if __name__ == '__main__':\n"
        "    pool = Processes(workers=2).create()\n"
        "    print(*pool._processes, flush=True)\n"
        "    time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as driver:
        workers = [int(number) for number in driver.stdout.readline().split()]
        driver.kill()
    assert len(workers) == 2
    wait_until_ended(workers)


def wait_until_ended(processes):
    end = time.monotonic() + 20
    while any(map(alive, processes)) and time.monotonic() < end:
        time.sleep(0.05)
    assert not any(map(alive, processes))


def alive(process):
    """Whether a process runs; a process that has ended but was not waited for does not run."""
    try:
        with open(f"/proc/{process}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_fewer_than_one_worker_is_refused():
    with pytest.raises(ValueError, match="workers must be at least 1"):
        Processes(workers=0)


@needs_proc
def test_abandoning_ends_what_is_running():
    executor = Processes(workers=1)
    pool = executor.create()
    pool.submit(time.sleep, 60)
    [worker] = pool._processes
    executor.abandon(pool)
    wait_until_ended([worker])
