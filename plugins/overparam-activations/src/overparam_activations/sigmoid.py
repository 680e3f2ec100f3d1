"""The logistic sigmoid."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from overparam.plugin import Activation, Array, array_namespace

__all__ = ["Sigmoid"]


@dataclass(frozen=True)
class Sigmoid(Activation):
    """φ(z) = 1/(1 + e⁻ᶻ), φ′ = φ(1 − φ); B = ¼ (|φ″| ≤ 1/(6√3)).

    Computed from e^{-|z|}, which does not overflow and is accurate in both tails.
    """

    name: ClassVar[str] = "sigmoid"

    @property
    def bound(self) -> float:
        """B = ¼."""
        return 0.25

    @property
    def curvature_bound(self) -> float:
        """|φ″| = φ(1 − φ)|1 − 2φ| at φ = (1 ± 1/√3)/2: 1/(6√3)."""
        return 1.0 / (6.0 * math.sqrt(3.0))

    def value(self, z: Array) -> Array:
        """1/(1 + e⁻ᶻ)."""
        xp = array_namespace(z)
        e = xp.exp(-xp.abs(z))
        # The numerator is 1 for z ≥ 0 and e below.
        return xp.maximum(xp.astype(z >= 0.0, z.dtype), e) / (1.0 + e)

    def derivative(self, z: Array) -> Array:
        """e^{-|z|}/(1 + e^{-|z|})²."""
        xp = array_namespace(z)
        e = xp.exp(-xp.abs(z))
        return e / ((1.0 + e) * (1.0 + e))
