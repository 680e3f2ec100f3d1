"""One training run, reported by `train` and `replay` as a JSON document or a table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from overparam.cli.document import components_document, outcome_document, problem_document, recipe_document
from overparam.cli.summary import echo_rows, training_rows
from overparam.model.data import DataGenerator, Labels
from overparam.runs import Outcome, Training

__all__ = [
    "plot_option",
    "points_of_a_plot",
    "print_training",
    "record_every_option",
    "training_document",
]

_POINTS_OF_A_PLOT = 500

record_every_option = click.option(
    "--record-every", type=click.IntRange(min=1), metavar="N", help="Record the residual every N iterations."
)
plot_option = click.option(
    "--plot",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Draw residual and distance (.png, .svg, .pdf).",
)


def points_of_a_plot(max_iterations: int) -> int:
    """Return the number of iterations between two points of a picture."""
    return max(1, max_iterations // _POINTS_OF_A_PLOT)


def training_document(
    command: str,
    training: Training,
    outcome: Outcome,
    data: DataGenerator,
    labels: Labels,
    given: dict[str, Any],
) -> dict[str, Any]:
    """Return the JSON document; `given` has the seed, the trial, and the strings of data and labels."""
    job = training.job
    problem = job.problems[0]
    return {
        "command": command,
        "problem": problem_document(problem, job.activation, given),
        **recipe_document(problem, job.recipe),
        "components": components_document(job.recipe, data, labels),
        **outcome_document(job.loss, outcome),
        "backend": job.backend.specification(),
        "device": job.backend.device_name(),
        "dtype": job.dtype,
        "engine": outcome.engine,
        "engine_notes": list(training.objections),
        "seconds": outcome.seconds,
    }


def print_training(document: dict[str, Any]) -> None:
    """Print the JSON document as a table."""
    computed = "{engine} on {backend}, {device}, {dtype}, in {seconds:.3g} s".format(**document)
    echo_rows({**training_rows(document, document), "computed by": computed})
