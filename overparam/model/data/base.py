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
    """Error for a data source whose contents have changed since the work began.

    Attributes
    ----------
    exit_code : int
        1: the work could not be finished.
    """

    exit_code = 1


@dataclass(frozen=True)
class Dataset:
    """A data matrix and, if the source provides them, labels.

    Attributes
    ----------
    X : ndarray, shape (n, d)
        One sample per row; unit Euclidean norm unless the generator documents another scale.
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
        """Return n samples in d dimensions; all randomness comes from `rng`.

        Raises
        ------
        ValueError
            If no such data set exists; the message says which ones do.
        """

    @property
    def unit_rows(self) -> bool:
        """Whether the rows of X have norm 1, as the theorems assume; a false field ``normalize`` means no."""
        return getattr(self, "normalize", True) is not False

    def brings_labels(self) -> bool | None:
        """Whether its data sets have labels of their own; None if only a draw can tell."""
        return None

    def shape(self) -> tuple[int, int] | None:
        """The only (n, d) of this source, or None if it can draw any."""
        return None

    def digest(self) -> str | None:
        """Digest of the source's contents, or None if its specification determines them."""
        return None

    def pinned(self, digest: str) -> DataGenerator:
        """Return a generator restricted to the contents with this digest, for use during a whole sweep.

        If the source's contents differ later, `draw` of the returned generator raises `ContentChanged`. The
        generator is sent to other processes and hosts together with the digest. A source that cannot change
        returns itself.
        """
        return self


@dataclass(frozen=True)
class Labels(Component):
    """Draws label vectors y."""

    kind: ClassVar[str] = "labels"

    @abstractmethod
    def draw(self, dataset: Dataset, rng: np.random.Generator) -> Matrix:
        """Return labels for a data set, shape (n,); all randomness comes from `rng`."""
