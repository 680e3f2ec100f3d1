"""Uniform data on the unit sphere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from overparam.model.data.base import DataGenerator, Dataset, Matrix

__all__ = ["Sphere", "uniform_on_sphere"]


def uniform_on_sphere(n: int, d: int, rng: np.random.Generator) -> Matrix:
    """Return n points i.i.d. uniform on the unit sphere of Rᵈ, shape (n, d)."""
    X = rng.standard_normal((n, d))
    norms = np.linalg.norm(X, axis=1, keepdims=True)
    return np.asarray(X / norms, dtype=np.float64)


@dataclass(frozen=True)
class Sphere(DataGenerator):
    """Rows i.i.d. uniform on the unit sphere of Rᵈ (Corollary 2.2, Section 4)."""

    name: ClassVar[str] = "sphere"

    def brings_labels(self) -> bool:
        """Return False."""
        return False

    def draw(self, n: int, d: int, rng: np.random.Generator) -> Dataset:
        """Draw X, shape (n, d)."""
        return Dataset(uniform_on_sphere(n, d, rng))
