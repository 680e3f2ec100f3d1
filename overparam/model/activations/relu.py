"""The rectified linear unit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from overparam.arrays import Array, array_namespace
from overparam.model.activations.base import Activation

__all__ = ["ReLU"]


@dataclass(frozen=True)
class ReLU(Activation):
    """ReLU, φ(z) = max(0, z), with the generalized derivative φ′(z) = 1{z ≥ 0} (Section 1.3)."""

    name: ClassVar[str] = "relu"
    kinks: ClassVar[tuple[float, ...]] = (0.0,)

    @property
    def bound(self) -> float:
        """B = 1."""
        return 1.0

    def value(self, z: Array) -> Array:
        """max(z, 0)."""
        return array_namespace(z).maximum(z, 0.0)

    def derivative(self, z: Array) -> Array:
        """1 where z ≥ 0, else 0."""
        return array_namespace(z).astype(z >= 0.0, z.dtype)
