"""The Gaussian error linear unit."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from overparam.plugin import Activation, Array, array_namespace, erf

__all__ = ["GELU"]

_ROOT_HALF = math.sqrt(0.5)
_DENSITY = 1.0 / math.sqrt(2.0 * math.pi)


@dataclass(frozen=True)
class GELU(Activation):
    """φ(z) = zΦ(z), Φ the distribution function and p the density of N(0, 1); φ′ = Φ + zp, φ″ = (2 − z²)p.

    |φ′| is largest at √2, where φ″ vanishes, and |φ″| ≤ 2p(0) = 0.80 is below that.
    """

    name: ClassVar[str] = "gelu"

    @property
    def bound(self) -> float:
        """B = φ′(√2) = (1 + erf(1))/2 + e⁻¹/√π ≈ 1.129."""
        return 0.5 * (1.0 + math.erf(1.0)) + math.exp(-1.0) / math.sqrt(math.pi)

    @property
    def curvature_bound(self) -> float:
        """φ″(0) = 2p(0) = √(2/π)."""
        return 2.0 * _DENSITY

    def value(self, z: Array) -> Array:
        """z(1 + erf(z/√2))/2."""
        return 0.5 * z * (1.0 + erf(_ROOT_HALF * z))

    def derivative(self, z: Array) -> Array:
        """(1 + erf(z/√2))/2 + ze^{−z²/2}/√(2π)."""
        density = _DENSITY * array_namespace(z).exp(-0.5 * (z * z))
        return 0.5 * (1.0 + erf(_ROOT_HALF * z)) + z * density

    def gaussian_kernel(self, cosine: Array, sine: Array) -> Array:
        """ρ(¼ + asin(ρ/2)/2π) + 1/(2π√(4 − ρ²)), by Stein's identity applied three times."""
        xp = array_namespace(cosine)
        both = 0.25 + xp.asin(0.5 * cosine) * (0.5 / math.pi)  # E[Φ(g)Φ(g′)]
        return cosine * both + (0.5 / math.pi) / xp.sqrt(4.0 - cosine * cosine)

    def derivative_kernel(self, cosine: Array, sine: Array) -> Array:
        """¼ + asin(ρ/2)/2π + (5ρ − ρ³)/(2π(4 − ρ²)^{3/2}): derivative of `gaussian_kernel` in ρ (Price)."""
        xp = array_namespace(cosine)
        room = 4.0 - cosine * cosine
        both = 0.25 + xp.asin(0.5 * cosine) * (0.5 / math.pi)
        return both + cosine * (1.0 + room) * (0.5 / math.pi) / (room * xp.sqrt(room))
