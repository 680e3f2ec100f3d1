"""``overparam train``: one realization."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import numpy as np

from overparam import defaults
from overparam.api import prepare_training
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
from overparam.cli.trained import (
    plot_option,
    points_of_a_plot,
    print_training,
    record_every_option,
    training_document,
)
from overparam.figures import ENDINGS, save, training_figure
from overparam.files import replaced
from overparam.model.data import DataGenerator
from overparam.model.problem import Problem
from overparam.runs import Outcome

__all__ = ["train"]


@click.command()
@instance_options()
@stop_options
@record_every_option
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write problem, weights and history (.npz).",
)
@plot_option
@json_flag
@click.pass_obj
def train(settings: Settings, /, **given: Any) -> None:
    """Train one realization and report the outcome."""
    output, plot = given["output"], given["plot"]
    record_every = given["record_every"]
    if plot is not None and record_every is None:
        record_every = points_of_a_plot(given["max_iterations"])
    registry = settings.registry
    check_outputs(registry, given, {"output": (".npz",), "plot": ENDINGS})
    labels, unused = labels_of(registry, given)
    given["labels"] = labels.specification()
    recipe = recipe_for(registry, given, settings.dtype or defaults.TRAIN_DTYPE)
    problem = instance_of(registry, given)
    if unused:
        settings.note(UNUSED_LABELS.format(given["labels"]))
    training = prepare_training(registry, [problem], recipe, record_every, settings.backend, settings.engine)
    for objection in training.objections:
        settings.detail(f"engine {objection}")
    [outcome] = training.run()
    data = registry.resolve(DataGenerator, given["data"])
    document = training_document("train", training, outcome, data, labels, given)
    if output is not None:
        _save(output, training.job.problems[0], outcome)
    if plot is not None:
        if outcome.history is None:
            raise click.UsageError(f"{document['optimizer']} has no iterations to plot")
        save(training_figure(outcome.history), plot)
    if given["as_json"]:
        echo_json(document)
    else:
        print_training(document)


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
