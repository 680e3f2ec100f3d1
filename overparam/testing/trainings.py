"""The small trainings that optimizers and engines are tried on."""

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
"""(k, d): single units, odd widths, sizes that no vector register or padding fits."""

EASY = (24, 40, 12)
"""(n, k, d) with twenty times as many parameters as labels, where every sound method gets ahead."""


def problems_of(n: int, shapes: Sequence[tuple[int, int]] = SHAPES) -> list[Problem]:
    """Draw one problem a shape."""
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
    """Return a job with softplus and the squared loss, on NumPy in float64, unless told otherwise."""
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
    """Train, on the portable engine unless told otherwise; one outcome a problem, in their order.

    Raises
    ------
    AssertionError
        Where the engine leaves a problem out, or reports one twice.
    """
    found = list((engine or Portable()).run(job))
    positions = sorted(position for position, _ in found)
    if positions != list(range(len(job.problems))):
        raise AssertionError(
            f"run must yield every position of the {len(job.problems)} problems once, it yields {positions}"
        )
    outcomes = dict(found)
    return [outcomes[position] for position in range(len(job.problems))]
