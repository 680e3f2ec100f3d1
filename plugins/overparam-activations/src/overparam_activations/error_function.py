"""The error function."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from overparam.plugin import Activation, Array, array_namespace, erf

__all__ = ["ErrorFunction"]

_SLOPE = 2.0 / math.sqrt(math.pi)


@dataclass(frozen=True)
class ErrorFunction(Activation):
    """φ(z) = erf(z), φ′(z) = (2/√π)e^{−z²}; B = 2/√π (|φ″| ≤ 0.97). Odd, so E[gφ′(g)] = 0."""

    name: ClassVar[str] = "erf"

    @property
    def bound(self) -> float:
        """B = φ′(0) = 2/√π."""
        return _SLOPE

    @property
    def curvature_bound(self) -> float:
        """|φ″| = (4/√π)|z|e^{−z²} at z = 1/√2: 2√2/√(πe)."""
        return math.sqrt(8.0 / (math.pi * math.e))

    def value(self, z: Array) -> Array:
        """erf(z)."""
        return erf(z)

    def derivative(self, z: Array) -> Array:
        """(2/√π)e^{−z²}."""
        return _SLOPE * array_namespace(z).exp(-(z * z))

    def gaussian_kernel(self, cosine: Array, sine: Array) -> Array:
        """(2/π)asin(2ρ/3) (Williams, 1997)."""
        return (2.0 / math.pi) * array_namespace(cosine).asin((2.0 / 3.0) * cosine)

    def derivative_kernel(self, cosine: Array, sine: Array) -> Array:
        """4/(π√(9 − 4ρ²))."""
        return (4.0 / math.pi) / array_namespace(cosine).sqrt(9.0 - 4.0 * cosine * cosine)
