"""The logistic loss."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from overparam.arrays import Array, array_namespace
from overparam.model.losses.base import Loss, misclassified, require_signs, tolerated_fraction

__all__ = ["Logistic"]


@dataclass(frozen=True)
class Logistic(Loss):
    """The logistic loss, ℓ(f, y) = log(1 + e^{−yf}), for labels ±1.

    The measure is the fraction of misclassified samples, yf ≤ 0. Computed from e^{−|f|}, which does not
    overflow.
    """

    name: ClassVar[str] = "logistic"
    measure: ClassVar[str] = "fraction misclassified"
    exponent: ClassVar[int] = 1

    def value(self, f: Array, y: Array) -> Array:
        """log(1 + e^{−yf}) = max(−yf, 0) + log(1 + e^{−|yf|})."""
        xp = array_namespace(f)
        margin = y * f
        return xp.maximum(-margin, 0.0) + xp.log1p(xp.exp(-xp.abs(margin)))

    def derivative(self, f: Array, y: Array) -> Array:
        """−y/(1 + e^{yf})."""
        xp = array_namespace(f)
        margin = y * f
        e = xp.exp(-xp.abs(margin))
        return -y * (xp.where(margin >= 0.0, e, 1.0) / (1.0 + e))

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
