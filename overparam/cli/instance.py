"""One instance of a training problem, as several commands are asked for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from overparam.cli.options import all_of, problem_options
from overparam.data import DataGenerator, Labels
from overparam.plugins import Registry
from overparam.problems import Problem, draw_problem

__all__ = ["instance_of", "instance_options"]

F = TypeVar("F", bound=Callable[..., Any])

_DEFAULT_N, _DEFAULT_D = 100, 20


def instance_options(components: Callable[[Any], Any] = problem_options) -> Callable[[F], F]:
    """Sizes, components, seed and trial of one instance."""
    return all_of(
        click.option("--n", type=int, help="Samples.  [default: the data file's, else 100]"),
        click.option("--d", type=int, help="Inputs.  [default: the data file's, else 20]"),
        click.option(
            "--k",
            type=int,
            default=20,
            show_default=True,
            help="Hidden units. The data depend on it too: (seed, n, k, d, trial) names the instance.",
        ),
        components,
        click.option("--trial", type=click.IntRange(min=0), default=0, show_default=True),
    )


def instance_of(registry: Registry, given: dict[str, Any]) -> Problem:
    """Draw the problem that the options describe.

    Raises
    ------
    ValueError
        For sizes that cannot be, or that are not the data's.
    """
    data = registry.resolve(DataGenerator, given["data"])
    own = data.shape() or (_DEFAULT_N, _DEFAULT_D)
    n, d = (
        size if asked is None else asked for asked, size in zip((given["n"], given["d"]), own, strict=True)
    )
    return draw_problem(
        n,
        d,
        given["k"],
        seed=given["seed"],
        trial=given["trial"],
        data=data,
        labels=registry.resolve(Labels, given["labels"]),
    )
