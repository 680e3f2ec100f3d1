"""``overparam certify``: a training run, and every theorem that applies to it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from overparam import defaults
from overparam.arrays.backends import Backend
from overparam.cli.certificate import echo_details, echo_lines
from overparam.cli.document import components_document, outcome_document, problem_document, recipe_document
from overparam.cli.draws import echo_draws
from overparam.cli.gap import echo_gaps
from overparam.cli.instance import (
    UNUSED_LABELS,
    check_outputs,
    instance_of,
    instance_options,
    labels_of,
    recipe_for,
)
from overparam.cli.options import echo_json, json_flag, stop_options
from overparam.cli.output import echo
from overparam.cli.settings import Settings
from overparam.cli.summary import echo_rows, training_rows
from overparam.figures import ENDINGS, bounds_figure, gap_figure, save
from overparam.model.data import DataGenerator
from overparam.model.problem import Problem
from overparam.theory import Theorem, certificate_of, gaps, over_draws

__all__ = ["certify"]


@click.command()
@instance_options()
@stop_options
@click.option("--delta", type=float, default=1.0, show_default=True, help="δ of the probability statements.")
@click.option(
    "--probes",
    type=click.IntRange(min=2, max=1_000_000),
    default=9,
    show_default=True,
    help="Compute the Jacobian's spectrum at no more than this many iterates.",
)
@click.option(
    "--plot",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Draw the residual, the theorems' bounds and the linearized prediction.",
)
@click.option(
    "--gap",
    is_flag=True,
    help="Split the gap between Theorems 6.2, 6.3 and 3.2 and this run into one factor for each step of the "
    "proof; --plot then draws the factors.",
)
@click.option(
    "--draws",
    type=click.IntRange(min=1),
    metavar="N",
    help="Train from N draws of W₀ on the same data, and compare how often each promise is kept with the "
    "stated probability.",
)
@click.option("--details", is_flag=True, help="List every hypothesis and promise, with notes.")
@json_flag
@click.pass_obj
def certify(settings: Settings, /, **given: Any) -> None:
    """Train, and evaluate the hypotheses and promises of every theorem that applies.

    Each theorem has one line: whether its hypotheses are met, or by what factor the worst one fails, and
    whether its promises are kept. The ratio of a promise is the worst ratio of measured to promised during
    the run: at most 1 if it is kept. Promises are also measured if a hypothesis fails.
    """
    registry = settings.registry
    check_outputs(registry, given, {"plot": ENDINGS})
    backend = registry.resolve(Backend, settings.backend)
    backend.require()
    drawn = instance_of(registry, given)
    dtype = settings.dtype or defaults.TRAIN_DTYPE
    recipe = recipe_for(registry, given, dtype)
    data = registry.resolve(DataGenerator, given["data"])
    labels, unused = labels_of(registry, given)
    given["labels"] = labels.specification()
    if unused:
        settings.note(UNUSED_LABELS.format(given["labels"]))
    with backend.scope():
        X, y, W0, v = (backend.asarray(array, dtype) for array in (drawn.X, drawn.y, drawn.W0, drawn.v))
        problem = Problem(X, y, W0, v, key=drawn.key)
        certificate = certificate_of(
            problem,
            recipe,
            data=data,
            theorems=registry.all_of(Theorem),
            origins=registry.origins(Theorem),
            delta=given["delta"],
            probes=given["probes"],
        )
        distances = gaps(certificate) if given["gap"] else ()
        drawn_again = over_draws(certificate, given["draws"], given["probes"]) if given["draws"] else None
        document = {
            "command": "certify",
            "problem": problem_document(problem, recipe.activation, given),
            **recipe_document(problem, recipe),
            "components": components_document(recipe, data, labels),
            "outcome": outcome_document(recipe.loss, certificate.run.outcome),
            "backend": backend.specification(),
            "device": backend.device_name(),
            "dtype": dtype,
            "seconds": certificate.run.outcome.seconds,
            **certificate.to_json(),
        }
    if drawn_again is not None:
        document["draws"] = drawn_again.to_json()
    if given["gap"]:
        document["gap"] = [one.to_json() for one in distances]
    if given["plot"] is not None:
        save(gap_figure(distances) if given["gap"] else bounds_figure(certificate), given["plot"])
    if given["as_json"]:
        echo_json(document)
    else:
        echo_rows({**training_rows(document, document["outcome"]), "followed": certificate.run.followed})
        echo()
        (echo_details if given["details"] else echo_lines)(certificate)
        if given["gap"]:
            echo()
            echo_gaps(distances)
        if drawn_again is not None:
            echo()
            echo_draws(drawn_again)
