"""The contract of a loss."""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from overparam.arrays import Array, array_namespace
from overparam.components import Component

__all__ = ["Loss", "misclassified", "require_signs", "tolerated_fraction"]


@dataclass(frozen=True)
class Loss(Component):
    """A loss L = Σᵢ ℓ(f(xᵢ), yᵢ), written as elementwise functions over the Array API.

    Engines record `derivative` and `miss` together, so write a common subexpression the same way in both.
    The measure (Σᵢ missᵢ²/scale²)^{1/exponent} is the distance from success: a training run succeeds at the
    first checked iterate whose measure is below the tolerance.

    Attributes
    ----------
    measure : str
        Name of the measure.
    exponent : int
        1 or 2: the measure to this power is the sum of the squared misses over scale².
    """

    kind: ClassVar[str] = "loss"
    measure: ClassVar[str] = "relative residual"
    exponent: ClassVar[int] = 2

    @abstractmethod
    def value(self, f: Array, y: Array) -> Array:
        """Return ℓ(f, y), elementwise."""

    @abstractmethod
    def derivative(self, f: Array, y: Array) -> Array:
        """Return ∂ℓ/∂f, elementwise; a subgradient where there is no derivative."""

    @abstractmethod
    def miss(self, f: Array, y: Array) -> Array:
        """Return the error of each sample, elementwise; nan where f is not finite."""

    @abstractmethod
    def scale(self, y: NDArray[np.float64]) -> float:
        """Return the scale of the misses for labels y of shape (n,); positive and finite.

        Raises
        ------
        ValueError
            For labels for which the loss is not defined.
        """

    def threshold(self, tolerance: float, n: int) -> float:
        """Return the threshold: training has succeeded if Σ miss²/scale² is below it."""
        return tolerance**self.exponent


def require_signs(loss: Loss, y: NDArray[np.float64]) -> None:
    """Raise ValueError unless every label is −1 or +1."""
    if not bool(np.all(np.abs(y) == 1.0)):
        other = y[np.abs(y) != 1.0][0]
        raise ValueError(
            f"the {loss.name} loss needs labels −1 and +1, got {other:g}: use labels=rademacher, or data "
            "with such labels"
        )


def misclassified(f: Array, y: Array) -> Array:
    """1 where yf ≤ 0, else 0; nan where f is not finite. Shapes and data type are those of f."""
    return array_namespace(f).astype(y * f <= 0.0, f.dtype) + 0.0 * f


def tolerated_fraction(tolerance: float, n: int) -> float:
    """A number between the largest tolerated fraction of n samples and the next larger fraction."""
    return (math.floor(min(tolerance, 1.0) * n * (1.0 + 1e-12)) + 0.5) / n
