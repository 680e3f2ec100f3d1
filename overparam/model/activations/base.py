"""The contract of an activation."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from overparam.arrays import Array
from overparam.components import Component

__all__ = ["Activation"]


@dataclass(frozen=True)
class Activation(Component):
    """An activation φ : R → R, written once as two elementwise functions over the Array API.

    Engines record `value` and `derivative` together and compute a common subexpression once. Write such a
    subexpression the same way in both.

    Attributes
    ----------
    kinks : tuple of float
        Points where φ′ jumps; empty for a smooth φ.
    bound : float or None
        B with |φ′(z)| ≤ B and, away from kinks, |φ″(z)| ≤ B for all z (Theorem 2.1); None where
        no finite bound exists or none is known.
    curvature_bound : float or None
        M with |φ″(z)| ≤ M for all z, at most B (Lemma 6.8); None where φ′ jumps or none is known.
    """

    kind: ClassVar[str] = "activation"

    @property
    def kinks(self) -> tuple[float, ...]:
        """Points where φ′ jumps; none for a smooth φ."""
        return ()

    @property
    def bound(self) -> float | None:
        """B of Theorem 2.1, or None if there is no bound or none is known."""
        return None

    @property
    def curvature_bound(self) -> float | None:
        """M of Lemma 6.8, sup |φ″|, or None if there is no bound or none is known."""
        return None

    @abstractmethod
    def value(self, z: Array) -> Array:
        """φ(z), elementwise; same shape and dtype as `z`."""

    @abstractmethod
    def derivative(self, z: Array) -> Array:
        """φ′(z), elementwise; a generalized derivative at the kinks."""
