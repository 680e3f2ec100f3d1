"""The exponential linear unit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from overparam.plugin import Activation, Array, array_namespace

__all__ = ["ELU"]


@dataclass(frozen=True)
class ELU(Activation):
    """ELU with α = 1, φ(z) = z for z ≥ 0 and eᶻ − 1 below; B = 1.

    With this α the derivative min(1, eᶻ) is continuous, so there is no kink, and φ″ jumps from
    1 to 0 at the origin, within B.
    """

    name: ClassVar[str] = "elu"

    @property
    def bound(self) -> float:
        """B = 1."""
        return 1.0

    def value(self, z: Array) -> Array:
        """max(z, 0) + e^{min(z, 0)} − 1."""
        xp = array_namespace(z)
        return xp.maximum(z, 0.0) + xp.expm1(xp.minimum(z, 0.0))

    def derivative(self, z: Array) -> Array:
        """e^{min(z, 0)}."""
        xp = array_namespace(z)
        return xp.exp(xp.minimum(z, 0.0))
