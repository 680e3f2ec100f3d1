"""A job's trainings as flat arrays, and the block of threads and memory that each needs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from overparam.plugin import DType, Problem
from overparam_cuda.source import BOARD, MOST_THREADS, MOST_THREADS_OF_LARGE

__all__ = ["Block", "Layout", "Shape", "fits", "portions", "stride_of"]

_TILE = 4  # hidden units, inputs and samples are worked on by fours
_WARP, _FEWEST_THREADS = 32, 64
_SPLITS = (4, 8, 16, 32)
_OF_A_STEP, _OF_A_TILE = 109, 200  # instructions of a thread in the gradient, as compiled for sm_90


class Block(NamedTuple):
    """What a training needs of the device.

    Attributes
    ----------
    bytes : int
        Of a block's memory.
    threads : int
    held : int
        Samples that are in that memory at a time; 0 where the whole training is.
    split : int
        Threads that share the samples of a tile of the gradient.
    """

    bytes: int
    threads: int
    held: int
    split: int


class Shape(NamedTuple):
    """A training as the kernel has it.

    Attributes
    ----------
    n, k, d : int
        k is a multiple of 4.
    stride : int
        Between the rows of X and of φ′(Z).
    """

    n: int
    k: int
    d: int
    stride: int

    @classmethod
    def of(cls, n: int, units: int, d: int) -> Shape:
        """The shape of a training with so many hidden units."""
        return cls(n, max(_TILE, _ceil(units, _TILE)), d, stride_of(n))

    def device_bytes(self, states: int, itemsize: int) -> int:
        """Bytes of the device's memory that it takes."""
        n, k, d, stride = self
        return itemsize * (d * stride + k + n + (2 + states) * k * d)

    def block(self, *, states: int, batch: int, dtype: DType, limit: int) -> Block:
        """The block that trains it.

        Parameters
        ----------
        states : int
            Arrays of the method's state.
        batch : int
            Rows of a stochastic update, 0 for full gradients.
        dtype : "float32" or "float64"
        limit : int
            Bytes that a block may have.

        Raises
        ------
        ValueError
            Where not even four samples fit: see `fits`.
        """
        n, k, d, stride = self
        samples, gathered = batch or n, stride_of(batch)
        itemsize = np.dtype(dtype).itemsize
        own = d * stride + k + _ceil(n, _TILE) + (1 + states) * k * d
        made = (k + k // _TILE + 1) * max(stride, gathered) + d * gathered + batch
        if (whole := BOARD + itemsize * (own + made)) <= limit:
            return Block(whole, self._threads(samples), 0, self._split(samples))
        a_sample = itemsize * (d + k + k // _TILE + 2)
        fit = (limit - BOARD - itemsize * k) // a_sample
        if fit < _TILE:
            raise ValueError(f"k = {k} and d = {d} are too large for a block's {limit // 1024} KiB of memory")
        held = min(stride_of(fit + 1) - 2 * _TILE, max(stride, gathered))
        threads = MOST_THREADS_OF_LARGE[dtype]
        split = self._split(min(held, samples), threads)
        return Block(BOARD + itemsize * k + held * a_sample, threads, held, split)

    def _threads(self, samples: int) -> int:
        """All of a phase at once where that is possible, else in equal rounds."""
        forward = -(-samples // _TILE) * (self.k // _TILE)
        rounds = -(-forward // MOST_THREADS)
        gradient = _TILE * (self.k // _TILE) * -(-self.d // _TILE)
        wanted = max(-(-forward // rounds), min(gradient, MOST_THREADS), _FEWEST_THREADS)
        return _ceil(wanted, _WARP)

    def _split(self, samples: int, together: int = _WARP) -> int:
        """Threads that share a tile's samples, for the fewest instructions of warps or of whole blocks."""
        tiles, quads = (self.k // _TILE) * -(-self.d // _TILE), -(-samples // _TILE)

        def instructions(split: int) -> int:
            return -(-tiles * split // together) * (-(-quads // split) * _OF_A_STEP + _OF_A_TILE)

        return min(_SPLITS, key=instructions)


def stride_of(count: int) -> int:
    """The smallest odd multiple of 4 that is not below; 0 for none."""
    return _TILE * (-(-count // _TILE) | 1) if count else 0


def _ceil(number: int, unit: int) -> int:
    return -(-number // unit) * unit


@dataclass(frozen=True)
class Layout:
    """Trainings laid end to end.

    Attributes
    ----------
    given : ndarray
        X (d, stride), v (k,) and y (n,) of each.
    trained : ndarray
        W (d, k) and the method's state of each.
    places : ndarray of int64, shape (trainings, 2)
        Where they begin.
    shapes : tuple of Shape
    units : tuple of ndarray
        Which of a problem's hidden units the first columns of W are.
    """

    given: NDArray[Any]
    trained: NDArray[Any]
    places: NDArray[np.int64]
    shapes: tuple[Shape, ...]
    units: tuple[NDArray[np.int64], ...]

    @classmethod
    def of(cls, problems: Sequence[Problem], dtype: str, *, states: int, idle: bool) -> Layout:
        """Lay out problems of host arrays.

        Parameters
        ----------
        problems : sequence of Problem
        dtype : "float32" or "float64"
        states : int
            Arrays of the method's state.
        idle : bool
            Leave out hidden units with output weight 0: they contribute nothing and have gradient 0.
        """
        units = tuple(np.flatnonzero(p.v) if idle else np.arange(p.k) for p in problems)
        shapes = tuple(Shape.of(p.n, own.size, p.d) for p, own in zip(problems, units, strict=True))
        lengths = [(d * stride + k + n, (1 + states) * k * d) for n, k, d, stride in shapes]
        places = np.cumsum([(0, 0), *lengths], axis=0, dtype=np.int64)
        given, trained = (np.zeros(int(total), dtype) for total in places[-1])
        layout = cls(given, trained, places[:-1], shapes, units)
        for position, problem in enumerate(problems):
            layout._fill(position, problem)
        return layout

    def _fill(self, position: int, problem: Problem) -> None:
        n, k, d, stride = self.shapes[position]
        place, own = int(self.places[position, 0]), self.units[position]
        X = self.given[place : place + d * stride]
        X.reshape(d, stride)[:, :n] = problem.X.T
        place += X.size
        self.given[place : place + own.size] = problem.v[own]
        self.given[place + k : place + k + n] = problem.y
        self.columns(self.trained, position)[:, : own.size] = problem.W0[own].T

    def columns(self, trained: NDArray[Any], position: int) -> NDArray[Any]:
        """W of one training as it lies there, shape (d, k); a view."""
        _, k, d, _ = self.shapes[position]
        place = int(self.places[position, 1])
        return trained[place : place + k * d].reshape(d, k)

    def weights(self, trained: NDArray[Any], position: int, start: NDArray[Any]) -> NDArray[Any]:
        """W of one training in the problem's own order, shape (k, d); units left out stay at W₀."""
        result = np.array(start, trained.dtype)
        own = self.units[position]
        result[own] = self.columns(trained, position)[:, : own.size].T
        return result


def fits(problems: Sequence[Problem], dtype: DType, limit: int) -> Literal[True] | str:
    """Return True, or which problem is too large even by portions of four samples."""
    for k, d in dict.fromkeys((problem.k, problem.d) for problem in problems):
        try:
            Shape.of(_TILE, k, d).block(states=0, batch=0, dtype=dtype, limit=limit)
        except ValueError as error:
            return str(error)
    return True


def portions(problems: Sequence[Problem], states: int, itemsize: int, limit: int) -> Iterator[range]:
    """Positions of problems that take so many bytes of the device's memory together, one at least."""
    start, held = 0, 0
    for position, problem in enumerate(problems):
        needed = Shape.of(problem.n, problem.k, problem.d).device_bytes(states, itemsize)
        if start < position and held + needed > limit:
            yield range(start, position)
            start, held = position, 0
        held += needed
    if problems:
        yield range(start, len(problems))
