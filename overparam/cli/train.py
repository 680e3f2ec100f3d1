"""``overparam train``: one realization."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import numpy as np

from overparam import defaults
from overparam.api import Training, prepare_training
from overparam.cli.document import outcome_document, problem_document, recipe_document
from overparam.cli.instance import (
    UNUSED_LABELS,
    check_outputs,
    instance_of,
    instance_options,
    labels_of,
    recipe_for,
)
from overparam.cli.options import echo_json, json_flag, stop_options
from overparam.cli.settings import Settings
from overparam.cli.summary import echo_rows, training_rows
from overparam.figures import ENDINGS, save, training_figure
from overparam.files import replaced
from overparam.model.data import DataGenerator, Labels
from overparam.model.problem import Problem
from overparam.plugins import Registry
from overparam.runs import Outcome

__all__ = ["train"]

_POINTS_OF_A_PLOT = 500


@click.command()
@instance_options()
@stop_options
@click.option(
    "--record-every", type=click.IntRange(min=1), metavar="N", help="Keep the residual every N iterations."
)
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write problem, weights and history (.npz).",
)
@click.option(
    "--plot",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Draw residual and distance (.png, .svg, .pdf).",
)
@json_flag
@click.pass_obj
def train(settings: Settings, /, **given: Any) -> None:
    """Train one realization and report how it ended."""
    output, plot = given["output"], given["plot"]
    record_every = given["record_every"]
    if plot is not None and record_every is None:
        record_every = max(1, given["max_iterations"] // _POINTS_OF_A_PLOT)
    registry = settings.registry
    check_outputs(registry, given, {"output": (".npz",), "plot": ENDINGS})
    labels, unused = labels_of(registry, given)
    given["labels"] = labels.specification()
    recipe = recipe_for(registry, given, settings.dtype or defaults.TRAIN_DTYPE)
    problem = instance_of(registry, given)
    if unused:
        settings.note(UNUSED_LABELS.format(given["labels"]))
    training = prepare_training(registry, problem, recipe, record_every, settings.backend, settings.engine)
    for objection in training.objections:
        settings.detail(f"engine {objection}")
    [outcome] = training.run()
    document = _document(registry, training, outcome, given)
    if output is not None:
        _save(output, training.job.problems[0], outcome)
    if plot is not None:
        if outcome.history is None:
            raise click.UsageError(f"{document['optimizer']} has no iterations to plot")
        save(training_figure(outcome.history), plot)
    if given["as_json"]:
        echo_json(document)
    else:
        _print(document)


def _document(
    registry: Registry, training: Training, outcome: Outcome, given: dict[str, Any]
) -> dict[str, Any]:
    job = training.job
    problem = job.problems[0]
    parts = {
        **job.recipe.components,
        "data": registry.resolve(DataGenerator, given["data"]),
        "labels": registry.resolve(Labels, given["labels"]),
    }
    return {
        "command": "train",
        "problem": problem_document(problem, job.activation, given),
        **recipe_document(problem, job.recipe),
        "components": {part: component.identity()._asdict() for part, component in parts.items()},
        **outcome_document(job.loss, outcome),
        "backend": job.backend.specification(),
        "device": job.backend.device_name(),
        "dtype": job.dtype,
        "engine": outcome.engine,
        "engine_notes": list(training.objections),
        "seconds": outcome.seconds,
    }


def _print(document: dict[str, Any]) -> None:
    computed = "{engine} on {backend}, {device}, {dtype}, in {seconds:.3g} s".format(**document)
    echo_rows({**training_rows(document, document), "computed by": computed})


def _save(path: Path, problem: Problem, outcome: Outcome) -> None:
    arrays = {
        "X": problem.X,
        "y": problem.y,
        "W0": problem.W0,
        "v0": problem.v,
        "W": outcome.W,
        "v": outcome.v,
    }
    if outcome.history is not None:
        arrays |= vars(outcome.history)
    with replaced(path) as handle:
        np.savez(handle, allow_pickle=False, **arrays)
