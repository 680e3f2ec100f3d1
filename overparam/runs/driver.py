"""The driver of training runs: the outer loop around every engine's inner loop.

An inner loop trains until an iterate that the driver needs, or until a run leaves the bounds of the stop
rule. Only the driver ends runs: it determines the status, shows iterates to observers and builds the
outcome.
"""

from __future__ import annotations

import math
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overparam.model.problem import Problem
from overparam.runs.engine import Job, on_host
from overparam.runs.observers import Look, Observer, Recorder
from overparam.runs.outcome import Outcome, Status
from overparam.runs.snapshot import Keeping, Snapshot

__all__ = ["Loop", "Seen", "drive"]

_SHARE = 32  # stopped runs are removed once they are at least 1/32 of the loop


@dataclass(frozen=True)
class Seen:
    """State of one training run at an iterate, on the host.

    Attributes
    ----------
    iteration : int
        Updates made.
    total : float
        Σ miss²/scale² at this iterate.
    path_length : float
    W, v : ndarray, shapes (k, d) and (k,)
        In the job's data type.
    ended : bool
        Whether the method itself has ended the run.
    rank : int or None
    """

    iteration: int
    total: float
    path_length: float
    W: NDArray[Any]
    v: NDArray[Any]
    ended: bool = False
    rank: int | None = None


class Loop(ABC):
    """Training runs of one job, side by side: the interface of an engine's inner loop.

    Attributes
    ----------
    positions : list of int
        Position of each row in the job's problems.
    iteration : int
        Updates made by the runs that have not stopped.
    """

    positions: list[int]
    iteration: int

    @abstractmethod
    def advance(self, until: int) -> None:
        """Train every run to update `until`, or to the first checked iterate out of bounds, and measure.

        It may return earlier, so that the host can check; a run that has stopped keeps its iterate.
        """

    @abstractmethod
    def stopped(self) -> list[int]:
        """Return the rows of the runs that are outside the bounds or were ended by their method."""

    @abstractmethod
    def look(self, rows: Sequence[int]) -> list[Seen]:
        """Return the states of these rows, on the host."""

    @abstractmethod
    def release(self, rows: Sequence[int]) -> None:
        """Remove these rows."""

    def snapshots(self) -> list[Snapshot] | None:
        """Return every row's state, from which a run continues bit for bit, or None if the loop cannot."""
        return None

    def resume(self, snapshots: Sequence[Snapshot]) -> bool:
        """Set every row, before the first update, to its snapshot; all snapshots are of one iteration.

        Returns True on success, or False, with nothing changed, if the snapshots do not fit.
        """
        return False


class _Run:
    """The driver's record of one run."""

    def __init__(self, job: Job, position: int) -> None:
        self._job = job
        self._problem: Problem = job.problems[position]
        self._recorder = None if job.record_every is None else Recorder(job.record_every)
        own: list[Observer] = [] if self._recorder is None else [self._recorder]
        self._observers = own + [watch(self._problem) for watch in job.watches]
        self._shown = -1
        self._starts = self._start() if self._observers else None
        self.seconds = 0.0

    def wants(self, iteration: int) -> bool:
        """Whether an observer needs this iterate."""
        return self.next_wanted() == iteration

    def next_wanted(self) -> int | None:
        """The next iterate that an observer needs."""
        wanted = [observer.next_after(self._shown) for observer in self._observers]
        return min((iteration for iteration in wanted if iteration is not None), default=None)

    def show(self, seen: Seen, *, last: bool) -> None:
        """Show an iterate to the observers that need it; the last one is shown to all."""
        if not self._observers:
            return
        measure = self._job.recipe.measure(seen.total)
        look = Look(seen.iteration, measure, self._distance(seen), seen.path_length, seen.W, seen.v, last)
        for observer in self._observers:
            if last or observer.next_after(self._shown) == seen.iteration:
                observer.see(look)
        self._shown = seen.iteration

    def outcome(self, seen: Seen, status: Status, engine: str, *, success: bool) -> Outcome:
        """Return the outcome of the run."""
        recipe, problem = self._job.recipe, self._problem
        acting = int(np.count_nonzero(on_host(problem.v)))
        return Outcome(
            status=status,
            iterations=seen.iteration,
            relative_residual=recipe.measure(seen.total),
            distance_from_initialization=self._distance(seen),
            path_length=seen.path_length,
            effective_parameters=recipe.effective_parameters(problem.k, problem.d, acting),
            success=success,
            seconds=self.seconds,
            W=seen.W,
            v=seen.v,
            engine=engine,
            rank=seen.rank,
            history=None if self._recorder is None else self._recorder.history(),
        )

    def _start(self) -> list[NDArray[Any]]:
        """Trained arrays at the start, W before v, in the job's data type."""
        trained = {"hidden": ("W0",), "output": ("v",), "both": ("W0", "v")}[self._job.layers]
        arrays = [getattr(self._problem, name) for name in trained]
        return [
            np.asarray(array if isinstance(array, np.ndarray) else on_host(array), dtype=self._job.dtype)
            for array in arrays
        ]

    def _distance(self, seen: Seen) -> float:
        """‖θ − θ₀‖ over the trained parameters; inf or nan for a diverged run, without a warning."""
        now = {"hidden": (seen.W,), "output": (seen.v,), "both": (seen.W, seen.v)}[self._job.layers]
        starts = self._starts or self._start()
        with np.errstate(over="ignore", invalid="ignore"):
            parts = [
                np.subtract(end, start, dtype=np.float64).ravel()
                for end, start in zip(now, starts, strict=True)
            ]
            return math.sqrt(sum(float(part @ part) for part in parts))


def drive(job: Job, loop: Loop, engine: str) -> Iterator[tuple[int, Outcome]]:
    """Train the runs of a loop; yield the position and outcome of each run as it ends.

    Parameters
    ----------
    job : Job
    loop : Loop
        Before its first update; it resumes from the keeper's snapshots of its runs, if there are any.
    engine : str
        Name of the loop's engine, for the outcomes.
    """
    runs = {position: _Run(job, position) for position in loop.positions}
    final, bounds = job.recipe.budget, job.recipe.bounds(job.problems[0].n)
    keeping = Keeping(job, loop.positions)
    with job.backend.scope():
        for position, seconds in zip(loop.positions, keeping.resumed(loop), strict=False):
            runs[position].seconds = seconds
    while loop.positions:
        started, before = time.perf_counter(), loop.iteration
        present = [runs[position] for position in loop.positions]
        asked = (run.next_wanted() for run in present) if job.observed else ()
        wanted = [iteration for iteration in asked if iteration is not None]
        # The backend's scope surrounds the work only; otherwise the generator would leak it to its consumer.
        with job.backend.scope():
            loop.advance(keeping.until(before, min([final, *wanted])))
            ended = _end_what_stopped(job, loop, runs)
            elapsed = time.perf_counter() - started
            for run in present:
                run.seconds += elapsed / len(present)
            spent = [runs[position].seconds for position in loop.positions]
            keeping.advanced(loop, loop.iteration - before, elapsed, spent)
        for position, seen in ended:
            reached = bounds.status(seen.total)
            solved = seen.ended and job.optimizer.solves
            status = Status.SOLVED if solved else reached or Status.BUDGET_EXHAUSTED
            success = reached is Status.CONVERGED
            yield position, runs.pop(position).outcome(seen, status, engine, success=success)


def _end_what_stopped(job: Job, loop: Loop, runs: dict[int, _Run]) -> list[tuple[int, Seen]]:
    """Show the requested iterates, and remove and return the runs that have ended."""
    rows = range(len(loop.positions))
    over = loop.iteration >= job.recipe.budget
    stopped = set(rows) if over else set(loop.stopped())
    watched = {row for row in rows if job.observed and runs[loop.positions[row]].wants(loop.iteration)}
    if not watched and not over and len(stopped) * _SHARE < len(rows):
        return []  # stopped runs stay frozen; removal copies the arrays
    shown = sorted(stopped | watched)
    ended = []
    for row, seen in zip(shown, loop.look(shown), strict=True):
        position = loop.positions[row]
        runs[position].show(seen, last=row in stopped)
        if row in stopped:
            ended.append((position, seen))
    if stopped:
        loop.release(sorted(stopped))
    return ended
