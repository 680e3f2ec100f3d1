"""The contracts of optimizers: first-order and function-space methods on W, direct solvers of v."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from overparam.activations.base import Activation
from overparam.arrays import Array
from overparam.components import Component
from overparam.problems import Problem

__all__ = ["DirectSolver", "FirstOrder", "FunctionSpace", "Optimizer", "OutputLayer", "State", "Step"]

State = tuple[Array, ...]
"""What a first-order method carries from one update to the next: arrays shaped like W."""


@dataclass(frozen=True)
class Optimizer(Component):
    """Base of the three families below."""

    kind: ClassVar[str] = "optimizer"

    def effective_parameters(self, k: int, d: int) -> int:
        """Return how many of the trained parameters can act: 2⌊k/2⌋d, since odd k leave one v at 0."""
        return 2 * (k // 2) * d


class Step(NamedTuple):
    """What an update rule knows beside the weights.

    Attributes
    ----------
    size : array or float
        η, broadcastable to the weights.
    iteration : int or array
        τ, the number of updates made before this one.
    """

    size: Array
    iteration: Array


@dataclass(frozen=True)
class FirstOrder(Optimizer):
    """A first-order method W_{τ+1} = update(W_τ, ∇L(W_τ), state): its rule is elementwise.

    The rule is pure: it returns new arrays and writes to none. Engines may record it and run it in
    a compiled loop, so it uses operators and elementwise functions only.
    """

    def updates_between_checks(self) -> int:
        """Return how many updates lie between two checks of the stop rule: 1, as in Section 4."""
        return 1

    def init(self, weights: Array) -> State:
        """State before the first update, arrays shaped like `weights`; () for a method without."""
        return ()

    @abstractmethod
    def update(self, weights: Array, gradient: Array, state: State, step: Step) -> tuple[Array, State]:
        """Return new weights and state; all arrays (..., k, d).

        `gradient` is ∇L(W), or the mean of the samples' gradients over the rows that `row_blocks`
        drew for this update.
        """

    @abstractmethod
    def step_size_for(self, problem: Problem, activation: Activation) -> float:
        """η for one problem, a positive number."""

    def row_blocks(self, n: int, rng: np.random.Generator) -> Iterator[NDArray[np.int64]] | None:
        """Rows that each update sees, in blocks (updates, rows); None for the full gradient."""
        return None


@dataclass(frozen=True)
class FunctionSpace(Optimizer):
    """A method that moves W by W_{τ+1} = W_τ − J(W_τ)ᵀα, with α in Rⁿ found from r and JJᵀ.

    Gauss–Newton steps of least norm have this form, damped or not: n equations, however many
    parameters. The loop tries the step, takes it where the loss falls, and tells the method how well
    the linear model predicted that; what the method remembers is one number, its damping.
    """

    @abstractmethod
    def initial_damping(self, gram: Array) -> float:
        """Damping before the first step, from JJᵀ, shape (n, n), at W₀."""

    @abstractmethod
    def coefficients(self, gram: Array, residual: Array, damping: float) -> Array:
        """α, shape (n,), from JJᵀ, shape (n, n), and r = f(W) − y, shape (n,)."""

    @abstractmethod
    def next_damping(self, damping: float, gain: float) -> float:
        """Damping after a step.

        `gain` is the fall of ‖r‖² over the fall that the linear model r − JJᵀα promised: near 1 where
        the model holds; where it is not positive, or not a number, the step was not taken.
        """


class OutputLayer(NamedTuple):
    """A solution for the output weights.

    Attributes
    ----------
    v : array, shape (..., k)
    rank : array of int, shape (...)
        Numerical rank of Φ = φ(XWᵀ); Φ has full row rank where it is n.
    residual : array, shape (..., n)
        Φv − y.
    """

    v: Array
    rank: Array
    residual: Array


@dataclass(frozen=True)
class DirectSolver(Optimizer):
    """A method that solves for the output weights in one go, W₀ fixed (Section 3)."""

    def effective_parameters(self, k: int, d: int) -> int:
        """Return k: the output layer is what is trained."""
        return k

    @abstractmethod
    def solve(self, problem: Problem, activation: Activation) -> OutputLayer:
        """Solve min_v ‖φ(XW₀ᵀ)v − y‖ for one problem or a stack."""
