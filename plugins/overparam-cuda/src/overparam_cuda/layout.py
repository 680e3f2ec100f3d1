"""A job's trainings as flat arrays, and the block's memory that each needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overparam.plugin import Problem
from overparam_cuda.source import THREADS

__all__ = ["Layout", "shared_bytes"]

_UNITS = 4  # hidden units that a thread evaluates at a time
_PARTIALS = THREADS + 8


@dataclass(frozen=True)
class Layout:
    """Trainings laid end to end.

    Attributes
    ----------
    given : ndarray
        X (d, stride), y (n,) and v (k,) of each.
    trained : ndarray
        W (d, k) and the method's state of each.
    places : ndarray of int64, shape (trainings, 2)
        Where they begin.
    shapes : ndarray of int32, shape (trainings, 4)
        n, k, d and the stride; k is a multiple of 4.
    units : tuple of ndarray
        Which of a problem's hidden units the first columns of W are.
    """

    given: NDArray[Any]
    trained: NDArray[Any]
    places: NDArray[np.int64]
    shapes: NDArray[np.int32]
    units: tuple[NDArray[np.int64], ...]

    @classmethod
    def of(cls, problems: Sequence[Problem], dtype: str, *, states: int, batch: int, idle: bool) -> Layout:
        """Lay out problems of host arrays.

        Parameters
        ----------
        problems : sequence of Problem
        dtype : "float32" or "float64"
        states : int
            Arrays of the method's state.
        batch : int
            Rows of a stochastic update, 0 for full gradients.
        idle : bool
            Leave out hidden units with output weight 0: they contribute nothing and have gradient 0.
        """
        units = tuple(np.flatnonzero(p.v) if idle else np.arange(p.k) for p in problems)
        shapes = np.array(
            [shape_of(p.n, p.d, own.size, batch) for p, own in zip(problems, units, strict=True)], np.int32
        )
        lengths = np.array(
            [(d * stride + n + k, (1 + states) * k * d) for n, k, d, stride in shapes.tolist()], np.int64
        )
        places = np.cumsum(np.vstack([np.zeros((1, 2), np.int64), lengths]), axis=0)
        given, trained = (np.zeros(int(total), dtype) for total in places[-1])
        layout = cls(given, trained, places[:-1], shapes, units)
        for position, problem in enumerate(problems):
            layout._fill(position, problem)
        return layout

    def _fill(self, position: int, problem: Problem) -> None:
        n, _, d, stride = self.shapes[position].tolist()
        place, own = int(self.places[position, 0]), self.units[position]
        X = self.given[place : place + d * stride].reshape(d, stride)
        X[:, :n] = problem.X.T
        self.given[place + d * stride : place + d * stride + n] = problem.y
        output = place + d * stride + n
        self.given[output : output + own.size] = problem.v[own]
        self.columns(self.trained, position)[:, : own.size] = problem.W0[own].T

    def columns(self, trained: NDArray[Any], position: int) -> NDArray[Any]:
        """W of one training as it lies there, shape (d, k); a view."""
        _, k, d, _ = self.shapes[position].tolist()
        place = int(self.places[position, 1])
        return trained[place : place + k * d].reshape(d, k)

    def weights(self, trained: NDArray[Any], position: int, start: NDArray[Any]) -> NDArray[Any]:
        """W of one training in the problem's own order, shape (k, d); units left out stay at W₀."""
        result = start.astype(trained.dtype)
        own = self.units[position]
        result[own] = self.columns(trained, position)[:, : own.size].T
        return result


def shape_of(n: int, d: int, units: int, batch: int) -> tuple[int, int, int, int]:
    """n, k, d and the stride as the kernel has them."""
    return n, max(_UNITS, -(-units // _UNITS) * _UNITS), d, max(n, batch) | 1


def shared_bytes(shape: Sequence[int], states: int, itemsize: int) -> int:
    """Bytes of a block's memory that a training of this shape takes."""
    n, k, d, stride = shape
    return itemsize * (d * stride + n + k + (2 + states) * k * d + (k + 1) * stride + _PARTIALS)
