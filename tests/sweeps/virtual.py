"""The real driver and store with thousands of simulated workers, on a simulated clock.

The driver's work is really done, and its processor time advances the clock. The workers' computations are
not done; each advances the clock by the seconds that it would take. While the driver waits, the clock jumps
to the end of the next chunk.
"""

import heapq
import pickle
import time
from collections import deque
from concurrent.futures import Executor as FuturesExecutor
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import ClassVar
from unittest.mock import patch

import numpy as np

from overparam.arrays.backends import NumPy
from overparam.runs import Status
from overparam.studies import Cell, TrialRow
from overparam.sweeps import Cost, Execution, Executor, run_sweep
from overparam.sweeps.trials import run_task
from tests.sweeps.fakes import Fake


class Clock:
    """Processor time of this thread, plus jumps, minus the time of the simulation itself."""

    def __init__(self):
        self._ahead = -time.thread_time()
        self.waited = 0.0  # seconds

    def now(self):
        return self._ahead + time.thread_time()

    def pass_by(self, seconds):
        """Advance the clock by `seconds`."""
        self._ahead += seconds

    def jump(self, until):
        """Advance the clock to `until`, if that is in the future."""
        if (seconds := until - self.now()) > 0.0:
            self._ahead += seconds
            self.waited += seconds

    @contextmanager
    def aside(self):
        """Exclude the simulation's own computations from the clock."""
        before = time.thread_time()
        try:
            yield
        finally:
            self._ahead -= time.thread_time() - before


class Pool(FuturesExecutor):
    """Workers that take the oldest submitted chunk when they become free."""

    def __init__(self, workers, clock, seconds_of):
        self.clock, self._seconds_of = clock, seconds_of
        self._idle = workers
        self._queue = deque()
        self._ends = []
        self.busy, self.chunks, self.last_end = 0.0, 0, 0.0

    def submit(self, function, task):
        assert function is run_task
        sent = pickle.dumps((function, task))  # counts as the driver's time, as with any executor
        with self.clock.aside():
            now, future = self.clock.now(), Future()
            assert sent
            self._end(now)
            self._queue.append((now, future, task))
            if self._idle:
                self._idle -= 1
                self._start(now)
        return future

    def _start(self, free):
        """Give the next chunk to a worker that is free since the time `free`."""
        submitted, future, task = self._queue.popleft()
        begin = max(free, submitted)
        rows, seconds = self._seconds_of(task)
        self.busy += seconds
        self.chunks += 1
        heapq.heappush(self._ends, (begin + seconds, self.chunks, future, pickle.dumps(rows)))

    def _end(self, now):
        while self._ends and self._ends[0][0] <= now:
            end, _, future, rows = heapq.heappop(self._ends)
            self.last_end = end
            if self._queue:
                self._start(end)
            else:
                self._idle += 1
            future.set_result(rows)

    def wait(self):
        """Let the driver wait until a chunk ends."""
        self.clock.jump(self._ends[0][0])
        self.settle()

    def settle(self):
        """Mark all chunks as finished that have ended by now."""
        with self.clock.aside():
            self._end(self.clock.now())

    def shutdown(self, wait=True, *, cancel_futures=False):
        """Do nothing."""


@dataclass(frozen=True)
class Virtual(Executor):
    """Executor that uses the pool of a simulation."""

    name: ClassVar[str] = "virtual"
    workers: int = 1
    pools: list[Pool] = field(default_factory=list)

    def create(self):
        return self.pools[0]

    def parallelism(self):
        return self.workers


@dataclass(frozen=True)
class Held:
    """Measurements of one simulation.

    Attributes
    ----------
    busy : float
        Fraction of the workers' time spent on training, from the start to the end of the last chunk.
    seconds : float
        Duration of the sweep on the simulation's clock.
    driver : float
        Fraction of that time in which the driver was not waiting.
    chunks, trials, commits : int
    """

    busy: float
    seconds: float
    driver: float
    chunks: int
    trials: int
    commits: int


def simulate(path, specification, grid, workers, *, pace=5e10, spread=0.1, synchronization=0.002):
    """Simulate a sweep of a grid.

    Parameters
    ----------
    path : Path
    specification : Specification
    grid : Grid
    workers : int
    pace : float
        Units of work per second of one worker; the driver does not know this number.
    spread : float
        Standard deviation of the logarithm of a trial's seconds.
    synchronization : float
        Seconds that a commit waits for the disk.
    """
    clock, cost, chance = Clock(), Cost(specification), np.random.default_rng(0)
    updates = {cell: int(cost.updates(cell)) for cell in grid.cells}

    def trained(task):
        factors = np.exp(spread * chance.standard_normal(len(task.keys)) - 0.5 * spread**2).tolist()
        rows, seconds = [], 0.0
        for key, factor in zip(task.keys, factors, strict=True):
            own = factor * cost.of(Cell(*key[:3])) / pace
            seconds += own
            made = updates[Cell(*key[:3])]
            rows.append(TrialRow(*key, Status.BUDGET_EXHAUSTED.value, 0, made, 0.5, 1.0, 2.0, 100, own))
        return rows, seconds

    pool = Pool(workers, clock, trained)
    count = [0, 0]

    class Finished:
        """Replaces the driver's queue of finished futures."""

        def __init__(self):
            self._items = deque()

        def put(self, future):
            self._items.append(future)

        def empty(self):
            pool.settle()
            return not self._items

        def get(self):
            while self.empty():
                pool.wait()
            future = self._items.popleft()
            future._result = pickle.loads(future._result)  # counts as the driver's time
            return future

    def report(progress):
        count[0] += bool(progress.rows)
        count[1] += len(progress.rows)
        if progress.rows:
            clock.pass_by(synchronization)

    shim = SimpleNamespace(perf_counter=clock.now, monotonic=clock.now, time=time.time)
    execution = Execution(NumPy(), (Fake(),), Virtual(workers, [pool]))
    with (
        patch("overparam.sweeps.dispatch.SimpleQueue", Finished),
        patch("overparam.sweeps.runner.time", shim),
        patch("overparam.studies.store.time", shim),
    ):
        started = clock.now()
        run_sweep(path, specification, grid, execution, report)
    seconds = pool.last_end - started
    worked = 1.0 - clock.waited / seconds
    return Held(pool.busy / (workers * seconds), seconds, worked, pool.chunks, count[1], count[0])
