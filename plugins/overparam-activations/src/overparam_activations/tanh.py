"""The hyperbolic tangent."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from overparam.plugin import Activation, Array, array_namespace

__all__ = ["Tanh"]


@dataclass(frozen=True)
class Tanh(Activation):
    """φ(z) = tanh(z), φ′ = 1 − tanh²; B = 1 (|φ″| ≤ 4/(3√3))."""

    name: ClassVar[str] = "tanh"

    @property
    def bound(self) -> float:
        """B = 1."""
        return 1.0

    @property
    def curvature_bound(self) -> float:
        """|φ″| = 2t(1 − t²), t = tanh(z), at t = 1/√3: 4/(3√3)."""
        return 4.0 / (3.0 * math.sqrt(3.0))

    def value(self, z: Array) -> Array:
        """tanh(z)."""
        return array_namespace(z).tanh(z)

    def derivative(self, z: Array) -> Array:
        """(1 − t)(1 + t), t = tanh(z)."""
        t = array_namespace(z).tanh(z)
        return (1.0 - t) * (1.0 + t)
