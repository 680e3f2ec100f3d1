"""The state of a training run between two updates, and what keeps it for a run that is killed."""

from __future__ import annotations

import time
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

__all__ = ["Keeper", "Keeping", "Snapshot", "fit", "packed", "unpacked"]

_SHARE = 4  # looks in a period
_SLOWEST, _OVERHEAD = 1e8, 3e4
"""Floating-point operations a second of the slowest engine, and those that an update's calls stand for: until
the pace is measured."""

_GROWTH = 8  # of the updates between two looks, from one stretch to the next
_WRITING = 20  # of the time between two snapshots, writing them takes no more than such a part


@dataclass(frozen=True)
class Snapshot:
    """State of one training run between two updates: with its problem, all that it needs to go on.

    The position in the random stream of a stochastic method is not kept: it is the number of updates made.

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
    """Where the snapshots of a job's runs are kept."""

    @property
    def period(self) -> float:
        """Seconds of training that may be lost; 0 keeps every iterate."""

    def find(self, position: int) -> Snapshot | None:
        """The last snapshot of the run at a position; None where there is none that can be used."""

    def keep(self, position: int, snapshot: Snapshot) -> None:
        """Keep a snapshot in the place of the last one; what cannot be kept is no error."""


class Keeping:
    """When a loop is looked at for its snapshots: a few times a period, however fast its updates are.

    The first look is so early that even a slow engine has not trained for longer than a part of a period;
    after that the pace is known. Runs that end before are looked at once more at most.

    Parameters
    ----------
    job : Job
        Observed runs are not kept: their observers' memories would have to be as well.
    positions : sequence of int
        Of the loop's runs.
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
        """The iterate to train to from this one, `last` at most."""
        return last if self._keeper is None else min(last, iteration + self._stride)

    def resumed(self, loop: Loop) -> list[float]:
        """Take a loop before its first update to where its runs were; the seconds they had taken, if any."""
        if self._keeper is None:
            return []
        found = [self._keeper.find(position) for position in loop.positions]
        snapshots = [snapshot for snapshot in found if snapshot is not None]
        if len(snapshots) < len(found) or len({snapshot.iteration for snapshot in snapshots}) != 1:
            return []
        return [snapshot.seconds for snapshot in snapshots] if loop.resume(snapshots) else []

    def advanced(self, loop: Loop, made: int, seconds: float, spent: Sequence[float]) -> None:
        """Keep the runs of a loop where it is time; it has made so many updates in these seconds.

        `spent` are the seconds of each of its runs so far.
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
    """Whether every snapshot's arrays have the shapes and data types of these."""
    asked = [(tuple(array.shape), str(array.dtype).rsplit(".", 1)[-1]) for array in like]
    return all(
        [(array.shape, array.dtype.name) for array in snapshot.arrays] == asked for snapshot in snapshots
    )


def packed(state: Any, backend: Backend) -> list[NDArray[Any]] | None:
    """The arrays and numbers of a state, nested in tuples, on the host; None where it holds others.

    Of JJᵀ it is its point, and whether the matrix was formed, which decides how its products are rounded.
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
    """A state of the template's form made of what `packed` gave."""
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
