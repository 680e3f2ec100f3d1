"""The hinge loss."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from overparam.arrays import Array, array_namespace
from overparam.model.losses.base import Loss, misclassified, require_signs, tolerated_fraction

__all__ = ["Hinge"]


@dataclass(frozen=True)
class Hinge(Loss):
    """The hinge loss, ℓ(f, y) = max(0, 1 − yf), for labels ±1.

    The measure is the fraction of misclassified samples, yf ≤ 0. The derivative at the kink yf = 1 is 0.
    """

    name: ClassVar[str] = "hinge"
    measure: ClassVar[str] = "fraction misclassified"
    exponent: ClassVar[int] = 1

    def value(self, f: Array, y: Array) -> Array:
        """max(0, 1 − yf)."""
        return array_namespace(f).maximum(1.0 - y * f, 0.0)

    def derivative(self, f: Array, y: Array) -> Array:
        """−y where yf < 1, else 0."""
        return array_namespace(f).where(y * f < 1.0, -y, 0.0)

    def miss(self, f: Array, y: Array) -> Array:
        """1 where yf ≤ 0, else 0; nan where f is not finite."""
        return misclassified(f, y)

    def scale(self, y: NDArray[np.float64]) -> float:
        """√n."""
        require_signs(self, y)
        return math.sqrt(y.shape[0])

    def threshold(self, tolerance: float, n: int) -> float:
        """Return the threshold for the largest number of misclassified samples within the tolerance."""
        return tolerated_fraction(tolerance, n)
