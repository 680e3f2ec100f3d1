"""Pairs of equal units with opposite output weights: the initial network is 0."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from overparam.components import require_positive
from overparam.model.data.base import Matrix
from overparam.model.initializations.base import Initialization, Weights

__all__ = ["Symmetric"]


@dataclass(frozen=True)
class Symmetric(Initialization):
    """Units 2j and 2j + 1 share their weights, i.i.d. N(0, s²), and have v = ±c/√k, so that f(W₀) = 0.

    For odd k the last unit has v = 0.

    Attributes
    ----------
    hidden : float
        s, the standard deviation of W₀.
    output : float or None
        c; if None, ‖y‖/√n, the size of the paper's initialization.
    """

    name: ClassVar[str] = "symmetric"
    hidden: float = 1.0
    output: float | None = None

    def __post_init__(self) -> None:
        require_positive("hidden", self.hidden)
        if self.output is not None:
            require_positive("output", self.output)

    def draw(self, n: int, k: int, d: int, y: Matrix, rng: np.random.Generator) -> Weights:
        """Draw one unit of each pair, and the odd one."""
        units = self.hidden * rng.standard_normal(((k + 1) // 2, d))
        size = float(np.linalg.norm(y)) / math.sqrt(n) if self.output is None else self.output
        v = size / math.sqrt(k) * np.where(np.arange(k) % 2 == 0, 1.0, -1.0)
        v[2 * (k // 2) :] = 0.0
        return Weights(np.repeat(units, 2, axis=0)[:k], v)
