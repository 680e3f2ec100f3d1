"""Work in threads: results in order, errors passed on, and BLAS's number of threads restored at the end."""

import os
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from overparam.arrays import threads as room
from overparam.arrays.threads import threads_of_blas


@pytest.fixture(params=[1, 3])
def threads(request, monkeypatch):
    monkeypatch.setattr(room._blas(), "threads", request.param)
    return request.param


def in_threads(function, items, take):
    with threads_of_blas() as apply:
        apply(function, items, take)


def _blas_threads():
    return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]


def test_results_come_in_order_whoever_ends_first(threads):
    results = []
    in_threads(lambda i: (time.sleep(0.002 * (i % 3 == 0)), i)[1], range(40), results.append)
    assert results == list(range(40))


def test_as_many_threads_as_blas_would_use(threads):
    names, barrier = set(), threading.Barrier(threads, timeout=20)

    def meet(i):
        names.add(threading.current_thread().name)
        barrier.wait()

    with threads_of_blas() as apply:
        for _ in range(20):
            apply(meet, range(threads), lambda _: None)
    assert len(names) == threads


def test_one_thread_each_for_matrix_products_and_all_again_afterwards(threads):
    with threadpool_limits(2, user_api="blas"):
        before, seen = _blas_threads(), []
        in_threads(lambda i: _blas_threads(), range(5), seen.append)
        assert seen == [[1] * len(before) if threads > 1 else before] * 5
        assert _blas_threads() == before


def test_two_callers_at_once_leave_blas_as_it_was(monkeypatch):
    monkeypatch.setattr(room._blas(), "threads", 2)
    with threadpool_limits(2, user_api="blas"):
        before = _blas_threads()
        callers = [
            threading.Thread(target=in_threads, args=(lambda i: time.sleep(0.001), range(20 + 9 * j), id))
            for j in range(3)
        ]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()
        assert _blas_threads() == before


def test_an_error_ends_the_work_and_blas_is_as_before(threads):
    with threadpool_limits(2, user_api="blas"):
        before, taken = _blas_threads(), []

        def fail(i):
            if i >= 4:
                raise ZeroDivisionError(i)
            return i

        with pytest.raises(ZeroDivisionError, match="4"):
            in_threads(fail, range(1000), taken.append)
        assert taken == [0, 1, 2, 3]
        assert _blas_threads() == before


def test_the_callers_numpy_error_state_holds(threads):
    with np.errstate(divide="raise"), pytest.raises(FloatingPointError):
        in_threads(lambda i: np.ones(3) / np.zeros(3), range(4), lambda _: None)


def test_few_results_wait(threads):
    waiting, most, lock = 0, 0, threading.Lock()

    def make(i):
        nonlocal waiting, most
        with lock:
            waiting += 1
            most = max(most, waiting)
        return i

    def take(i):
        nonlocal waiting
        time.sleep(0.001)
        with lock:
            waiting -= 1

    in_threads(make, range(60), take)
    assert most <= 2 * threads + 2


FORK = """
import os
from overparam.arrays import threads

def work():
    found = []
    with threads.threads_of_blas() as apply:
        apply(lambda i: i * i, range(9), found.append)
    return found

threads._blas().threads = 3
assert work() == [i * i for i in range(9)]
child = os.fork()
if not child:
    threads._blas().threads = 3
    os._exit(work() != [i * i for i in range(9)])
raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_process_has_threads_of_its_own():
    assert subprocess.run([sys.executable, "-W", "ignore", "-c", FORK], timeout=60).returncode == 0
