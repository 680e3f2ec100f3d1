"""First-order methods: an elementwise rule for the weights, given the gradient."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, NamedTuple

from overparam.arrays import Array
from overparam.methods.base import Move, Optimizer
from overparam.methods.point import Point
from overparam.model.activations.base import Activation
from overparam.model.problem import Problem

__all__ = ["FirstOrder", "State", "Step"]

State = tuple[Array, ...]
"""State of a first-order method between updates: arrays shaped like the weights."""


class Step(NamedTuple):
    """Step size and iteration number, arguments of an update rule.

    Attributes
    ----------
    size : array or float
        η, broadcastable to the weights.
    iteration : int or array
        τ, the number of previous updates.
    """

    size: Array
    iteration: Array


class _Under(NamedTuple):
    """The rule's state for every trained array, η and the number of updates made."""

    states: tuple[State, ...]
    size: float
    iteration: int


@dataclass(frozen=True)
class FirstOrder(Optimizer):
    """A first-order method θ_{τ+1} = update(θ_τ, ∇L(θ_τ), state): its rule is elementwise.

    The same rule updates W and v, each with its own state. It is pure: it returns new arrays and changes
    none. Engines run it in batches and may record it and run it in a compiled loop, so it uses operators and
    elementwise functions only.
    """

    def init(self, weights: Array) -> State:
        """State before the first update: arrays shaped like `weights`, or () for a method without state."""
        return ()

    @abstractmethod
    def update(self, weights: Array, gradient: Array, state: State, step: Step) -> tuple[Array, State]:
        """Return new weights and state; all arrays of one shape, (..., k, d) for W and (..., k, 1) for v.

        `gradient` is the gradient of the loss, or the mean of the samples' gradients over the rows that
        `row_blocks` drew for this update.
        """

    @abstractmethod
    def step_size_for(self, problem: Problem, activation: Activation) -> float:
        """η for one problem, a positive number."""

    def elementwise(self) -> FirstOrder:
        """Return the method itself."""
        return self

    def start(self, point: Point) -> Any:
        """Return the rule's state for every trained array."""
        network = point.network
        size = self.step_size_for(Problem(network.X, network.y, point.W, point.v), network.activation)
        return _Under(tuple(self.init(_columns(array)) for array in point.trained), size, 0)

    def step(self, point: Point, state: Any) -> Move:
        """Update every trained array once."""
        step = Step(state.size, float(state.iteration))
        moved = [
            self.update(_columns(array), _columns(gradient), own, step)
            for array, gradient, own in zip(point.trained, point.gradient(), state.states, strict=True)
        ]
        pairs = zip(moved, point.trained, strict=True)
        trained = tuple(new if array.ndim == 2 else new[:, 0] for (new, _), array in pairs)
        states = tuple(own for _, own in moved)
        return Move(point.at(trained), _Under(states, state.size, state.iteration + 1))


def _columns(array: Array) -> Array:
    """V of shape (k,) as a column (k, 1); W unchanged."""
    return array if array.ndim == 2 else array[:, None]
