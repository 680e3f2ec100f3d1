"""The inner loop of all methods that are not elementwise: one run at a time, step by step."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from overparam.arrays import squared_norm
from overparam.methods import Network, Point
from overparam.runs.driver import Loop, Seen
from overparam.runs.engine import Job, on_host
from overparam.runs.rows import RowSource, row_stream
from overparam.runs.snapshot import Snapshot, fit, packed, unpacked

__all__ = ["Stepwise"]


class Stepwise(Loop):
    """One problem in its own shape; padding would only enlarge the products of such methods."""

    def __init__(self, job: Job, position: int) -> None:
        self._job = job
        self.positions = [position]
        self.iteration = 0
        problem = job.problems[position]
        X, y, W0, v = (
            job.backend.asarray(a, job.dtype) for a in (problem.X, problem.y, problem.W0, problem.v)
        )
        self._scale = job.loss.scale(on_host(problem.y))
        self._bounds = job.recipe.bounds(problem.n)
        stream = row_stream(problem, job.optimizer)
        self._rows = None if stream is None else RowSource([stream], problem.n, job.backend)
        self._point = Network(X, y, job.activation, job.loss, job.layers).at(W0, v)
        self._state: Any = job.optimizer.start(self._point)
        self._path = 0.0
        self._ended = False
        self._rank: int | None = None

    def advance(self, until: int) -> None:
        """Step to `until`, to the first checked iterate outside the bounds, or to the method's own end."""
        while self.iteration < until and not self.stopped():
            point = self._point
            if self._rows is not None:
                point = Point(point.network, point.W, point.v, self._rows.next_rows()[0, ...])
            move = self._job.optimizer.step(point, self._state)
            self._path += _length(self._point, move.point)
            self._point, self._state, self._rank = move.point, move.state, move.rank
            if move.ended:
                self._ended = True
                return
            self.iteration += 1

    def stopped(self) -> list[int]:
        """Return [0] if the run has stopped, else []."""
        due = self.iteration % self._job.optimizer.updates_between_checks() == 0
        return [0] if self._ended or (due and self._bounds.status(self._total()) is not None) else []

    def _total(self) -> float:
        return self._point.missed / self._scale**2

    def look(self, rows: Sequence[int]) -> list[Seen]:
        """Return the state of the run, on the host."""
        fetch = self._job.backend.to_numpy
        W, v = (np.array(fetch(array)) for array in (self._point.W, self._point.v))
        return [Seen(self.iteration, self._total(), self._path, W, v, self._ended, self._rank)]

    def release(self, rows: Sequence[int]) -> None:
        """Remove the run."""
        self.positions = []

    def snapshots(self) -> list[Snapshot] | None:
        """Return the point and the state, or None if the state has parts other than arrays and numbers."""
        arrays = packed((self._point.W, self._point.v, self._state), self._job.backend)
        return None if arrays is None else [Snapshot(self.iteration, self._path, tuple(arrays))]

    def resume(self, snapshots: Sequence[Snapshot]) -> bool:
        """Restore the run."""
        [snapshot] = snapshots
        template = (self._point.W, self._point.v, self._state)
        like = packed(template, self._job.backend)
        if like is None or not fit(snapshots, like):
            return False
        W, v, self._state = unpacked(template, iter(snapshot.arrays), self._job.backend)
        self._point = self._point.network.at(W, v)
        self.iteration, self._path = snapshot.iteration, snapshot.path_length
        if self._rows is not None:
            self._rows.skip(self.iteration)
        return True


def _length(before: Point, after: Point) -> float:
    """‖θ − θ′‖ over the trained parameters."""
    if before.W is after.W and before.v is after.v:
        return 0.0
    pairs = zip(after.trained, before.trained, strict=True)
    return math.sqrt(math.fsum(float(squared_norm(a - b, axes=a.ndim)) for a, b in pairs))
