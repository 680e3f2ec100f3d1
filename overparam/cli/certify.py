"""``overparam certify``: a training run, and every theorem that applies to it."""

from __future__ import annotations

import math
import shutil
from pathlib import Path
from textwrap import wrap
from typing import Any

import click

from overparam import defaults
from overparam.arrays.backends import Backend
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
from overparam.cli.output import echo
from overparam.cli.settings import Settings
from overparam.figures import ENDINGS, bounds_figure, save
from overparam.model.data import DataGenerator
from overparam.model.problem import Problem
from overparam.theory import Certificate, Evaluated, Theorem, certificate_of

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
    help="Looks at the Jacobian, at most.",
)
@click.option(
    "--plot",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Draw the residual, the theorems' bounds and the linearized prediction.",
)
@json_flag
@click.pass_obj
def certify(settings: Settings, /, **given: Any) -> None:
    """Train, and evaluate every theorem that applies: hypotheses and conclusions, theory against practice.

    A ratio of a conclusion is measured over promised, at its worst on the run: at most 1 where the promise
    is kept. A hypothesis that fails does not stop the conclusions being measured.
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
    parts = {**recipe.components, "data": data, "labels": labels}
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
        document = {
            "command": "certify",
            "problem": problem_document(problem, recipe.activation, given),
            **recipe_document(problem, recipe),
            "components": {part: component.identity()._asdict() for part, component in parts.items()},
            "outcome": outcome_document(recipe.loss, certificate.run.outcome),
            "backend": backend.specification(),
            "device": backend.device_name(),
            "dtype": dtype,
            "seconds": certificate.run.outcome.seconds,
            **certificate.to_json(),
        }
    if given["plot"] is not None:
        save(bounds_figure(certificate), given["plot"])
    if given["as_json"]:
        echo_json(document)
    else:
        _print(certificate)


def _print(certificate: Certificate) -> None:
    width = min(shutil.get_terminal_size().columns, 110)
    outcome = certificate.run.outcome
    _print_wrapped(
        f"Followed {certificate.run.followed}: {str(outcome.status).replace('_', ' ')} at iteration "
        f"{outcome.iterations:,}, {certificate.setting.recipe.loss.measure} {outcome.relative_residual:.4g}, "
        f"‖W − W₀‖ {outcome.distance_from_initialization:.4g}",
        width,
    )
    for one in certificate.evaluated:
        _print_theorem(one, width)
    if certificate.set_aside:
        echo("Not about this setting")
        for title, reason in certificate.set_aside:
            _print_wrapped(f"  {title}: {reason}", width)
    if certificate.failed:
        echo(click.style("Failed and set aside", fg="red"))
        for failed in certificate.failed:
            _print_wrapped(f"  {failed.name} ({failed.component} of {failed.origin}): {failed.reason}", width)


def _print_theorem(one: Evaluated, width: int) -> None:
    echo(click.style(one.theorem.title, bold=True))
    for hypothesis in one.hypotheses:
        where = "" if hypothesis.at_iteration is None else f" at iteration {hypothesis.at_iteration}"
        ratio = f", ratio {hypothesis.ratio:.3g}" if math.isfinite(hypothesis.ratio) else ""
        sides = f"{hypothesis.left:.3g} against {hypothesis.right:.3g}{ratio}{where}"
        _print_wrapped(f"  if   {_verdict(hypothesis.holds)} {hypothesis.statement}: {sides}", width)
        _print_note(hypothesis.note, width)
    for conclusion in one.conclusions:
        where = "" if conclusion.at_iteration is None else f" at iteration {conclusion.at_iteration}"
        worst = conclusion.worst_ratio
        measured = "no ratio" if math.isnan(worst) else f"worst ratio {worst:.3g}{where}"
        _print_wrapped(f"  then {_verdict(conclusion.holds)} {conclusion.statement}: {measured}", width)
        _print_note(conclusion.note, width)
    if one.probability is not None:
        nothing = " (it promises nothing)" if one.probability <= 0.0 else ""
        echo(f"  with probability at least {one.probability:.6g}{nothing}")


def _verdict(holds: bool | None) -> str:
    return "?  " if holds is None else "yes" if holds else "no "


def _print_note(note: str, width: int) -> None:
    if note:
        _print_wrapped(f"           {note}", width)


def _print_wrapped(text: str, width: int) -> None:
    echo("\n".join(wrap(text, width, subsequent_indent=" " * 11)))
