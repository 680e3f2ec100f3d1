"""Data from a cube, projected to the unit sphere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from overparam.model.data.base import DataGenerator, Dataset

__all__ = ["Cube"]


@dataclass(frozen=True)
class Cube(DataGenerator):
    """Rows i.i.d. uniform in the cube [−1, 1]ᵈ, each divided by its norm: denser towards the corners."""

    name: ClassVar[str] = "cube"

    def brings_labels(self) -> bool:
        """Return False."""
        return False

    def draw(self, n: int, d: int, rng: np.random.Generator) -> Dataset:
        """Draw X, shape (n, d)."""
        X = rng.uniform(-1.0, 1.0, (n, d))
        return Dataset(X / np.linalg.norm(X, axis=1, keepdims=True))
