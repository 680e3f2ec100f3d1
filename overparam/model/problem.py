"""A training problem (X, y, W₀, v) and how an instance is drawn.

Instances are drawn on the host, in float64, by NumPy's Philox generator, one named stream for each
ingredient, keyed by the values (n, k, d, trial): the same trial is the same problem on any backend,
in any order, at any batch size, and two activations can be compared on the same data.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from overparam.arrays import Array, array_namespace, form_of
from overparam.arrays.memory import physical_memory
from overparam.components.faults import PluginFailure, calling
from overparam.components.whole import whole
from overparam.model.data.base import DataGenerator, Dataset, Labels, Matrix
from overparam.model.data.labels import FileLabels, Gaussian
from overparam.model.data.sphere import Sphere
from overparam.model.initializations import Initialization, Paper, Weights

__all__ = ["Problem", "Stream", "draw_problem", "generator", "room_needed", "usual_labels"]

_UNIT = 1e-6  # of a squared norm: rows normalized in single precision pass


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
        The data's own where they bring some, else standard Gaussian, unless given.
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
    PluginFailure
        Where a component raises anything else, or gives data or labels of another form.
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
    """Bytes that a problem and its training need at least: X with a copy, W₀ with a copy, and φ(WXᵀ)."""
    return 8 * (2 * n * d + 2 * k * d + n * k)


def _require_room(n: int, d: int, k: int) -> None:
    """Refuse what cannot be held."""
    if (needed := room_needed(n, d, k)) > physical_memory():
        raise ValueError(
            f"n={n}, d={d}, k={k} need {needed / 1e9:,.0f} GB, more than this machine's memory "
            f"({physical_memory() / 1e9:,.0f} GB)"
        )


def usual_labels(data: DataGenerator, n: int, d: int, seed: int = 0) -> Labels:
    """Return the labels used where none are named: the data's own where they bring some, else Gaussian.

    Where only drawing tells, a data set of n samples in d dimensions is drawn.

    Raises
    ------
    ValueError
        Where that cannot be drawn.
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
    """Draw a data set, and hold the generator to what it promises."""
    with calling(data, may_refuse=True):
        dataset = data.draw(n, d, rng)
        unit = data.unit_rows
    if not isinstance(dataset, Dataset):
        raise PluginFailure.of(data, f"must give a Dataset, it gave a {type(dataset).__name__}")
    if (objection := _objection(dataset.X, (n, d), finite=not unit)) is not None:
        raise PluginFailure.of(data, f"gave an X that is {objection}")
    if dataset.y is not None and (objection := _objection(dataset.y, (n,))) is not None:
        raise PluginFailure.of(data, f"gave a y that is {objection}")
    if unit:  # which no row is that is not finite
        squares = np.einsum("ij,ij->i", dataset.X, dataset.X)
        if not (squares.min() >= 1.0 - _UNIT and squares.max() <= 1.0 + _UNIT):
            row = int(np.abs(squares - 1.0).argmax())
            raise PluginFailure.of(data, f"gave an X whose row {row} is no unit vector")
    return dataset


def _labels(labels: Labels, dataset: Dataset, rng: np.random.Generator) -> Matrix:
    """Draw labels, which may read the data and not write to them."""
    shown = [None if array is None else array.view() for array in (dataset.X, dataset.y)]
    for array in shown:
        if array is not None:
            array.flags.writeable = False
    try:
        with calling(labels, may_refuse=True):
            y = labels.draw(Dataset(shown[0], shown[1]), rng)  # type: ignore[arg-type]
    except ValueError as error:
        if "read-only" in str(error):  # NumPy's words for a write to what is shown
            raise PluginFailure.of(labels, f"must not write to the data: {error}") from error
        raise
    if (objection := _objection(y, dataset.X.shape[:1])) is not None:
        raise PluginFailure.of(labels, f"gave a y that is {objection}")
    return y if y.flags.writeable else y.copy()


def _weights(
    initialization: Initialization, n: int, k: int, d: int, y: Matrix, rng: np.random.Generator
) -> Weights:
    """Draw initial weights, and hold the initialization to what it promises."""
    shown = y.view()
    shown.flags.writeable = False
    with calling(initialization, may_refuse=True):
        drawn = initialization.draw(n, k, d, shown, rng)
    if not isinstance(drawn, tuple) or len(drawn) != 2:
        raise PluginFailure.of(initialization, f"must give W and v, it gave a {type(drawn).__name__}")
    for name, array, shape in (("W", drawn[0], (k, d)), ("v", drawn[1], (k,))):
        if (objection := _objection(array, shape)) is not None:
            raise PluginFailure.of(initialization, f"gave a {name} that is {objection}")
    return Weights(*drawn)


def _objection(array: object, shape: tuple[int, ...], *, finite: bool = True) -> str | None:
    if not isinstance(array, np.ndarray) or array.dtype != np.float64 or array.shape != shape:
        return f"{form_of(array)}, where a float64 array of shape {shape} is asked for"
    return "not finite everywhere" if finite and not np.isfinite(array).all() else None
