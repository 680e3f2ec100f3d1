"""Activations given by their Hermite coefficients."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from overparam.arrays import Array
from overparam.model.activations.base import Activation

__all__ = ["Hermite"]


@dataclass(frozen=True)
class Hermite(Activation):
    """A polynomial φ(z) = Σ_r c_r h_r(z) in the normalized probabilists' Hermite polynomials.

    h_0 = 1, h_1 = z and √(r+1) h_{r+1} = z h_r − √r h_{r−1}, so that E[h_r(g)h_s(g)] = 1{r = s} for
    g ~ N(0, 1), and h_r′ = √r h_{r−1}: φ′ has the coefficients √(r+1) c_{r+1} (Appendix H).

    Attributes
    ----------
    coefficients : tuple of float
        c_0, c_1, …: μ_r(φ) = E[φ(g)h_r(g)].
    """

    name: ClassVar[str] = "hermite"
    coefficients: tuple[float, ...]

    def __post_init__(self) -> None:
        # NumPy scalars would change the data type of single-precision arrays.
        object.__setattr__(self, "coefficients", tuple(float(c) for c in self.coefficients))
        if not self.coefficients or not all(math.isfinite(c) for c in self.coefficients):
            raise ValueError("coefficients must be a non-empty list of finite numbers, e.g. 0;0.5;0;0.2")

    @property
    def bound(self) -> float | None:
        """The bound |c_1| of an affine φ; a polynomial of higher degree has none."""
        return abs(self.derivative_coefficients[0]) if not any(self.coefficients[2:]) else None

    @property
    def curvature_bound(self) -> float | None:
        """The constant |φ″| = √2|c_2| of a quadratic φ; a polynomial of higher degree has none."""
        return abs((*self.derivative_coefficients, 0.0)[1]) if not any(self.coefficients[3:]) else None

    @property
    def derivative_coefficients(self) -> tuple[float, ...]:
        """The Hermite coefficients of φ′, √(r+1) c_{r+1}."""
        rising = tuple(math.sqrt(r + 1) * c for r, c in enumerate(self.coefficients[1:]))
        return rising or (0.0,)

    def value(self, z: Array) -> Array:
        """Σ_r c_r h_r(z)."""
        return _series(self.coefficients, z)

    def derivative(self, z: Array) -> Array:
        """Σ_r √(r+1) c_{r+1} h_r(z)."""
        return _series(self.derivative_coefficients, z)


def _series(coefficients: Sequence[float], z: Array) -> Array:
    """Sum of the series by the three-term recurrence, lowest degree first."""
    total = 0.0 * z + coefficients[0]
    previous, current = 0.0, 1.0  # h_{-1}, multiplied by √0, and h_0
    for r, c in enumerate(coefficients[1:]):
        previous, current = current, (z * current - math.sqrt(r) * previous) * (1.0 / math.sqrt(r + 1))
        if c:
            total = total + c * current
    return total
