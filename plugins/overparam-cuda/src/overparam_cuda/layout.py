"""A job's training runs as flat arrays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overparam.plugin import Problem
from overparam_cuda.blocks import Method, Shape

__all__ = ["Layout", "portions"]


@dataclass(frozen=True)
class Layout:
    """Training runs laid end to end.

    Attributes
    ----------
    given : ndarray
        X (d, stride), v (k,) and y (n,) of each run.
    trained : ndarray
        W (d, k) and its state, v (k,) and its state, of each run, for the trained layers.
    places : ndarray of int64, shape (runs, 2)
        Start of each run in these arrays.
    shapes : tuple of Shape
    units : tuple of ndarray
        Hidden units of each problem in the first columns of W.
    method : Method
    """

    given: NDArray[Any]
    trained: NDArray[Any]
    places: NDArray[np.int64]
    shapes: tuple[Shape, ...]
    units: tuple[NDArray[np.int64], ...]
    method: Method

    @classmethod
    def of(cls, problems: Sequence[Problem], method: Method, *, idle: bool) -> Layout:
        """Return the layout of problems in host arrays.

        Parameters
        ----------
        problems : sequence of Problem
        method : Method
        idle : bool
            Leave out hidden units with output weight 0: they contribute nothing and have gradient 0.
        """
        units = tuple(np.flatnonzero(p.v) if idle else np.arange(p.k) for p in problems)
        shapes = tuple(Shape.of(p.n, own.size, p.d) for p, own in zip(problems, units, strict=True))
        lengths = [(d * stride + k + n, sum(method.sizes(k, d))) for n, k, d, stride in shapes]
        places = np.cumsum([(0, 0), *lengths], axis=0, dtype=np.int64)
        given, trained = (np.zeros(int(total), method.dtype) for total in places[-1])
        layout = cls(given, trained, places[:-1], shapes, units, method)
        for number, problem in enumerate(problems):
            layout._fill(number, problem)
        return layout

    def _fill(self, number: int, problem: Problem) -> None:
        n, k, d, stride = self.shapes[number]
        place, own = int(self.places[number, 0]), self.units[number]
        X = self.given[place : place + d * stride]
        X.reshape(d, stride)[:, :n] = problem.X.T
        place += X.size
        self.given[place : place + own.size] = problem.v[own]
        self.given[place + k : place + k + n] = problem.y
        W, *rest = self.arrays(self.trained, number)
        W[0, :, : own.size] = problem.W0[own].T
        for v in rest:
            v[0, 0, : own.size] = problem.v[own]

    def arrays(self, trained: NDArray[Any], number: int) -> list[NDArray[Any]]:
        """Views of a run's W and its state, (1 + states, d, k), and v and its state, (1 + states, 1, k)."""
        _, k, d, _ = self.shapes[number]
        run, place = self.run(trained, number), 0
        found = []
        for size, height in zip(self.method.sizes(k, d), (d, 1), strict=True):
            if size:
                found.append(run[place : place + size].reshape(-1, height, k))
            place += size
        return found

    def run(self, trained: NDArray[Any], number: int) -> NDArray[Any]:
        """View of everything that a run trains, with its state."""
        _, k, d, _ = self.shapes[number]
        place = int(self.places[number, 1])
        return trained[place : place + sum(self.method.sizes(k, d))]

    def weights(
        self, trained: NDArray[Any], number: int, problem: Problem
    ) -> tuple[NDArray[Any], NDArray[Any]]:
        """W and v of a run in the problem's order; omitted and untrained weights are the initial ones."""
        W, v = problem.W0.astype(trained.dtype), problem.v.astype(trained.dtype)
        own = self.units[number]
        of_W, *of_v = self.arrays(trained, number)
        W[own] = of_W[0, :, : own.size].T
        for now in of_v:
            v[own] = now[0, 0, : own.size]
        return W, v


def portions(problems: Sequence[Problem], method: Method, limit: int) -> Iterator[range]:
    """Yield ranges of problems that fit into this many bytes of the device's memory, at least one each."""
    start, held = 0, 0
    for number, problem in enumerate(problems):
        needed = Shape.of(problem.n, problem.k, problem.d).device_bytes(method)
        if start < number and held + needed > limit:
            yield range(start, number)
            start, held = number, 0
        held += needed
    if problems:
        yield range(start, len(problems))
