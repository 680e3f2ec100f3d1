"""The small training runs on which optimizers and engines are checked."""

from __future__ import annotations

from collections.abc import Sequence

from overparam.arrays.backends import Backend, DType, NumPy
from overparam.methods import Layers, Optimizer
from overparam.model.activations import Activation, Softplus
from overparam.model.losses import Loss, Squared
from overparam.model.problem import Problem, draw_problem
from overparam.runs import Engine, Job, Outcome, Portable, Recipe, StopRule

__all__ = ["EASY", "SHAPES", "job_of", "outcomes_of", "problems_of"]

SHAPES = ((1, 3), (2, 1), (7, 5), (8, 4), (5, 12))
"""(k, d): single units, odd widths, sizes that are no multiple of a vector register or a padding."""

EASY = (24, 40, 12)
"""(n, k, d) with twenty times as many parameters as labels, where every sound method makes progress."""


def problems_of(n: int, shapes: Sequence[tuple[int, int]] = SHAPES) -> list[Problem]:
    """Return one drawn problem per shape."""
    return [draw_problem(n, d, k, seed=11, trial=trial) for trial, (k, d) in enumerate(shapes)]


def job_of(
    problems: Sequence[Problem],
    optimizer: Optimizer,
    stop: StopRule,
    *,
    activation: Activation | None = None,
    loss: Loss | None = None,
    layers: Layers | None = None,
    backend: Backend | None = None,
    dtype: DType = "float64",
    record_every: int | None = None,
) -> Job:
    """Return a job; the defaults are softplus and the squared loss, on NumPy in float64."""
    recipe = Recipe(
        activation=activation or Softplus(),
        loss=loss or Squared(),
        layers=layers or optimizer.layers[0],
        optimizer=optimizer,
        stop=stop,
        dtype=dtype,
    )
    return Job(problems, recipe, backend or NumPy(), record_every)


def outcomes_of(job: Job, engine: Engine | None = None) -> list[Outcome]:
    """Return one outcome per problem, in their order; the default engine is the portable one.

    Raises
    ------
    AssertionError
        If the engine omits a problem or reports one twice.
    """
    found = list((engine or Portable()).run(job))
    positions = sorted(position for position, _ in found)
    if positions != list(range(len(job.problems))):
        raise AssertionError(
            f"run must yield every position of the {len(job.problems)} problems once, got {positions}"
        )
    outcomes = dict(found)
    return [outcomes[position] for position in range(len(job.problems))]
