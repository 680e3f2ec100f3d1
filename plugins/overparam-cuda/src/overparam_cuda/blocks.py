"""Size of the thread block and memory that a training run needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from overparam.plugin import DType, Problem
from overparam_cuda.formula import Formula
from overparam_cuda.source import BOARD, MOST_THREADS, MOST_THREADS_OF_LARGE

__all__ = ["Block", "Method", "Shape", "stride_of", "too_large"]

_TILE = 4  # hidden units, inputs and samples are processed in groups of four
_WARP, _FEWEST_THREADS = 32, 64
_SPLITS = (4, 8, 16, 32)
_OF_A_STEP, _OF_A_TILE = 109, 200  # instructions per thread in the gradient, as compiled for sm_90


@dataclass(frozen=True)
class Method:
    """The properties of a method that determine the memory of a training run.

    Attributes
    ----------
    hidden, output : bool
        Whether W and v are trained.
    states : int
        Arrays of the method's state per trained array.
    batch : int
        Rows of a stochastic update; 0 for full gradients.
    dtype : "float32" or "float64"
    """

    hidden: bool
    output: bool
    states: int
    batch: int
    dtype: DType

    @classmethod
    def of(cls, formula: Formula, states: int, batch: int) -> Method:
        """Return the properties of a formula's method."""
        return cls(formula.hidden, formula.output, states, batch, formula.dtype)

    @property
    def itemsize(self) -> int:
        """Bytes per number."""
        return np.dtype(self.dtype).itemsize

    def sizes(self, k: int, d: int) -> tuple[int, int]:
        """Return how many numbers W and its state have, and v and its state; 0 for an untrained v."""
        return (1 + self.hidden * self.states) * k * d, self.output * (1 + self.states) * k

    def gradients(self, k: int, d: int) -> int:
        """Return how many numbers the gradient has."""
        return self.hidden * k * d + self.output * k


class Block(NamedTuple):
    """Resources of the device that a training run needs.

    Attributes
    ----------
    bytes : int
        Size of a block's memory.
    threads : int
    held : int
        Samples that are in that memory at a time; 0 if all of the training run is.
    split : int
        Threads that share the samples of a tile of the gradient.
    """

    bytes: int
    threads: int
    held: int
    split: int


class Shape(NamedTuple):
    """The dimensions of a training run in the kernel.

    Attributes
    ----------
    n, k, d : int
        k is a multiple of 4.
    stride : int
        Distance between the rows of X and of φ′(Z).
    """

    n: int
    k: int
    d: int
    stride: int

    @classmethod
    def of(cls, n: int, units: int, d: int) -> Shape:
        """Return the shape of a training run with this many hidden units."""
        return cls(n, max(_TILE, _ceil(units, _TILE)), d, stride_of(n))

    def device_bytes(self, method: Method) -> int:
        """Return the bytes of the device's memory that it needs."""
        n, k, d, stride = self
        numbers = d * stride + k + n + sum(method.sizes(k, d)) + method.gradients(k, d)
        return method.itemsize * numbers

    def block(self, method: Method, limit: int) -> Block:
        """Return the block that trains it.

        Parameters
        ----------
        method : Method
        limit : int
            Largest size of a block's memory in bytes.

        Raises
        ------
        ValueError
            If not even four samples fit: see `too_large`.
        """
        n, k, d, stride = self
        batch, itemsize = method.batch, method.itemsize
        samples, gathered = batch or n, stride_of(batch)
        own = d * stride + k + _ceil(n, _TILE) + sum(method.sizes(k, d))
        column = (method.hidden + method.output) * k + k // _TILE + 1  # of φ′(Z) and φ(Z), the parts of f, r
        made = column * max(stride, gathered) + d * gathered + batch
        if (whole := BOARD + itemsize * (own + made)) <= limit:
            return Block(whole, self._threads(samples), 0, self._split(samples))
        a_sample = itemsize * (d + column + 1)
        fit = (limit - BOARD - itemsize * k) // a_sample
        if fit < _TILE:
            raise ValueError(f"k = {k} and d = {d} are too large for a block's {limit // 1024} KiB of memory")
        held = min(stride_of(fit + 1) - 2 * _TILE, max(stride, gathered))
        threads = MOST_THREADS_OF_LARGE[method.dtype]
        split = self._split(min(held, samples), threads)
        return Block(BOARD + itemsize * k + held * a_sample, threads, held, split)

    def _threads(self, samples: int) -> int:
        """All items of a phase at once if possible, else in equal rounds."""
        forward = -(-samples // _TILE) * (self.k // _TILE)
        rounds = -(-forward // MOST_THREADS)
        gradient = _TILE * (self.k // _TILE) * -(-self.d // _TILE)
        wanted = max(-(-forward // rounds), min(gradient, MOST_THREADS), _FEWEST_THREADS)
        return _ceil(wanted, _WARP)

    def _split(self, samples: int, together: int = _WARP) -> int:
        """Threads that share a tile's samples, for the fewest instructions per warp or per block."""
        tiles, quads = (self.k // _TILE) * -(-self.d // _TILE), -(-samples // _TILE)

        def instructions(split: int) -> int:
            return -(-tiles * split // together) * (-(-quads // split) * _OF_A_STEP + _OF_A_TILE)

        return min(_SPLITS, key=instructions)


def too_large(problems: Sequence[Problem], method: Method, limit: int) -> str | None:
    """Return which problem is too large even with four samples at a time, or None if all fit."""
    for k, d in dict.fromkeys((problem.k, problem.d) for problem in problems):
        try:
            Shape.of(_TILE, k, d).block(method, limit)
        except ValueError as error:
            return str(error)
    return None


def stride_of(count: int) -> int:
    """Return the smallest odd multiple of 4 that is at least `count`; 0 for 0."""
    return _TILE * (-(-count // _TILE) | 1) if count else 0


def _ceil(number: int, unit: int) -> int:
    return -(-number // unit) * unit
