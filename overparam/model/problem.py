"""A training problem (X, y, W₀, v), and the draw of one.

Problems are drawn on the host, in float64, by NumPy's Philox generator. Each ingredient has its own named
stream, keyed by (n, k, d, trial). So the same trial is the same problem on any backend, in any order and at
any batch size, and two activations can be compared on the same data.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from overparam.arrays import Array, array_namespace, form_of
from overparam.arrays.machine import physical_memory
from overparam.components.faults import PluginFailure, calling
from overparam.components.whole import whole
from overparam.model.data.base import DataGenerator, Dataset, Labels, Matrix
from overparam.model.data.labels import FileLabels, Gaussian
from overparam.model.data.sphere import Sphere
from overparam.model.initializations import Initialization, Paper, Weights

__all__ = ["Problem", "Stream", "draw_problem", "generator", "room_needed", "usual_labels"]

_UNIT = 1e-6  # tolerance of a squared norm; rows normalized in single precision pass


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
        # Equals SeedSequence with a seed and a spawn key of one word each, in a third of the time.
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
        Data, one sample per row; the theorems assume unit rows.
    y : array, shape (..., n)
        Labels.
    W0 : array, shape (..., k, d)
        Initial hidden weights.
    v : array, shape (..., k)
        Output weights at the start; fixed unless the output layer is trained.
    key : tuple of int or None
        (seed, n, k, d, trial) of a drawn problem; it also seeds SGD.

    Raises
    ------
    ValueError
        If the shapes disagree or one of n, k, d is zero.
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
        """The problems of a stack, one by one; the first axis varies slowest."""
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
    """Return the problem of one trial: data, labels and initial weights.

    Parameters
    ----------
    n, d, k : int
        Samples, inputs, hidden units; each at least 1.
    seed, trial : int
        Non-negative; together with (n, k, d) they determine the problem.
    data : DataGenerator, optional
        Default: uniform on the sphere.
    labels : Labels, optional
        Default: the data's own labels if there are any, else standard Gaussian.
    initialization : Initialization, optional
        Default: `Paper`, the initialization of the theorems.

    Returns
    -------
    Problem
        NumPy float64 arrays: X (n, d), y (n,), W0 (k, d), v (k,).

    Raises
    ------
    ValueError
        For a size below 1, a negative seed or trial, or data that cannot be drawn.
    PluginFailure
        If a component raises anything else, or returns data or labels of another form.
    """
    n, d, k = whole("n", n, 1), whole("d", d, 1), whole("k", k, 1)
    seed, trial = whole("seed", seed, most=None), whole("trial", trial)
    _require_room(n, d, k)

    def stream(which: Stream) -> np.random.Generator:
        return generator(seed, n, k, d, trial, which)

    dataset = _data(data or Sphere(), n, d, stream(Stream.DATA))
    y = _labels(labels or _usual(dataset), dataset, stream(Stream.LABELS))
    W0, v = _weights(initialization or Paper(), n, k, d, y, stream(Stream.WEIGHTS))
    return Problem(dataset.X, y, W0, v, key=(seed, n, k, d, trial))


def room_needed(n: int, d: int, k: int) -> int:
    """Least number of bytes that training of a problem needs: X and W₀ with a copy each, and φ(WXᵀ)."""
    return 8 * (2 * n * d + 2 * k * d + n * k)


def _require_room(n: int, d: int, k: int) -> None:
    """Refuse a problem that does not fit into memory."""
    if (needed := room_needed(n, d, k)) > physical_memory():
        raise ValueError(
            f"n={n}, d={d}, k={k} need {needed / 1e9:,.0f} GB, more than this machine's memory "
            f"({physical_memory() / 1e9:,.0f} GB)"
        )


def usual_labels(data: DataGenerator, n: int, d: int, seed: int = 0) -> Labels:
    """Return the default labels: the data's own if there are any, else Gaussian.

    If only a draw can tell, a data set of n samples in d dimensions is drawn.

    Raises
    ------
    ValueError
        If that data set cannot be drawn.
    """
    n, d = whole("n", n, 1), whole("d", d, 1)
    _require_room(n, d, 1)
    with calling(data, may_refuse=True):
        brings = data.brings_labels()
    if brings is None:
        return _usual(_data(data, n, d, generator(seed, n, 1, d, 0, Stream.DATA)))
    return FileLabels() if brings else Gaussian()


def _usual(dataset: Dataset) -> Labels:
    return Gaussian() if dataset.y is None else FileLabels()


def _data(data: DataGenerator, n: int, d: int, rng: np.random.Generator) -> Dataset:
    """Draw a data set and check it against the generator's contract."""
    with calling(data, may_refuse=True):
        dataset = data.draw(n, d, rng)
        unit = data.unit_rows
    if not isinstance(dataset, Dataset):
        raise PluginFailure.of(data, f"must return a Dataset, it returned a {type(dataset).__name__}")
    if (objection := _objection(dataset.X, (n, d), finite=not unit)) is not None:
        raise PluginFailure.of(data, f"returned an X that is {objection}")
    if dataset.y is not None and (objection := _objection(dataset.y, (n,))) is not None:
        raise PluginFailure.of(data, f"returned a y that is {objection}")
    if unit:  # also rejects rows that are not finite
        squares = np.einsum("ij,ij->i", dataset.X, dataset.X)
        if not (squares.min() >= 1.0 - _UNIT and squares.max() <= 1.0 + _UNIT):
            row = int(np.abs(squares - 1.0).argmax())
            raise PluginFailure.of(data, f"returned an X whose row {row} is no unit vector")
    return dataset


def _labels(labels: Labels, dataset: Dataset, rng: np.random.Generator) -> Matrix:
    """Draw labels; they may read the data, but not write to it."""
    shown = [None if array is None else array.view() for array in (dataset.X, dataset.y)]
    for array in shown:
        if array is not None:
            array.flags.writeable = False
    try:
        with calling(labels, may_refuse=True):
            y = labels.draw(Dataset(shown[0], shown[1]), rng)  # type: ignore[arg-type]
    except ValueError as error:
        if "read-only" in str(error):  # NumPy's message for a write to a read-only array
            raise PluginFailure.of(labels, f"must not write to the data: {error}") from error
        raise
    if (objection := _objection(y, dataset.X.shape[:1])) is not None:
        raise PluginFailure.of(labels, f"returned a y that is {objection}")
    return y if y.flags.writeable else y.copy()


def _weights(
    initialization: Initialization, n: int, k: int, d: int, y: Matrix, rng: np.random.Generator
) -> Weights:
    """Draw initial weights and check them against the initialization's contract."""
    shown = y.view()
    shown.flags.writeable = False
    with calling(initialization, may_refuse=True):
        drawn = initialization.draw(n, k, d, shown, rng)
    if not isinstance(drawn, tuple) or len(drawn) != 2:
        raise PluginFailure.of(initialization, f"must return W and v, it returned a {type(drawn).__name__}")
    for name, array, shape in (("W", drawn[0], (k, d)), ("v", drawn[1], (k,))):
        if (objection := _objection(array, shape)) is not None:
            raise PluginFailure.of(initialization, f"returned a {name} that is {objection}")
    return Weights(*drawn)


def _objection(array: object, shape: tuple[int, ...], *, finite: bool = True) -> str | None:
    if not isinstance(array, np.ndarray) or array.dtype != np.float64 or array.shape != shape:
        return f"{form_of(array)}, where a float64 array of shape {shape} is required"
    return "not finite everywhere" if finite and not np.isfinite(array).all() else None
