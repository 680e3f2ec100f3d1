"""The paper's loss."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from overparam.arrays import Array
from overparam.model.losses.base import Loss

__all__ = ["Squared"]


@dataclass(frozen=True)
class Squared(Loss):
    """The squared loss, ℓ(f, y) = ½(f − y)² (equation 2.1).

    The measure is the relative residual ‖f − y‖/‖y‖ of Section 4.
    """

    name: ClassVar[str] = "squared"

    def value(self, f: Array, y: Array) -> Array:
        """½(f − y)²."""
        return 0.5 * (f - y) * (f - y)

    def derivative(self, f: Array, y: Array) -> Array:
        """Return the residual, f − y."""
        return f - y

    def miss(self, f: Array, y: Array) -> Array:
        """Return the residual, f − y."""
        return f - y

    def scale(self, y: NDArray[np.float64]) -> float:
        """‖y‖."""
        norm = float(np.linalg.norm(y))
        if not (norm > 0.0 and math.isfinite(norm)):
            raise ValueError(f"‖y‖ is {norm:g}: the relative residual ‖f − y‖/‖y‖ is undefined")
        return norm
