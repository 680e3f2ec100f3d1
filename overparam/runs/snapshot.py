"""The state of a training run between two updates, and its storage for runs that may be killed."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from overparam.arrays.backends import Backend
from overparam.methods.gram import JacobianGram

if TYPE_CHECKING:
    from overparam.runs.driver import Loop
    from overparam.runs.engine import Job

__all__ = ["Keeper", "Keeping", "Snapshot", "by_start", "fit", "packed", "restore", "unpacked"]

_SHARE = 4  # checks per period
_SLOWEST, _OVERHEAD = 1e8, 3e4
"""Initial estimates until the speed is measured: floating-point operations per second of the slowest engine,
and those that correspond to the overhead of an update."""

_GROWTH = 8  # largest growth factor of the updates between two checks
_WRITING = 20  # writing takes at most 1/20 of the time between two snapshots


@dataclass(frozen=True)
class Snapshot:
    """State of one training run between two updates; with the problem, it suffices to continue the run.

    The position in the random stream of a stochastic method is not stored: it equals the number of updates.

    Attributes
    ----------
    iteration : int
        Updates made.
    path_length : float
    arrays : tuple of ndarray
        The weights and the method's state, in the engine's own order and shapes.
    seconds : float
        Wall time of the run so far.
    """

    iteration: int
    path_length: float
    arrays: tuple[NDArray[Any], ...]
    seconds: float = 0.0


class Keeper(Protocol):
    """Storage of the snapshots of a job's runs."""

    @property
    def period(self) -> float:
        """Seconds of training that may be lost; 0 stores every iterate."""

    def find(self, position: int) -> Snapshot | None:
        """Return the last snapshot of the run at a position, or None if there is none that can be used."""

    def keep(self, position: int, snapshot: Snapshot) -> None:
        """Store a snapshot in place of the last one; a failure to store is not an error."""


class Keeping:
    """Schedule of the checks for snapshots: a few per period, at any speed of the updates.

    The first check comes so early that even a slow engine has trained for only a fraction of a period; after
    that the speed is known. Runs that end earlier are checked at most once more.

    Parameters
    ----------
    job : Job
        Observed runs are not stored, because the state of their observers would be needed as well.
    positions : sequence of int
        Positions of the loop's runs.
    """

    def __init__(self, job: Job, positions: Sequence[int]) -> None:
        self._keeper = None if job.observed else job.keeper
        if self._keeper is None:
            return
        self._part = self._keeper.period / _SHARE
        problems, extra = [job.problems[position] for position in positions], job.optimizer.extra_cost
        work = sum(4.0 * p.n * p.k * (p.d + 10) + extra(p.n, p.k, p.d) for p in problems)
        self._stride = max(1, int(self._part * _SLOWEST / (work + _OVERHEAD)))
        self._begin(time.monotonic(), 0.0)

    def _begin(self, now: float, spent: float) -> None:
        self._due = now + (max((_SHARE - 1) * self._part, _WRITING * spent) if self._part else 0.0)

    def until(self, iteration: int, last: int) -> int:
        """Return the iterate to train to from this one, at most `last`."""
        return last if self._keeper is None else min(last, iteration + self._stride)

    def resumed(self, loop: Loop) -> list[float]:
        """Set a loop, before its first update, to its snapshots; return the seconds its runs had taken."""
        if self._keeper is None:
            return []
        found = [self._keeper.find(position) for position in loop.positions]
        snapshots = [snapshot for snapshot in found if snapshot is not None]
        if len(snapshots) < len(found) or len({snapshot.iteration for snapshot in snapshots}) != 1:
            return []
        return [snapshot.seconds for snapshot in snapshots] if loop.resume(snapshots) else []

    def advanced(self, loop: Loop, made: int, seconds: float, spent: Sequence[float]) -> None:
        """Store the runs of a loop if it is time, after `made` updates in `seconds` seconds.

        `spent` is the time in seconds of each of its runs so far.
        """
        if self._keeper is None or not loop.positions:
            return
        paced = made * self._part / max(seconds, 1e-9)
        self._stride = max(1, int(min(paced, _GROWTH * self._stride)))
        if (began := time.monotonic()) < self._due:
            return
        snapshots = loop.snapshots()
        if snapshots is None:
            self._keeper = None
            return
        for position, snapshot, so_far in zip(loop.positions, snapshots, spent, strict=True):
            timed = Snapshot(snapshot.iteration, snapshot.path_length, snapshot.arrays, so_far)
            self._keeper.keep(position, timed)
        self._begin(now := time.monotonic(), now - began)


def fit(snapshots: Sequence[Snapshot], like: Sequence[Any]) -> bool:
    """Whether every snapshot's arrays have the shapes and data types of `like`."""
    asked = [(tuple(array.shape), str(array.dtype).rsplit(".", 1)[-1]) for array in like]
    return all(
        [(array.shape, array.dtype.name) for array in snapshot.arrays] == asked for snapshot in snapshots
    )


def restore(places: Sequence[NDArray[Any]], snapshot: Snapshot) -> bool:
    """Copy a snapshot's arrays to places on the host; False, with nothing changed, if they do not fit."""
    if not fit([snapshot], places):
        return False
    for place, array in zip(places, snapshot.arrays, strict=True):
        place[:] = array
    return True


def by_start(job: Job) -> list[Sequence[int]]:
    """Positions in the job, grouped by the iteration from which runs resume: a loop has one iteration."""
    everything = range(len(job.problems))
    if job.keeper is None:
        return [everything]
    starts: dict[int, list[int]] = defaultdict(list)
    for position in everything:
        snapshot = job.keeper.find(position)
        starts[-1 if snapshot is None else snapshot.iteration].append(position)
    return [*starts.values()]


def packed(state: Any, backend: Backend) -> list[NDArray[Any]] | None:
    """Return the arrays and numbers in a nested tuple, on the host, or None if it contains other types.

    JJᵀ is stored as its point and whether the matrix was formed, which decides the rounding of its products.
    """
    if isinstance(state, JacobianGram):
        state = (state.point.W, state.point.v, int(state.is_formed))
    if isinstance(state, tuple):
        parts = [packed(part, backend) for part in state]
        return None if None in parts else [array for part in parts for array in part or ()]
    if isinstance(state, int | float) and not isinstance(state, bool):
        return [np.asarray(state, np.int64 if isinstance(state, int) else np.float64)]
    if hasattr(state, "shape") and hasattr(state, "dtype"):
        return [np.array(backend.to_numpy(state))]
    return None


def unpacked(template: Any, arrays: Iterator[NDArray[Any]], backend: Backend) -> Any:
    """Return a state of the template's form from the result of `packed`."""
    if isinstance(template, JacobianGram):
        W, v, formed = unpacked((template.point.W, template.point.v, 0), arrays, backend)
        gram = JacobianGram(template.point.network.at(W, v))
        if formed:
            _ = gram.matrix
        return gram
    if isinstance(template, tuple):
        parts = [unpacked(part, arrays, backend) for part in template]
        return type(template)(*parts) if hasattr(template, "_fields") else tuple(parts)
    array = next(arrays)
    if isinstance(template, int | float):
        return array.item()
    dtype: Any = array.dtype.name
    return backend.asarray(array, dtype)
