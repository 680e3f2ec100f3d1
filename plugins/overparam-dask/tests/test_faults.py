"""Lost workers, drivers and schedulers: saved trials are kept, and the rows equal those without faults."""

import os
import random
import signal
import time

import psutil
import pytest
from cluster import Cluster, run, start

from overparam.studies import load_study


def rows(study):
    return [row._replace(seconds=0.0) for row in load_study(study)]


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    study = tmp_path_factory.mktemp("serial") / "a.study"
    assert run(study)[0] == 0
    return rows(study)


@pytest.fixture
def cluster(tmp_path):
    with Cluster(tmp_path) as cluster:
        for _ in range(2):
            cluster.add_worker()
        yield cluster


def wait_for_rows(study, process, count):
    """Wait until `count` trials are saved."""
    deadline = time.monotonic() + 120
    while not study.exists() or not study.stat().st_size or len(load_study(study).rows()) < count:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_workers_are_killed_and_others_come(tmp_path, cluster, expected):
    study, chance = tmp_path / "a.study", random.Random(0)
    process = start(study, f"dask:scheduler_file={cluster.file}")
    wait_for_rows(study, process, 1)
    for _ in range(4):
        time.sleep(chance.uniform(0.2, 0.8))
        chance.choice([w for w in cluster.workers if w.poll() is None]).kill()
        cluster.add_worker()
    _, errors = process.communicate(timeout=240)
    assert process.returncode == 0, errors
    assert rows(study) == expected


def test_the_driver_is_killed_and_goes_on(tmp_path, cluster, expected):
    study = tmp_path / "a.study"
    executor = f"dask:scheduler_file={cluster.file}"
    process = start(study, executor)
    wait_for_rows(study, process, 1)
    process.kill()
    process.communicate()
    assert 1 <= len(rows(study)) < len(expected)
    kept = {(row.k, row.d, row.trial): row.seconds for row in load_study(study)}
    code, errors = run(study, executor)
    assert code == 0, errors
    assert rows(study) == expected
    after = {(row.k, row.d, row.trial): row.seconds for row in load_study(study)}
    assert kept.items() <= after.items()  # nothing was trained twice


def test_the_scheduler_is_lost(tmp_path, cluster, expected):
    study = tmp_path / "a.study"
    executor = f"dask:scheduler_file={cluster.file},timeout=3"
    process = start(study, executor)
    wait_for_rows(study, process, 1)
    cluster.scheduler.kill()
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 1, errors
    assert "Traceback" not in errors
    assert "run the same command again to continue" in errors
    assert set(rows(study)) <= set(expected)
    cluster.start_scheduler()
    cluster.add_worker()
    assert run(study, executor)[0] == 0
    assert rows(study) == expected


def test_no_scheduler(tmp_path):
    code, errors = run(tmp_path / "a.study", "dask:address=tcp://127.0.0.1:1,timeout=1")
    assert code == 1
    assert "could not be started" in errors
    assert "Traceback" not in errors


def children_of(process):
    """Child processes, without multiprocessing's resource tracker, which ends by itself."""
    found = psutil.Process(process.pid).children(recursive=True)
    return [child for child in found if "resource_tracker" not in " ".join(child.cmdline())]


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)])
def test_workers_of_its_own_end_with_the_driver(tmp_path, expected, sent, code):
    study = tmp_path / "a.study"
    process = start(study, "dask:workers=2", start_new_session=True)
    wait_for_rows(study, process, 1)
    workers = children_of(process)
    assert len(workers) == 2
    # In a terminal, Ctrl-C reaches every process.
    (os.killpg if sent == signal.SIGINT else os.kill)(process.pid, sent)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == code, errors
    assert "Traceback" not in errors
    _, alive = psutil.wait_procs(workers, timeout=20)
    assert not alive
    assert run(study, "dask:workers=2")[0] == 0
    assert rows(study) == expected


def test_workers_of_its_own_are_killed(tmp_path, expected):
    study = tmp_path / "a.study"
    process = start(study, "dask:workers=2")
    wait_for_rows(study, process, 1)
    for _ in range(3):
        time.sleep(0.5)
        if workers := children_of(process):
            workers[0].kill()
    _, errors = process.communicate(timeout=240)
    assert process.returncode == 0, errors
    assert rows(study) == expected
