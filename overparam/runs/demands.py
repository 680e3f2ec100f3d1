"""Checks of components against their contract; cheap attribute checks, since they run every update."""

from __future__ import annotations

import math
from numbers import Real

from overparam.arrays import Array
from overparam.components.faults import PluginFailure, calling
from overparam.methods import FirstOrder, State, Step
from overparam.model.activations.base import Activation
from overparam.model.problem import Problem
from overparam.runs.elementwise import alike, require_alike, require_elementwise
from overparam.runs.recipe import Recipe

__all__ = ["require_state", "require_step_size", "require_trainable", "require_update"]


def require_trainable(recipe: Recipe, problem: Problem) -> None:
    """Evaluate the activation and the loss, and one update of an elementwise method, and check the results.

    Raises
    ------
    PluginFailure
        If one of the results is invalid.
    """
    activation, loss, W = recipe.activation, recipe.loss, problem.W0
    require_elementwise(activation, problem.X)
    with calling(loss, may_refuse=True):
        for name, of in (("value", loss.value), ("derivative", loss.derivative), ("miss", loss.miss)):
            require_alike(loss, name, of(0.0 * problem.y, problem.y), problem.y)
    with calling(recipe.optimizer, activation):
        if (rule := recipe.optimizer.elementwise()) is None:
            return
        size, state = require_step_size(rule, problem, activation), require_state(rule, W)
        require_update(rule, rule.update(W, 0.0 * W, state, Step(size, 0.0)), W, state)


def require_step_size(optimizer: FirstOrder, problem: Problem, activation: Activation) -> float:
    """Return a problem's step size η.

    Raises
    ------
    PluginFailure
        If it is not a positive number.
    """
    size = optimizer.step_size_for(problem, activation)
    if not (isinstance(size, Real) and 0.0 < float(size) < math.inf):
        raise PluginFailure.of(optimizer, f"returned the step size {size!r}, which is not a positive number")
    return float(size)


def require_state(optimizer: FirstOrder, weights: Array) -> State:
    """Return the state before the first update.

    Raises
    ------
    PluginFailure
        If it is not a tuple of arrays shaped like the weights.
    """
    state = optimizer.init(weights)
    if not (isinstance(state, tuple) and all(alike(array, weights) for array in state)):
        raise PluginFailure.of(optimizer, "must start with a tuple of arrays shaped like the weights")
    return state


def require_update(
    optimizer: FirstOrder, updated: object, weights: Array, state: State
) -> tuple[Array, State]:
    """Return new weights and state.

    Raises
    ------
    PluginFailure
        If their shapes or data types differ from the old ones.
    """
    if isinstance(updated, tuple) and len(updated) == 2:
        new, after = updated
        if (
            alike(new, weights)
            and isinstance(after, tuple)
            and len(after) == len(state)
            and all(map(alike, after, state))
        ):
            return new, after
    asked = f"{weights.dtype} {tuple(weights.shape)} and {len(state)} arrays of state"
    raise PluginFailure.of(optimizer, f"must return the shapes and data types of its arguments: {asked}")
