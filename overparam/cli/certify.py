"""``overparam certify``: a training, and every theorem that applies to it."""

from __future__ import annotations

import shutil
from pathlib import Path
from textwrap import wrap
from typing import Any

import click

from overparam.activations import Activation
from overparam.backends import Backend
from overparam.cli.instance import UNUSED_LABELS, instance_of, instance_options, labels_of
from overparam.cli.options import echo_json, json_flag, stop_options
from overparam.cli.output import echo
from overparam.cli.settings import Settings
from overparam.data import DataGenerator
from overparam.faults import calling
from overparam.figures import bounds_figure, save
from overparam.optimizers import FirstOrder, Optimizer
from overparam.problems import Problem
from overparam.theory import Certificate, Evaluated, Theorem
from overparam.theory import certify as evaluate
from overparam.training import StopRule, require_first_order
from overparam.training.elementwise import require_elementwise

__all__ = ["certify"]


@click.command()
@instance_options
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
    backend = registry.resolve(Backend, settings.backend)
    backend.require()
    drawn = instance_of(registry, given)
    labels, unused = labels_of(registry, given)
    if unused:
        settings.note(UNUSED_LABELS.format(labels.specification()))
    with backend.scope():
        dtype = settings.dtype or "float64"
        X, y, W0, v = (backend.asarray(array, dtype) for array in (drawn.X, drawn.y, drawn.W0, drawn.v))
        problem = Problem(X, y, W0, v, key=drawn.key)
        activation = registry.resolve(Activation, given["activation"])
        optimizer = registry.resolve(Optimizer, given["optimizer"])
        require_elementwise(activation, X)
        if activation.bound == 0.0:
            raise ValueError(
                f"{activation.specification()} is constant: φ′ = 0, and no theorem is about that"
            )
        if isinstance(optimizer, FirstOrder):
            require_first_order(optimizer, problem, activation)
        with calling(activation, optimizer):
            certificate = evaluate(
                problem,
                activation,
                optimizer,
                StopRule(given["max_iterations"], given["tolerance"]),
                data=registry.resolve(DataGenerator, given["data"]),
                theorems=registry.all_of(Theorem),
                delta=given["delta"],
                probes=given["probes"],
            )
    if given["plot"] is not None:
        save(bounds_figure(certificate), given["plot"])
    if given["as_json"]:
        echo_json({"command": "certify", **certificate.to_json()})
    else:
        _print(certificate)


def _print(certificate: Certificate) -> None:
    width = min(shutil.get_terminal_size().columns, 110)
    for one in certificate.evaluated:
        _print_theorem(one, width)
    if certificate.set_aside:
        echo("Not about this setting")
        for title, reason in certificate.set_aside:
            _print_wrapped(f"  {title}: {reason}", width)


def _print_theorem(one: Evaluated, width: int) -> None:
    echo(click.style(one.theorem.title, bold=True))
    for hypothesis in one.hypotheses:
        sides = f"{hypothesis.left:.3g} against {hypothesis.right:.3g}, ratio {hypothesis.ratio:.3g}"
        _print_wrapped(f"  if   {_verdict(hypothesis.holds)} {hypothesis.statement}: {sides}", width)
    for conclusion in one.conclusions:
        where = "" if conclusion.at_iteration is None else f" at iteration {conclusion.at_iteration}"
        measured = f"worst ratio {conclusion.worst_ratio:.3g}{where}"
        _print_wrapped(f"  then {_verdict(conclusion.holds)} {conclusion.statement}: {measured}", width)


def _verdict(holds: bool | None) -> str:
    return "?  " if holds is None else "yes" if holds else "no "


def _print_wrapped(text: str, width: int) -> None:
    echo("\n".join(wrap(text, width, subsequent_indent=" " * 11)))
