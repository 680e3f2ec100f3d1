"""Softplus."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from overparam.arrays import Array, array_namespace
from overparam.model.activations.base import Activation

__all__ = ["Softplus"]


@dataclass(frozen=True)
class Softplus(Activation):
    """Softplus, φ(z) = log(1 + eᶻ), φ′(z) = 1 / (1 + e⁻ᶻ); B = 1 (|φ′| ≤ 1, |φ″| ≤ ¼).

    Computed from e^{-|z|}, which does not overflow and is accurate in both tails.
    """

    name: ClassVar[str] = "softplus"

    @property
    def bound(self) -> float:
        """B = 1."""
        return 1.0

    @property
    def curvature_bound(self) -> float:
        """φ″(0) = ¼."""
        return 0.25

    def value(self, z: Array) -> Array:
        """log(1 + eᶻ) = max(z, 0) + log(1 + e^{-|z|})."""
        xp = array_namespace(z)
        return xp.maximum(z, 0.0) + xp.log1p(xp.exp(-xp.abs(z)))

    def derivative(self, z: Array) -> Array:
        """1 / (1 + e⁻ᶻ), from e^{-|z|} in both tails."""
        xp = array_namespace(z)
        e = xp.exp(-xp.abs(z))
        # The numerator is 1 for z ≥ 0 and e below: `maximum` is five times as fast as `where` in NumPy.
        return xp.maximum(xp.astype(z >= 0.0, z.dtype), e) / (1.0 + e)
