"""One instance of a training problem, as several commands are asked for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from overparam.cli.options import all_of, problem_options
from overparam.data import DataGenerator, Labels
from overparam.files import check_output
from overparam.plugins import Registry
from overparam.problems import Problem, draw_problem

__all__ = ["check_outputs", "instance_of", "instance_options"]

F = TypeVar("F", bound=Callable[..., Any])

_DEFAULT_N, _DEFAULT_D = 100, 20


def instance_options(function: F) -> F:
    """Sizes, components, seed and trial."""
    return all_of(
        click.option("--n", type=int, help="Samples.  [default: the data file's, else 100]"),
        click.option("--d", type=int, help="Inputs.  [default: the data file's, else 20]"),
        click.option("--k", type=int, default=20, show_default=True, help="Hidden units."),
        problem_options,
        click.option("--trial", type=click.IntRange(min=0), default=0, show_default=True),
    )(function)


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


def check_outputs(registry: Registry, given: Mapping[str, Any], endings: Mapping[str, Sequence[str]]) -> None:
    """Refuse files that could not or must not be written, before anything is trained.

    Parameters
    ----------
    registry : Registry
    given : mapping
        The command's parameters.
    endings : mapping
        Of the parameters that are files to be written, how their names may end.

    Raises
    ------
    ValueError
    """
    data = registry.resolve(DataGenerator, given["data"])
    read = [value for value in vars(data).values() if isinstance(value, Path)]
    for name, allowed in endings.items():
        if (path := given[name]) is not None:
            check_output(path, allowed, inputs=read)
    written = [given[name].resolve() for name in endings if given[name] is not None]
    if len(set(written)) < len(written):
        raise ValueError(f"{written[0]} cannot be written twice: name different files")
