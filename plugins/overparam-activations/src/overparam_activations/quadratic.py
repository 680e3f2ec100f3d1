"""The quadratic activation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from overparam.plugin import Activation, Array

__all__ = ["Quadratic"]


@dataclass(frozen=True)
class Quadratic(Activation):
    """φ(z) = z²/2, φ′(z) = z; no bound B, because φ′ grows. Lemma 6.4 reduces other activations to it."""

    name: ClassVar[str] = "quadratic"

    @property
    def curvature_bound(self) -> float:
        """φ″ = 1."""
        return 1.0

    def value(self, z: Array) -> Array:
        """z²/2."""
        return 0.5 * z * z

    def derivative(self, z: Array) -> Array:
        """φ′ = z, as a new array."""
        return 1.0 * z

    def gaussian_kernel(self, cosine: Array, sine: Array) -> Array:
        """E[φ(g)φ(g′)] = (1 + 2ρ²)/4."""
        return 0.25 + 0.5 * cosine * cosine

    def derivative_kernel(self, cosine: Array, sine: Array) -> Array:
        """E[gg′] = ρ."""
        return 1.0 * cosine
