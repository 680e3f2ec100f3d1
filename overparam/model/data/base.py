"""The contracts of data generators and of labels."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar, TypeAlias

import numpy as np
from numpy.typing import NDArray

from overparam.components import Component

__all__ = ["ContentChanged", "DataGenerator", "Dataset", "Labels", "Matrix"]

Matrix: TypeAlias = NDArray[np.float64]


class ContentChanged(ValueError):
    """Error for a source of data whose contents have changed since the work began.

    Attributes
    ----------
    exit_code : int
        1: the work could not be finished.
    """

    exit_code = 1


@dataclass(frozen=True)
class Dataset:
    """A data matrix and, where the source has them, its own labels.

    Attributes
    ----------
    X : ndarray, shape (n, d)
        One sample a row; unit Euclidean norm unless the generator says otherwise.
    y : ndarray, shape (n,), or None
    """

    X: Matrix
    y: Matrix | None = None


@dataclass(frozen=True)
class DataGenerator(Component):
    """Draws data matrices X with unit rows. Everything is drawn on the host, in float64."""

    kind: ClassVar[str] = "data generator"

    @abstractmethod
    def draw(self, n: int, d: int, rng: np.random.Generator) -> Dataset:
        """Draw n samples in d dimensions, all randomness from `rng`.

        Raises
        ------
        ValueError
            Where no such data set can be had; the message says what could be.
        """

    @property
    def unit_rows(self) -> bool:
        """Whether the rows of X have norm 1, as the theorems assume; a field ``normalize`` may say no."""
        return getattr(self, "normalize", True) is not False

    def brings_labels(self) -> bool | None:
        """Whether its data sets have labels of their own; None where only drawing one tells."""
        return None

    def shape(self) -> tuple[int, int] | None:
        """The only (n, d) that this source has, or None where any can be drawn."""
        return None

    def digest(self) -> str | None:
        """What tells this source's contents from others', or None where its specification does."""
        return None

    def pinned(self, digest: str) -> DataGenerator:
        """Return a generator of the contents with this digest only, for work that lasts.

        Where the source holds others by then, `draw` of what is returned raises `ContentChanged`. It is sent
        to other processes and hosts, and so is the digest in it. A source that cannot change is its own.
        """
        return self


@dataclass(frozen=True)
class Labels(Component):
    """Draws label vectors y."""

    kind: ClassVar[str] = "labels"

    @abstractmethod
    def draw(self, dataset: Dataset, rng: np.random.Generator) -> Matrix:
        """Labels for a data set, shape (n,), all randomness from `rng`."""
