"""Options that several commands share, and their types."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any, TypeVar

import click

from overparam import defaults
from overparam.cli.completion import Component, catalogue
from overparam.cli.output import echo, is_utf8
from overparam.cli.visible import visible_json

__all__ = [
    "RANGE",
    "all_of",
    "component_option",
    "data_options",
    "echo_json",
    "executor_option",
    "json_flag",
    "max_iterations_option",
    "problem_options",
    "range_option",
    "stop_options",
    "trials_option",
]

F = TypeVar("F", bound=Callable[..., Any])


class Range(click.ParamType[tuple[int, ...]]):
    """Whole numbers: ``1:25`` with both ends included, ``5:50:5`` with a step, ``10,20,50``, or mixtures."""

    name = "range"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, ...]:
        """Parse a range; in a sweep file it may also be a number or a list of numbers."""
        if isinstance(value, tuple):
            return value
        parts = value if isinstance(value, list) else [value]
        # Imported here: the command line must start without NumPy.
        from overparam.studies.grid import parse_range

        try:
            return parse_range(",".join(map(str, parts)))
        except ValueError as error:
            self.fail(str(error), param, ctx)


RANGE = Range()


def range_option(name: str, default: str, text: str) -> Callable[[F], F]:
    """Return an option whose value is a range."""
    return click.option(name, type=RANGE, default=default, show_default=True, metavar="RANGE", help=text)


def all_of(*options: Callable[[Any], Any]) -> Callable[[F], F]:
    """Return several options as one decorator, in the order of the help."""

    def decorate(function: F) -> F:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


class _Components(click.Option):
    """An option whose value is a component; its help lists the installed ones."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """Return the line of the help."""
        assert isinstance(self.type, Component)
        names = [each.name for each in catalogue(ctx) if each.kind == self.type.kind]
        given, self.help = self.help, ", ".join(dict.fromkeys(names)) + (self.help or "") + "."
        try:
            return super().get_help_record(ctx)
        finally:
            self.help = given


def component_option(name: str, kind: str, default: str | None, more: str = "") -> Callable[[F], F]:
    """Return an option whose value is a component; `more` follows the names in its help."""
    return click.option(
        name,
        cls=_Components,
        type=Component(kind),
        default=default,
        show_default=default is not None,
        metavar="SPEC",
        help=more,
    )


_ACTIVATION = component_option("--activation", "activation", defaults.ACTIVATION)
_LOSS = component_option("--loss", "loss", defaults.LOSS, "; logistic and hinge are for labels ±1")
_INITIALIZATION = component_option(
    "--initialization",
    "initialization",
    defaults.INITIALIZATION,
    "; paper is that of Theorem 2.1; e.g. scaled:hidden=1,output=1,signs=random",
)
_LAYERS = click.option(
    "--layers",
    type=click.Choice(["hidden", "output", "both"]),
    help="Trained weights: W, v or both.  [default: the optimizer's; hidden for gd]",
)
_OPTIMIZER = component_option(
    "--optimizer",
    "optimizer",
    defaults.OPTIMIZER,
    "; gd takes the step size of Figure 2; e.g. gd:step_size=0.15, gd:step_size=theorem, "
    "sgd:step_size=0.5,batch_size=1",
)
_DATA = component_option(
    "--data", "data generator", defaults.DATA, "; e.g. separated:delta=0.5, file:path=X.npz"
)
_LABELS = component_option(
    "--labels", "labels", None, "; default: those that come with the data, else gaussian"
)
executor_option = component_option("--executor", "executor", defaults.EXECUTOR, "; e.g. processes:workers=2")
_SEED = click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)


def problem_options(function: F) -> F:
    """Options of a training run: the components of its problem and its recipe, and the seed."""
    return all_of(_ACTIVATION, _LOSS, _INITIALIZATION, _OPTIMIZER, _LAYERS, _DATA, _LABELS, _SEED)(function)


def data_options(function: F) -> F:
    """Options of commands that train nothing: activation, data and seed."""
    return all_of(_ACTIVATION, _DATA, _SEED)(function)


max_iterations_option = click.option(
    "--max-iterations", type=click.IntRange(min=0), default=defaults.MAX_ITERATIONS, show_default=True
)
trials_option = click.option(
    "--trials",
    type=click.IntRange(min=1),
    default=defaults.TRIALS,
    show_default=True,
    help="Realizations per cell.",
)


def stop_options(function: F) -> F:
    """Options of the stop rule of a training run."""
    return all_of(
        max_iterations_option,
        click.option(
            "--tolerance",
            type=float,
            default=defaults.TOLERANCE,
            show_default=True,
            help="Success: ‖f − y‖/‖y‖ below this; for logistic and hinge, at most this share misclassified.",
        ),
    )(function)


def json_flag(function: F) -> F:
    """Option that prints one JSON document on standard output."""
    return click.option(
        "--json", "as_json", is_flag=True, help="Print one JSON document on standard output, nothing else."
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
