"""Gaussian hidden weights and output weights of one size, both scaled."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from overparam.components import require_positive
from overparam.model.data.base import Matrix
from overparam.model.initializations.base import Initialization, Weights

__all__ = ["Scaled"]


@dataclass(frozen=True)
class Scaled(Initialization):
    """W₀ i.i.d. N(0, s²) and v = ±c/√k: every unit acts, at odd k too.

    Attributes
    ----------
    hidden : float
        s, the standard deviation of W₀.
    output : float
        c.
    signs : "balanced" or "random"
        The first ⌈k/2⌉ entries of v positive and the rest negative, or each sign by a fair coin.
    """

    name: ClassVar[str] = "scaled"
    hidden: float = 1.0
    output: float = 1.0
    signs: Literal["balanced", "random"] = "balanced"

    def __post_init__(self) -> None:
        require_positive("hidden", self.hidden)
        require_positive("output", self.output)
        if self.signs not in ("balanced", "random"):
            raise ValueError(f"signs must be 'balanced' or 'random', got {self.signs!r}")

    @property
    def standard_gaussian(self) -> bool:
        """Whether s is 1."""
        return self.hidden == 1.0

    def draw(self, n: int, k: int, d: int, y: Matrix, rng: np.random.Generator) -> Weights:
        """Draw W₀, then the signs of v."""
        W0 = self.hidden * rng.standard_normal((k, d))
        if self.signs == "random":
            signs = 2.0 * rng.integers(0, 2, (k,)).astype(np.float64) - 1.0
        else:
            signs = np.where(np.arange(k) < (k + 1) // 2, 1.0, -1.0)
        return Weights(W0, self.output / math.sqrt(k) * signs)
