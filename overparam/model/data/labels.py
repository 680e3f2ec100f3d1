"""The built-in labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from overparam.model.data.base import Dataset, Labels, Matrix

__all__ = ["NO_LABELS", "FileLabels", "Gaussian", "Rademacher"]

NO_LABELS = "labels 'file' needs data with its own y; this data has none"


@dataclass(frozen=True)
class Gaussian(Labels):
    """Labels i.i.d. N(0, 1), not normalized (Section 4)."""

    name: ClassVar[str] = "gaussian"

    def draw(self, dataset: Dataset, rng: np.random.Generator) -> Matrix:
        """Draw y, shape (n,)."""
        return rng.standard_normal((dataset.X.shape[0],))


@dataclass(frozen=True)
class Rademacher(Labels):
    """Labels i.i.d. uniform on {−1, +1}."""

    name: ClassVar[str] = "rademacher"

    def draw(self, dataset: Dataset, rng: np.random.Generator) -> Matrix:
        """Draw y, shape (n,)."""
        return 2.0 * rng.integers(0, 2, (dataset.X.shape[0],)).astype(np.float64) - 1.0


@dataclass(frozen=True)
class FileLabels(Labels):
    """The labels that come with the data."""

    name: ClassVar[str] = "file"

    def draw(self, dataset: Dataset, rng: np.random.Generator) -> Matrix:
        """Return the data set's own y, shape (n,)."""
        if dataset.y is None:
            raise ValueError(NO_LABELS)
        return dataset.y
