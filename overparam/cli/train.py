"""``overparam train``: one realization."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import numpy as np

from overparam.api import Training, prepare_training
from overparam.cli.instance import check_outputs, instance_of, instance_options
from overparam.cli.options import echo_json, json_flag, stop_options
from overparam.cli.settings import Settings
from overparam.figures import ENDINGS, save, training_figure
from overparam.files import replaced
from overparam.optimizers import FirstOrder
from overparam.problems import Problem
from overparam.training import Outcome, StopRule

__all__ = ["train"]

_POINTS_OF_A_PLOT = 500


@click.command()
@instance_options
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
    training = prepare_training(
        registry,
        instance_of(registry, given),
        activation=given["activation"],
        optimizer=given["optimizer"],
        stop=StopRule(given["max_iterations"], given["tolerance"]),
        record_every=record_every,
        backend=settings.backend,
        dtype=settings.dtype or "float64",
        engine=settings.engine,
    )
    for objection in training.objections:
        settings.detail(f"engine {objection}")
    [outcome] = training.run()
    document = _document(training, outcome, given)
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


def _document(training: Training, outcome: Outcome, given: dict[str, Any]) -> dict[str, Any]:
    job = training.job
    problem, optimizer = job.problems[0], job.optimizer
    return {
        "command": "train",
        "problem": {
            "n": problem.n,
            "d": problem.d,
            "k": problem.k,
            "seed": given["seed"],
            "trial": given["trial"],
            "activation": job.activation.specification(),
            "data": given["data"],
            "labels": given["labels"],
        },
        "optimizer": optimizer.specification(),
        "step_size": optimizer.step_size_for(problem, job.activation)
        if isinstance(optimizer, FirstOrder)
        else None,
        "status": str(outcome.status),
        "success": outcome.success,
        "iterations": outcome.iterations,
        "relative_residual": outcome.relative_residual,
        "distance_from_initialization": outcome.distance_from_initialization,
        "path_length": outcome.path_length,
        "effective_parameters": outcome.effective_parameters,
        "rank": outcome.rank,
        "backend": job.backend.specification(),
        "device": job.backend.device_name(),
        "dtype": job.dtype,
        "engine": outcome.engine,
        "engine_notes": list(training.objections),
        "seconds": outcome.seconds,
    }


def _print(document: dict[str, Any]) -> None:
    problem = document["problem"]
    rows = {
        "problem": "n={n}, d={d}, k={k}, seed {seed}, trial {trial}".format(**problem),
        "components": f"{problem['activation']}, {problem['data']} data, {problem['labels']} labels",
        "optimizer": document["optimizer"]
        + (f" (η = {document['step_size']:.6g})" if document["step_size"] else ""),
        "status": document["status"].replace("_", " "),
        "iterations": f"{document['iterations']:,}",
        "relative residual": f"{document['relative_residual']:.4g}",
        "‖W − W₀‖": f"{document['distance_from_initialization']:.4g}",
        "path length": f"{document['path_length']:.4g}",
        "parameters": f"{document['effective_parameters']} can act on n = {problem['n']} labels"
        + (f"; rank {document['rank']}" if document["rank"] is not None else ""),
        "computed by": "{engine} on {backend}, {device}, {dtype}, in {seconds:.3g} s".format(**document),
    }
    for name, text in rows.items():
        click.echo(f"{name:<18} {text}")


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
