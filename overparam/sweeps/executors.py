"""Executors: where the trials of a sweep are trained."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor
from concurrent.futures import Executor as FuturesExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import ClassVar

from overparam.arrays.machine import usable_cores
from overparam.components import Component
from overparam.components.whole import whole
from overparam.studies.errors import StudyError
from overparam.studies.signals import undisturbed

__all__ = ["Executor", "Processes", "Serial", "interrupts_held"]

_MOST_WORKERS = 10_000  # processes of one machine
_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


@dataclass(frozen=True)
class Executor(Component):
    """Provides a `concurrent.futures.Executor`; the driver handles the work, the retries and the file."""

    kind: ClassVar[str] = "executor"

    @abstractmethod
    def create(self) -> FuturesExecutor | None:
        """Return an executor, new each time: a broken one is replaced. None trains in the driver itself.

        If its number of workers changes, the executor has its own method `parallelism`.
        """

    def abandon(self, executor: FuturesExecutor) -> None:
        """Abandon an executor and its running work, without waiting for it."""
        executor.shutdown(wait=False, cancel_futures=True)

    @abstractmethod
    def parallelism(self) -> int:
        """Return the number of chunks trained at a time."""

    def on_this_machine(self) -> bool:
        """Whether the workers share this machine's memory and processors; False if unknown."""
        return False


@dataclass(frozen=True)
class Serial(Executor):
    """Training in the driver's own process; every trial is stored as soon as it ends."""

    name: ClassVar[str] = "serial"

    def create(self) -> None:
        """Return None."""

    def parallelism(self) -> int:
        """Return 1."""
        return 1

    def on_this_machine(self) -> bool:
        """Return True."""
        return True


@dataclass(frozen=True)
class Processes(Executor):
    """A pool of processes on this machine, with its cores divided among them.

    Attributes
    ----------
    workers : int
        Number of processes; by default the number of cores that this process may use.
    """

    name: ClassVar[str] = "processes"
    workers: int | None = None

    def __post_init__(self) -> None:
        if self.workers is not None:
            object.__setattr__(self, "workers", whole("workers", self.workers, 1, most=_MOST_WORKERS))

    def create(self) -> FuturesExecutor:
        """Start a pool; processes are spawned, because forking a process with threads is not safe."""
        share = str(max(1, usable_cores() // self.parallelism()))
        # A child reads these when it starts and imports its libraries, before any initializer could set them.
        # It must not import from its current folder.
        environment = _environment({**dict.fromkeys(_THREAD_VARIABLES, share), "PYTHONSAFEPATH": "1"})
        pool: ProcessPoolExecutor | None = None
        try:
            with environment:
                # Python starts its resource tracker here, and unblocks interrupts afterwards.
                pool = ProcessPoolExecutor(
                    self.parallelism(),
                    mp_context=multiprocessing.get_context("spawn"),
                    initializer=_begin_worker,
                )
                with interrupts_held():
                    all_started = [pool.submit(os.getpid) for _ in range(self.parallelism())]
            for started in all_started:
                started.result()
        except BrokenExecutor as error:
            if pool is not None:
                pool.shutdown(wait=False)
            raise StudyError(
                "the worker processes did not start; a script that uses them needs "
                "if __name__ == '__main__': around its main code"
            ) from error
        except BaseException:
            if pool is not None:
                self.abandon(pool)
            raise
        return pool

    def abandon(self, executor: FuturesExecutor) -> None:
        """Stop the pool's processes: Python would wait for their chunks when it exits."""
        # Public from Python 3.14 on, as kill_workers.
        workers = list((getattr(executor, "_processes", None) or {}).values())
        executor.shutdown(wait=False, cancel_futures=True)
        for worker in workers:
            worker.kill()

    def parallelism(self) -> int:
        """`workers`, or the number of cores."""
        return self.workers or usable_cores()

    def on_this_machine(self) -> bool:
        """Return True."""
        return True


@contextmanager
def _environment(changed: Mapping[str, str]) -> Iterator[None]:
    """Set environment variables for processes that are started in the block."""
    before = {name: os.environ.get(name) for name in changed}
    os.environ.update(changed)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Block Ctrl-C in the block; processes started meanwhile block it for their lifetime."""
    # Those processes inherit the mask. In this process, other threads would receive a masked signal.
    with undisturbed():
        if not hasattr(signal, "pthread_sigmask"):
            yield
            return
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin_worker() -> None:
    """Ignore Ctrl-C: the driver stops the pool. End this process if the driver is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_driver, daemon=True).start()


def _end_with_driver() -> None:
    if (driver := multiprocessing.parent_process()) is not None:
        driver.join()
        os._exit(1)
