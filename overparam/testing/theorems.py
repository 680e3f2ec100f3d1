"""Checks of theorems: they are evaluated on small settings of every kind that ``certify`` meets.

A setting that the theorem says it is not about is skipped, with its reason.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from overparam.methods import GradientDescent, LeastSquares, Optimizer, StochasticGradientDescent
from overparam.model.activations import Activation, Hermite, ReLU, Softplus
from overparam.model.data import Rademacher, Sphere
from overparam.model.initializations import Symmetric
from overparam.model.losses import Logistic
from overparam.model.problem import Problem, draw_problem
from overparam.runs import Recipe, StopRule
from overparam.testing.checks import Check, Skipped, require
from overparam.theory import Setting, Theorem, evaluate, follow

__all__ = ["theorem_checks"]

_UPDATES = 5


def theorem_checks(theorem: Theorem) -> list[Check]:
    """What every theorem must satisfy: names and the functions that check."""
    return [
        Check("says-what-it-is", partial(_texts, theorem)),
        *(Check(f"is-evaluated-on-{name}", partial(_evaluated, theorem, make)) for name, make in _CASES),
    ]


def _texts(theorem: Theorem) -> None:
    for name in ("title", "statement", "reference"):
        text = getattr(theorem, name, None)
        require(isinstance(text, str) and bool(text), f"{name} must be a text, it is {text!r}")


def _evaluated(theorem: Theorem, make: Callable[[], Setting]) -> None:
    setting = make()
    run = follow(setting.problem, setting.recipe, 3)
    certificate = evaluate(setting, run, [theorem])
    for failed in certificate.failed:
        require(False, failed.reason)
    for other in certificate.inapplicable:
        raise Skipped(other.reason)


def _drawn(
    n: int, d: int, k: int, activation: Activation | None = None, optimizer: Optimizer | None = None
) -> Setting:
    return Setting(draw_problem(n, d, k, seed=7), _recipe(activation, optimizer), Sphere())


def _recipe(activation: Activation | None = None, optimizer: Optimizer | None = None) -> Recipe:
    method = optimizer or GradientDescent(0.1)
    return Recipe(
        activation=activation or Softplus(),
        optimizer=method,
        layers=method.layers[0],
        stop=StopRule(_UPDATES, 1e-9),
    )


def _other_recipe(**other: Any) -> Setting:
    problem = draw_problem(6, 4, 6, seed=7, labels=Rademacher(), initialization=other.get("initialization"))
    return Setting(problem, dataclasses.replace(_recipe(), **other), Sphere())


def _duplicated() -> Setting:
    problem = draw_problem(6, 4, 6, seed=7)
    X = np.concatenate([problem.X[:3], problem.X[:3]])
    return Setting(dataclasses.replace(problem, X=X, key=None), _recipe())


def _large_output() -> Setting:
    p = draw_problem(6, 4, 6, seed=7)
    return Setting(Problem(p.X, p.y, p.W0, 10.0 * p.v), _recipe())


_CASES: tuple[tuple[str, Callable[[], Setting]], ...] = (
    ("gradient-descent", partial(_drawn, 6, 4, 6)),
    ("gradient-descent-with-relu", partial(_drawn, 6, 4, 6, ReLU())),
    ("stochastic-gradient-descent", partial(_drawn, 6, 4, 6, None, StochasticGradientDescent(0.1))),
    ("a-direct-solver", partial(_drawn, 6, 4, 6, None, LeastSquares())),
    ("an-unbounded-activation", partial(_drawn, 6, 4, 6, Hermite((0.0, 0.5, 0.2)))),
    ("a-constant-activation", partial(_drawn, 6, 4, 6, Hermite((1.0,)))),
    ("one-sample", partial(_drawn, 1, 4, 6)),
    ("one-unit-whose-v-is-zero", partial(_drawn, 6, 4, 1)),
    ("more-samples-than-parameters", partial(_drawn, 12, 2, 3)),
    ("duplicated-samples", _duplicated),
    ("large-output-weights", _large_output),
    ("another-loss", partial(_other_recipe, loss=Logistic())),
    ("the-output-layer", partial(_other_recipe, layers="output")),
    ("both-layers", partial(_other_recipe, layers="both")),
    ("another-initialization", partial(_other_recipe, initialization=Symmetric())),
    ("no-updates", partial(_other_recipe, stop=StopRule(0, 1e-9))),
)
