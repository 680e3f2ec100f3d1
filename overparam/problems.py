"""A training problem (X, y, W₀, v) and how an instance is drawn.

Instances are drawn on the host, in float64, by NumPy's Philox generator, one named stream for each
ingredient, keyed by the values (n, k, d, trial): the same trial is the same problem on any backend,
in any order, at any batch size, and two activations can be compared on the same data.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from numbers import Integral

import numpy as np

from overparam.arrays import Array, array_namespace
from overparam.data.base import DataGenerator, Labels
from overparam.data.labels import Gaussian
from overparam.data.sphere import Sphere
from overparam.initializations import Initialization, Paper

__all__ = ["Problem", "Stream", "draw_problem", "generator"]


class Stream(IntEnum):
    """The named random streams of one trial."""

    DATA = 0
    LABELS = 1
    WEIGHTS = 2
    SAMPLING = 3


def generator(seed: int, n: int, k: int, d: int, trial: int, stream: Stream) -> np.random.Generator:
    """Return the random stream of one ingredient of one trial."""
    spawned = (n, k, d, trial, int(stream))
    if max(seed, *spawned) < 2**32:
        # What SeedSequence makes of a seed and a spawn key of one word each, in a third of the time.
        key = np.random.SeedSequence(np.array((seed, 0, 0, 0, *spawned), np.uint32))
    else:
        key = np.random.SeedSequence(seed, spawn_key=spawned)
    return np.random.Generator(np.random.Philox(key))


@dataclass(frozen=True)
class Problem:
    """One training problem, or a stack of them along leading batch axes.

    Attributes
    ----------
    X : array, shape (..., n, d)
        Data, one sample a row; the theorems assume unit rows.
    y : array, shape (..., n)
        Labels.
    W0 : array, shape (..., k, d)
        Initial hidden weights.
    v : array, shape (..., k)
        Output weights at the start; fixed unless the output layer is trained.
    key : tuple of int or None
        (seed, n, k, d, trial) of a drawn instance: the source of SGD's own randomness.

    Raises
    ------
    ValueError
        Where the shapes disagree or one of n, k, d is zero.
    """

    X: Array
    y: Array
    W0: Array
    v: Array
    key: tuple[int, int, int, int, int] | None = None

    def __post_init__(self) -> None:
        array_namespace(self.X, self.y, self.W0, self.v)
        if self.X.ndim < 2 or self.W0.ndim < 2:
            raise ValueError("X must be (..., n, d) and W0 (..., k, d)")
        *batch, n, d = self.X.shape
        k = self.W0.shape[-2]
        wanted = {"y": (*batch, n), "W0": (*batch, k, d), "v": (*batch, k)}
        for name, shape in wanted.items():
            if tuple(getattr(self, name).shape) != shape:
                given = tuple(getattr(self, name).shape)
                raise ValueError(f"X is {tuple(self.X.shape)}, so {name} must be {shape}, got {given}")
        if 0 in (n, k, d):
            raise ValueError(f"n, k and d must be at least 1, got n={n}, k={k}, d={d}")

    @property
    def n(self) -> int:
        """Number of samples."""
        return int(self.X.shape[-2])

    @property
    def d(self) -> int:
        """Number of inputs."""
        return int(self.X.shape[-1])

    @property
    def k(self) -> int:
        """Number of hidden units."""
        return int(self.W0.shape[-2])

    @property
    def batch_shape(self) -> tuple[int, ...]:
        """The leading batch axes; () for a single problem."""
        return tuple(int(size) for size in self.X.shape[:-2])

    def singles(self) -> list[Problem]:
        """The problems of a stack, one by one, first axis slowest."""
        if not self.batch_shape:
            return [self]
        return [
            single
            for b in range(self.batch_shape[0])
            for single in Problem(
                self.X[b, ...], self.y[b, ...], self.W0[b, ...], self.v[b, ...], self.key
            ).singles()
        ]


def draw_problem(
    n: int,
    d: int,
    k: int,
    *,
    seed: int = 0,
    trial: int = 0,
    data: DataGenerator | None = None,
    labels: Labels | None = None,
    initialization: Initialization | None = None,
) -> Problem:
    """Draw the problem of one trial: data, labels and initial weights.

    Parameters
    ----------
    n, d, k : int
        Samples, inputs, hidden units; each at least 1.
    seed, trial : int
        Non-negative; together with (n, k, d) they name the instance.
    data : DataGenerator, optional
        Uniform on the sphere unless given.
    labels : Labels, optional
        Standard Gaussian unless given.
    initialization : Initialization, optional
        The theorems', `Paper`, unless given.

    Returns
    -------
    Problem
        NumPy float64 arrays: X (n, d), y (n,), W0 (k, d), v (k,).

    Raises
    ------
    ValueError
        For a size below 1, a negative seed or trial, or data that cannot be drawn.
    """
    for name, value, least in (("n", n, 1), ("d", d, 1), ("k", k, 1), ("seed", seed, 0), ("trial", trial, 0)):
        if not isinstance(value, Integral) or value < least:
            raise ValueError(f"{name} must be at least {least} and without a fraction, got {value!r}")

    def stream(which: Stream) -> np.random.Generator:
        return generator(seed, n, k, d, trial, which)

    dataset = (data or Sphere()).draw(n, d, stream(Stream.DATA))
    y = (labels or Gaussian()).draw(dataset, stream(Stream.LABELS))
    W0, v = (initialization or Paper()).draw(n, k, d, y, stream(Stream.WEIGHTS))
    return Problem(dataset.X, y, W0, v, key=(seed, n, k, d, trial))
