"""The exponential linear unit."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from overparam.plugin import Activation, Array, array_namespace

__all__ = ["ELU"]


@dataclass(frozen=True)
class ELU(Activation):
    """ELU, φ(z) = z for z ≥ 0 and α(eᶻ − 1) below (Clevert et al., arXiv:1511.07289).

    With α = 1 the derivative is continuous, and φ″ jumps from 1 to 0 at the origin; with any other α
    φ′ itself jumps there, from α to 1.

    Attributes
    ----------
    alpha : float
        α, a positive number.
    """

    name: ClassVar[str] = "elu"
    alpha: float = 1.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.alpha) and self.alpha > 0.0):
            raise ValueError(f"alpha must be a positive number, got {self.alpha}")

    @property
    def bound(self) -> float:
        """B = max(1, α)."""
        return max(1.0, self.alpha)

    @property
    def curvature_bound(self) -> float | None:
        """The supremum 1 for α = 1; None for any other α, because φ′ jumps."""
        return 1.0 if self.alpha == 1.0 else None

    @property
    def kinks(self) -> tuple[float, ...]:
        """The origin, unless α = 1."""
        return () if self.alpha == 1.0 else (0.0,)

    def value(self, z: Array) -> Array:
        """max(z, 0) + α(e^{min(z, 0)} − 1)."""
        xp = array_namespace(z)
        return xp.maximum(z, 0.0) + self.alpha * xp.expm1(xp.minimum(z, 0.0))

    def derivative(self, z: Array) -> Array:
        """1 for z ≥ 0, αeᶻ below."""
        xp = array_namespace(z)
        if self.alpha == 1.0:
            return xp.exp(xp.minimum(z, 0.0))
        return xp.where(z >= 0.0, 1.0, self.alpha * xp.exp(xp.minimum(z, 0.0)))
