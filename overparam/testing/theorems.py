"""Checks of theorems and claims: evaluation on small settings of every kind that ``certify`` meets.

A setting outside the theorem's scope is skipped, with its reason.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from functools import cache, partial
from typing import Any, get_args

import numpy as np

from overparam.methods import GradientDescent, LeastSquares, Optimizer, StochasticGradientDescent
from overparam.model.activations import Activation, Hermite, ReLU, Softplus
from overparam.model.data import Rademacher, Sphere
from overparam.model.initializations import Symmetric
from overparam.model.losses import Logistic
from overparam.model.problem import Problem, draw_problem
from overparam.runs import Recipe, StopRule
from overparam.studies.specification import Specification
from overparam.testing.checks import Check, Skipped, require
from overparam.theory import (
    Assertion,
    Claim,
    ClaimKind,
    Setting,
    Theorem,
    Trajectory,
    claims,
    evaluate,
    follow,
    lower_bounds_of,
)

__all__ = ["claim_checks", "theorem_checks"]

_UPDATES = 5


def theorem_checks(theorem: Theorem) -> list[Check]:
    """Return the named checks that every theorem must pass."""
    return [
        Check("says-what-it-is", partial(_texts, theorem)),
        Check("states-a-width-of-its-kind", partial(_widths, theorem)),
        *(Check(f"is-evaluated-on-{name}", partial(_evaluated, theorem, make)) for name, make in _CASES),
    ]


def claim_checks(claim: Claim) -> list[Check]:
    """Return the named checks that every claim without a certificate must pass."""
    return [
        Check("says-what-it-is", partial(_texts, claim)),
        Check("states-a-width-of-its-kind", partial(_widths, claim)),
    ]


def _texts(theorem: Assertion) -> None:
    for name in ("title", "statement", "reference"):
        text = getattr(theorem, name, None)
        require(isinstance(text, str) and bool(text), f"{name} must be a text, got {text!r}")


def _widths(assertion: Assertion) -> None:
    """Check the kind of claim, and a valid width on every setting in its scope."""
    if assertion.claimed is None:
        require(not isinstance(assertion, Claim), "claimed must name the kind of the claim")
        raise Skipped("it states no width")
    require(
        assertion.claimed in get_args(ClaimKind),
        f"claimed must be one of {', '.join(get_args(ClaimKind))}, got {assertion.claimed!r}",
    )
    require(bool(assertion.formula or assertion.growth), "it needs a formula, or a growth")
    require(assertion.growth is None or assertion.claimed == "order", "only an order claim has a growth")
    reasons = []
    for recipe in _recipes():
        found = claims(Specification(seed=7, recipe=recipe), 8, [2, 4, 20], assertions=[assertion])
        for curve in found.curves:
            require(all(k > 0.0 or math.isnan(k) for k in curve.k), f"widths must be positive: {curve.k}")
        reasons += [one.reason for one in found.left_out]
    failed = [reason for reason in dict.fromkeys(reasons) if reason.startswith("it failed")]
    require(not failed, "; ".join(failed))


@cache
def _followed(make: Callable[[], Setting]) -> tuple[Setting, Trajectory]:
    """Return a setting and its training run, the same for all theorems, as in a certificate."""
    setting = make()
    return setting, follow(setting.problem, setting.recipe, 3)


def _evaluated(theorem: Theorem, make: Callable[[], Setting]) -> None:
    setting, run = _followed(make)
    certificate = evaluate(setting, run, [theorem])
    for failed in certificate.failed:
        require(False, failed.reason)
    chain = lower_bounds_of(setting, theorems=[theorem])
    for rung in chain.left_out:
        require(not rung.note.startswith("failed"), f"lambda_bound {rung.note}")
    for rung in chain.rungs:
        require(rung.name == "start" or rung.below is not False, f"{rung.symbol} is above λ(X)")
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


def _recipes() -> list[Recipe]:
    plain = _recipe()
    return [
        plain,
        _recipe(ReLU()),
        _recipe(None, StochasticGradientDescent(0.1)),
        _recipe(ReLU(), LeastSquares()),
        dataclasses.replace(plain, layers="both"),
        dataclasses.replace(plain, loss=Logistic()),
        dataclasses.replace(plain, initialization=Symmetric()),
    ]


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
