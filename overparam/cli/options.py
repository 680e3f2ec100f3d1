"""Options that several commands share, and their types."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any, TypeVar

import click

from overparam.cli.visible import visible_json

__all__ = ["RANGE", "all_of", "echo_json", "json_flag", "problem_options", "range_option", "stop_options"]

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
        from overparam.sweeps.grid import parse_range

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


def problem_options(function: F) -> F:
    """What is trained: activation, optimizer, data, labels and seed."""
    return all_of(
        click.option("--activation", default="softplus", show_default=True, metavar="SPEC"),
        click.option(
            "--optimizer",
            default="gd",
            show_default=True,
            metavar="SPEC",
            help="gd (the step size of Figure 2), gd:step_size=0.15, gd:step_size=theorem, "
            "sgd:step_size=0.5,batch_size=1, least-squares.",
        ),
        click.option(
            "--data",
            default="sphere",
            show_default=True,
            metavar="SPEC",
            help="sphere, separated:delta=0.5, file:path=X.npz.",
        ),
        click.option(
            "--labels",
            default="gaussian",
            show_default=True,
            metavar="SPEC",
            help="gaussian, rademacher, file.",
        ),
        click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True),
    )(function)


def stop_options(function: F) -> F:
    """When a training stops."""
    return all_of(
        click.option("--max-iterations", type=click.IntRange(min=0), default=15_000, show_default=True),
        click.option(
            "--tolerance",
            type=float,
            default=2.5e-3,
            show_default=True,
            help="Success below this ‖f − y‖/‖y‖.",
        ),
    )(function)


def json_flag(function: F) -> F:
    """Ask for one JSON document on standard output."""
    return click.option(
        "--json", "as_json", is_flag=True, help="One JSON document on standard output, nothing else."
    )(function)


def echo_json(document: Any) -> None:
    """Print a JSON document; numbers that are not finite become null."""
    text = json.dumps(_finite(document), ensure_ascii=False, allow_nan=False, indent=2)
    click.echo(visible_json(text))


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value
