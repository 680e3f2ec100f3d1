"""Stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from numbers import Integral
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from overparam.arrays import Array
from overparam.components import require_positive
from overparam.methods.first_order import FirstOrder, State, Step
from overparam.model.activations.base import Activation
from overparam.model.problem import Problem

__all__ = ["StochasticGradientDescent"]

_LARGEST_BATCH = 2**63 - 1  # rows are numbered with 64 bits
_BLOCK = 1024  # updates drawn at a time; a part of what defines the stream, so never change it


@dataclass(frozen=True)
class StochasticGradientDescent(FirstOrder):
    """SGD (2.9): each update follows the gradient of one sample, drawn uniformly with replacement.

    With a mini-batch the samples' gradients are averaged, so that the expected update is
    −(η/n)∇L(W) at every batch size.

    Attributes
    ----------
    step_size : float
        η of (2.9).
    batch_size : int
        Samples an update.
    sampling : "replacement" or "reshuffling"
        Uniform with replacement, or without: a new random order each pass through the data.
    check_every : int
        Updates between two checks of the stop rule. A check costs n samples' work, an update
        batch_size samples'.
    """

    name: ClassVar[str] = "sgd"
    step_size: float
    batch_size: int = 1
    sampling: Literal["replacement", "reshuffling"] = "replacement"
    check_every: int = 1

    def __post_init__(self) -> None:
        require_positive("step_size", self.step_size)
        for name in ("batch_size", "check_every"):
            object.__setattr__(self, name, _count(name, getattr(self, name)))
        if self.batch_size > _LARGEST_BATCH:
            raise ValueError(f"batch_size must be at most {_LARGEST_BATCH}")
        if self.sampling not in ("replacement", "reshuffling"):
            raise ValueError(f"sampling must be 'replacement' or 'reshuffling', got {self.sampling!r}")

    def update(self, weights: Array, gradient: Array, state: State, step: Step) -> tuple[Array, State]:
        """W − η·(mean gradient of the rows drawn)."""
        return weights - step.size * gradient, state

    def step_size_for(self, problem: Problem, activation: Activation) -> float:
        """η as given."""
        return self.step_size

    def updates_between_checks(self) -> int:
        """`check_every`."""
        return self.check_every

    def row_blocks(self, n: int, rng: np.random.Generator) -> Iterator[NDArray[np.int64]]:
        """Draw row numbers, (1024, batch_size) a block."""
        if self.sampling == "replacement":
            while True:
                yield rng.integers(0, n, size=(_BLOCK, self.batch_size))
        pending = np.empty(0, dtype=np.int64)
        while True:
            while pending.size < _BLOCK * self.batch_size:
                pending = np.concatenate([pending, rng.permutation(n)])
            yield pending[: _BLOCK * self.batch_size].reshape(_BLOCK, self.batch_size)
            pending = pending[_BLOCK * self.batch_size :]


def _count(name: str, value: object) -> int:
    if not isinstance(value, Integral) or isinstance(value, bool) or int(value) < 1:
        raise ValueError(f"{name} must be a positive number without a fraction, got {value!r}")
    return int(value)
