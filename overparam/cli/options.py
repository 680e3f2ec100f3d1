"""Options that several commands share, and their types."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any, TypeVar

import click

from overparam import defaults
from overparam.cli.output import echo, is_utf8
from overparam.cli.visible import visible_json

__all__ = [
    "RANGE",
    "all_of",
    "data_options",
    "echo_json",
    "json_flag",
    "max_iterations_option",
    "problem_options",
    "range_option",
    "stop_options",
    "trials_option",
]

F = TypeVar("F", bound=Callable[..., Any])


class Range(click.ParamType[tuple[int, ...]]):
    """Whole numbers: ``1:25`` with both ends in, ``5:50:5`` with a step, ``10,20,50``, or mixtures."""

    name = "range"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, ...]:
        """Parse; a file of options may give numbers and lists of them."""
        if isinstance(value, tuple):
            return value
        parts = value if isinstance(value, list) else [value]
        # Inside: the command line must start without NumPy.
        from overparam.studies.grid import parse_range

        try:
            return parse_range(",".join(map(str, parts)))
        except ValueError as error:
            self.fail(str(error), param, ctx)


RANGE = Range()


def range_option(name: str, default: str, text: str) -> Callable[[F], F]:
    """An option that takes a range."""
    return click.option(name, type=RANGE, default=default, show_default=True, metavar="RANGE", help=text)


def all_of(*options: Callable[[Any], Any]) -> Callable[[F], F]:
    """Several options as one decorator, in the order of the help."""

    def decorate(function: F) -> F:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


_ACTIVATION = click.option("--activation", default=defaults.ACTIVATION, show_default=True, metavar="SPEC")
_LOSS = click.option(
    "--loss",
    default=defaults.LOSS,
    show_default=True,
    metavar="SPEC",
    help="squared; logistic and hinge for labels ±1.",
)
_INITIALIZATION = click.option(
    "--initialization",
    default=defaults.INITIALIZATION,
    show_default=True,
    metavar="SPEC",
    help="paper (Theorem 2.1's), scaled:hidden=1,output=1,signs=random, symmetric.",
)
_LAYERS = click.option(
    "--layers",
    type=click.Choice(["hidden", "output", "both"]),
    help="What is trained: W, v or both.  [default: the optimizer's; hidden for gd]",
)
_OPTIMIZER = click.option(
    "--optimizer",
    default=defaults.OPTIMIZER,
    show_default=True,
    metavar="SPEC",
    help="gd (the step size of Figure 2), gd:step_size=0.15, gd:step_size=theorem, "
    "sgd:step_size=0.5,batch_size=1, least-squares.",
)
_DATA = click.option(
    "--data",
    default=defaults.DATA,
    show_default=True,
    metavar="SPEC",
    help="sphere, separated:delta=0.5, file:path=X.npz.",
)
_LABELS = click.option(
    "--labels",
    metavar="SPEC",
    help="gaussian, rademacher, file.  [default: file where the data bring labels, else gaussian]",
)
_SEED = click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)


def problem_options(function: F) -> F:
    """What is trained: activation, loss, initialization, optimizer, layers, data, labels and seed."""
    return all_of(_ACTIVATION, _LOSS, _INITIALIZATION, _OPTIMIZER, _LAYERS, _DATA, _LABELS, _SEED)(function)


def data_options(function: F) -> F:
    """Activation, data and seed, for commands that train nothing."""
    return all_of(_ACTIVATION, _DATA, _SEED)(function)


max_iterations_option = click.option(
    "--max-iterations", type=click.IntRange(min=0), default=defaults.MAX_ITERATIONS, show_default=True
)
trials_option = click.option(
    "--trials",
    type=click.IntRange(min=1),
    default=defaults.TRIALS,
    show_default=True,
    help="Realizations a cell.",
)


def stop_options(function: F) -> F:
    """When a training stops."""
    return all_of(
        max_iterations_option,
        click.option(
            "--tolerance",
            type=float,
            default=defaults.TOLERANCE,
            show_default=True,
            help="Success below this ‖f − y‖/‖y‖; for logistic and hinge, the fraction that may be wrong.",
        ),
    )(function)


def json_flag(function: F) -> F:
    """Ask for one JSON document on standard output."""
    return click.option(
        "--json", "as_json", is_flag=True, help="One JSON document on standard output, nothing else."
    )(function)


def echo_json(document: Any) -> None:
    """Print a JSON document; numbers that are not finite become null."""
    text = json.dumps(_finite(document), ensure_ascii=not is_utf8(), allow_nan=False, indent=2)
    echo(visible_json(text))


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value
