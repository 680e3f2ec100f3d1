"""The instances that every contender trains, and the type of the function that trains them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from overparam.arrays.backends import Backend, DType, NumPy
from overparam.methods import GradientDescent
from overparam.model.activations import Activation
from overparam.model.problem import Problem, draw_problem
from overparam.runs import Engine, Job, Recipe, StopRule
from tests.benchmarks.cells import Cell

__all__ = ["Instances", "Run", "trained_by"]

_MOST_LABELS = 40  # for each input; with more, the paper's step size diverges
_SMALL_STEP = 0.02

Run: TypeAlias = Callable[[StopRule], NDArray[np.int64]]
"""Trains every instance from W₀ with a stop rule; returns their iterations, shape (b,)."""


@dataclass(frozen=True)
class Instances:
    """Problems of one (n, k, d), an activation and a data type; the method is gradient descent.

    Attributes
    ----------
    problems : tuple of Problem
    activation : Activation
    dtype : "float32" or "float64"
    """

    problems: tuple[Problem, ...]
    activation: Activation
    dtype: DType

    @classmethod
    def of(cls, cell: Cell) -> Instances:
        """Draw the instances of a cell."""
        problems = (draw_problem(cell.n, cell.d, cell.k, trial=trial) for trial in range(cell.batch))
        return cls(tuple(problems), cell.activation, cell.dtype)

    @property
    def optimizer(self) -> GradientDescent:
        """Gradient descent with the paper's step size (Section 4), or a small one at large n/d."""
        n, d = self.problems[0].n, self.problems[0].d
        return GradientDescent() if n <= _MOST_LABELS * d else GradientDescent(_SMALL_STEP)

    @property
    def step_size(self) -> float:
        """η, the same for all problems."""
        return self.optimizer.step_size_for(self.problems[0], self.activation)

    def recipe(self, stop: StopRule) -> Recipe:
        """The paper's recipe with this activation, data type and stop rule."""
        return Recipe(activation=self.activation, optimizer=self.optimizer, stop=stop, dtype=self.dtype)

    def arrays(self) -> tuple[NDArray[Any], ...]:
        """X (b, n, d), y (b, n), W₀ (b, k, d), v (b, k) and 1/‖y‖² (b,), in the data type."""
        stacked = (
            np.stack([np.asarray(getattr(p, name)) for p in self.problems]) for name in ("X", "y", "W0", "v")
        )
        X, y, W0, v = stacked
        scale = 1.0 / np.sum(y * y, axis=1)
        return tuple(np.ascontiguousarray(a, dtype=self.dtype) for a in (X, y, W0, v, scale))


def trained_by(engine: Engine, instances: Instances, backend: Backend | None = None) -> Run:
    """Return a function that trains with one of the engines, from host arrays to finished outcomes."""
    place = backend or NumPy()

    def run(stop: StopRule) -> NDArray[np.int64]:
        job = Job(instances.problems, instances.recipe(stop), place)
        iterations = np.zeros(len(instances.problems), dtype=np.int64)
        for position, outcome in engine.run(job):
            iterations[position] = outcome.iterations
        return iterations

    return run
