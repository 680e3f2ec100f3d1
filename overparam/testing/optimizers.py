"""Checks of optimizers: those of all families, then those of each family."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import partial
from typing import Any

from overparam.methods import DirectSolver, FirstOrder, FunctionSpace, Optimizer
from overparam.model.activations import Softplus
from overparam.model.problem import draw_problem
from overparam.runs import Outcome, StopRule
from overparam.testing.checks import Check, require, same_bits
from overparam.testing.first_order import first_order_checks
from overparam.testing.function_space import function_space_checks
from overparam.testing.solvers import solver_checks
from overparam.testing.trainings import EASY, job_of, outcomes_of, problems_of

__all__ = ["optimizer_checks"]

_ITERATIONS = 40
_FAMILIES: list[tuple[type[Optimizer], Callable[[Any], list[Check]]]] = [
    (FirstOrder, first_order_checks),
    (FunctionSpace, function_space_checks),
    (DirectSolver, solver_checks),
]


def optimizer_checks(optimizer: Optimizer) -> list[Check]:
    """Return the named checks that every optimizer must pass."""
    families = [checks for family, checks in _FAMILIES if isinstance(optimizer, family)]
    return [
        Check("deterministic-under-a-seed", partial(_deterministic, optimizer)),
        Check("batch-composition-is-irrelevant", partial(_company, optimizer)),
        Check("descends-on-a-known-problem", partial(_descends, optimizer)),
        *(check for checks in families for check in checks(optimizer)),
    ]


def _deterministic(optimizer: Optimizer) -> None:
    job = job_of(problems_of(13), optimizer, StopRule(_ITERATIONS, 1e-9))
    for first, second in zip(outcomes_of(job), outcomes_of(job), strict=True):
        require(
            _same(first, second),
            "two runs on the same problems differ: keep no state, and take all randomness from rng",
        )


def _company(optimizer: Optimizer) -> None:
    problems = problems_of(13)
    stop = StopRule(_ITERATIONS, 1e-9)
    together = outcomes_of(job_of([*problems, *problems[::-1]], optimizer, stop))
    for problem, *seen in zip(problems, together, together[::-1], strict=False):
        [alone] = outcomes_of(job_of([problem], optimizer, stop))
        require(
            all(_same(alone, outcome) for outcome in seen),
            f"the problem k={problem.k}, d={problem.d} ends differently in a batch than alone: the rule "
            "must be elementwise, without sums or norms over the batch",
        )


def _same(a: Outcome, b: Outcome) -> bool:
    """Whether two outcomes are equal to the bit, except for wall time."""
    numbers = [
        (o.status, o.iterations, o.relative_residual, o.distance_from_initialization, o.path_length)
        for o in (a, b)
    ]
    return repr(numbers[0]) == repr(numbers[1]) and same_bits(a.W, b.W) and same_bits(a.v, b.v)


def _descends(optimizer: Optimizer) -> None:
    n, k, d = EASY
    problem = draw_problem(n, d, k, seed=5)
    job = job_of([problem], optimizer, StopRule(1500, 1e-3), activation=Softplus())
    [start] = outcomes_of(dataclasses.replace(job, recipe=job.recipe.until(0)))
    [end] = outcomes_of(job)
    wanted = 0.5 if optimizer.solves else 0.5 * start.relative_residual
    require(
        end.relative_residual <= wanted,
        f"on n={n}, d={d}, k={k} the relative residual goes from {start.relative_residual:.3g} to "
        f"{end.relative_residual:.3g} in {end.iterations} updates ({end.status}): it must at least halve",
    )
