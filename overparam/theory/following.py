"""A training run recorded for the theorems: the method's own iterates."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from overparam.arrays import Array, squared_norm
from overparam.arrays.backends import Backend, backend_of
from overparam.model.network import forward
from overparam.model.problem import Problem
from overparam.runs import Job, Look, Portable, Recipe
from overparam.theory.probes import Probe, Trajectory, probe_at

__all__ = ["follow", "geometric_iterations"]


@dataclass
class _Follower:
    """Observer that stores every iterate that the stop rule checks, and probes the Jacobian on schedule."""

    problem: Problem
    recipe: Recipe
    backend: Backend
    due: frozenset[int]
    rows: dict[int, tuple[float, float, float]] = field(default_factory=dict)
    probes: dict[int, Probe] = field(default_factory=dict)

    def next_after(self, iteration: int) -> int:
        """Return the next iterate that is checked or scheduled."""
        every = self.recipe.optimizer.updates_between_checks()
        checked = (iteration // every + 1) * every
        return min([checked, *(t for t in self.due if t > iteration)])

    def see(self, look: Look) -> None:
        """Store an iterate; for a direct solver the first one, W₀ with the drawn v."""
        if look.iteration in self.rows:
            return
        p = self.problem
        W, v = (self.backend.asarray(array, self.recipe.dtype) for array in (look.W, look.v))
        residual = _root(squared_norm(forward(p.X, W, v, self.recipe.activation) - p.y))
        distance = _root(squared_norm(W - p.W0, axes=2))
        every = self.recipe.optimizer.updates_between_checks()
        if look.iteration % every == 0 or look.last:
            self.rows[look.iteration] = (residual, distance, look.path_length)
        if (look.iteration in self.due or look.last) and math.isfinite(distance + residual):
            self.probes[look.iteration] = probe_at(p, self.recipe.activation, W, look.iteration)


def follow(problem: Problem, recipe: Recipe, probes: int = 9) -> Trajectory:
    """Train as the portable engine does; return the trajectory that the theorems need.

    Parameters
    ----------
    problem : Problem
        A single problem, of any namespace.
    recipe : Recipe
        Every method is followed step by step. If the hidden layer is not trained, W stays at W₀.
    probes : int
        Largest number of probes of the Jacobian, at least 2: at the start, at the end, and in between at
        iterations that grow geometrically.

    Raises
    ------
    ValueError
        For a stack of problems, fewer than 2 probes, or labels for which the loss is not defined.
    """
    if problem.batch_shape:
        raise ValueError("follow needs a single problem: pass one of problem.singles()")
    if probes < 2:
        raise ValueError(f"probes must be at least 2, the start and the end; got {probes}")
    backend = backend_of(problem.X)
    due = frozenset(geometric_iterations(recipe.stop.max_iterations, probes))
    follower = _Follower(problem, recipe, backend, due)
    with np.errstate(over="ignore", invalid="ignore"):
        job = Job([problem], recipe, backend, watches=(lambda problem: follower,))
        [(_, outcome)] = Portable().run(job)
    table = np.asarray(list(follower.rows.values()), dtype=np.float64)
    return Trajectory(
        iterations=np.asarray(list(follower.rows), dtype=np.int64),
        residual=table[:, 0].copy(),
        distance=table[:, 1].copy(),
        path_length=table[:, 2].copy(),
        probes=tuple(follower.probes.values()),
        followed=_in_words(recipe),
        outcome=outcome,
    )


def _in_words(recipe: Recipe) -> str:
    name = recipe.optimizer.specification()
    if recipe.optimizer.solves:
        return f"W₀ alone, with the drawn v: {name} solves for v and does not change W₀"
    if recipe.optimizer.elementwise() is not None:
        return f"the updates of {name}"
    return f"the steps of {name}, accepted or not"


def geometric_iterations(last: int, count: int) -> set[int]:
    """Return 0 and `count` − 2 iterations that grow geometrically towards `last`, excluding `last`."""
    if count == 2 or last < 1:
        return {0}
    return {0, *(round(t) for t in np.geomspace(1, last, count - 1)[:-1])}


def _root(squared: Array) -> float:
    """Root of a squared norm; inf if divergence has made it nan."""
    value = float(squared)
    return math.inf if math.isnan(value) else math.sqrt(value)
