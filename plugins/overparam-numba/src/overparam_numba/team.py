"""The workers of a job: each trains one run after another, then helps with large runs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol

__all__ = ["Shared", "Team"]


class Shared(Protocol):
    """A run whose updates several workers may compute together.

    Attributes
    ----------
    most : int
        Largest number of workers, including the run's own.
    """

    most: int

    def assist(self, thread: int) -> None:
        """Work on the run until its slice ends, as worker number `thread`; the run's own worker is 0."""

    def quit(self) -> None:
        """Make all workers on the run return as soon as possible."""


class Team:
    """Up to `size` threads.

    Parameters
    ----------
    size : int
    work : callable
        First task of each thread: train its own runs until there are none left.
    """

    def __init__(self, size: int, work: Callable[[], None]) -> None:
        self.size = size
        self.given_up = threading.Event()
        self._work = work
        self._changed = threading.Condition()
        self._threads: list[threading.Thread] = []
        self._working = 0
        self._runs: list[Shared] = []
        self._joined: dict[Shared, set[int]] = {}

    def start(self, count: int) -> None:
        """Start threads until there are `count`, or as many as are allowed."""
        with self._changed:
            for worker in range(len(self._threads), min(count, self.size)):
                thread = threading.Thread(
                    target=self._do, args=(worker,), name=f"overparam-{worker}", daemon=True
                )
                self._threads.append(thread)
                self._working += 1
                thread.start()

    def _do(self, worker: int) -> None:
        self._work()
        with self._changed:
            self._working -= 1
            self._changed.notify_all()
        while (found := self._needed(worker)) is not None:
            run, thread = found
            run.assist(thread)

    def _needed(self, worker: int) -> tuple[Shared, int] | None:
        """The open run with the fewest workers, and this worker's number on it; None when all is done."""

        def candidates() -> list[Shared]:
            open_ = self._joined.items()
            return [run for run, joined in open_ if worker not in joined and len(joined) + 1 < run.most]

        with self._changed:
            self._changed.wait_for(lambda: self.given_up.is_set() or not self._working or candidates())
            if self.given_up.is_set() or not (found := candidates()):
                return None
            run = min(found, key=lambda each: len(self._joined[each]))
            self._joined[run].add(worker)
            return run, len(self._joined[run])

    def add(self, run: Shared) -> None:
        """Register a run that others may help with; from now on all threads are needed."""
        with self._changed:
            self._runs.append(run)
        self.start(self.size)

    def remove(self, run: Shared) -> None:
        """Unregister a run that has ended."""
        with self._changed:
            self._runs.remove(run)

    def open(self, run: Shared) -> None:
        """Open a slice of this run for helpers."""
        with self._changed:
            self._joined[run] = set()
            self._changed.notify_all()

    def close(self, run: Shared) -> None:
        """Close the slice; helpers still on it will return."""
        with self._changed:
            del self._joined[run]

    def give_up(self) -> None:
        """Make all threads end, and wait for them."""
        with self._changed:
            self.given_up.set()
            for run in self._runs:
                run.quit()
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()
