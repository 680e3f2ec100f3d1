"""The contract of an initialization."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np

from overparam.components import Component
from overparam.model.data.base import Matrix

__all__ = ["Initialization", "Weights"]


class Weights(NamedTuple):
    """Hidden and output weights, W of shape (k, d) and v of shape (k,)."""

    W: Matrix
    v: Matrix


@dataclass(frozen=True)
class Initialization(Component):
    """Draws the weights that training starts from, on the host, in float64.

    v determines which parameters can act: while v is fixed, a unit with v = 0 contributes nothing and has
    gradient 0.
    """

    kind: ClassVar[str] = "initialization"

    @property
    def standard_gaussian(self) -> bool:
        """Whether W₀ is i.i.d. N(0, 1), as the theorems about random initializations assume."""
        return False

    @abstractmethod
    def draw(self, n: int, k: int, d: int, y: Matrix, rng: np.random.Generator) -> Weights:
        """Return W₀ (k, d) and v (k,) for labels y of shape (n,); all randomness comes from `rng`."""
