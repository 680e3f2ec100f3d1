"""The absolute value."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from overparam.plugin import Activation, Array, array_namespace

__all__ = ["Absolute"]


@dataclass(frozen=True)
class Absolute(Activation):
    """φ(z) = |z|, with the generalized derivative sign(z), 0 at 0; B = 1."""

    name: ClassVar[str] = "absolute"
    kinks: ClassVar[tuple[float, ...]] = (0.0,)

    @property
    def bound(self) -> float:
        """B = 1."""
        return 1.0

    def value(self, z: Array) -> Array:
        """|z|."""
        return array_namespace(z).abs(z)

    def derivative(self, z: Array) -> Array:
        """sign(z)."""
        return array_namespace(z).sign(z)

    def gaussian_kernel(self, cosine: Array, sine: Array) -> Array:
        """(2/π)(sin θ + (π/2 − θ)cos θ)."""
        angle = array_namespace(cosine).atan2(sine, cosine)
        return (sine + (0.5 * math.pi - angle) * cosine) * (2.0 / math.pi)

    def derivative_kernel(self, cosine: Array, sine: Array) -> Array:
        """1 − 2θ/π: the signs of g and g′ differ with probability θ/π."""
        return 1.0 - array_namespace(cosine).atan2(sine, cosine) * (2.0 / math.pi)
