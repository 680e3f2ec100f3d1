"""The theorems' initialization."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from overparam.model.data.base import Matrix
from overparam.model.initializations.base import Initialization, Weights

__all__ = ["Paper", "output_weights"]


def output_weights(k: int, n: int, y: Matrix) -> Matrix:
    """Return v of the theorems: ⌊k/2⌋ entries +‖y‖/√(kn), ⌊k/2⌋ entries −‖y‖/√(kn), one 0 for odd k.

    Parameters
    ----------
    k, n : int
    y : ndarray, shape (n,)

    Returns
    -------
    ndarray, shape (k,)
        Theorem 2.1 and its footnote 1. For k = 1 it is zero: such a network cannot learn.
    """
    half = k // 2
    size = float(np.linalg.norm(y)) / math.sqrt(k * n)
    return np.concatenate([np.full(half, size), np.full(half, -size), np.zeros(k - 2 * half)])


@dataclass(frozen=True)
class Paper(Initialization):
    """W₀ i.i.d. N(0, 1), half of v +‖y‖/√(kn) and half −‖y‖/√(kn) (Theorem 2.1); odd k leave one v at 0."""

    name: ClassVar[str] = "paper"

    @property
    def standard_gaussian(self) -> bool:
        """Return True."""
        return True

    def draw(self, n: int, k: int, d: int, y: Matrix, rng: np.random.Generator) -> Weights:
        """Draw W₀; v is `output_weights`."""
        return Weights(rng.standard_normal((k, d)), output_weights(k, n, y))
