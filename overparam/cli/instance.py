"""One instance of a training problem, as several commands are asked for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from overparam.arrays.backends import DType
from overparam.cli.options import all_of, problem_options
from overparam.components.faults import calling
from overparam.files import check_output, real_path
from overparam.model.data import DataGenerator, FileLabels, Labels
from overparam.model.initializations import Initialization
from overparam.model.problem import Problem, draw_problem, usual_labels
from overparam.plugins import Registry
from overparam.runs import Recipe, StopRule, recipe_of

__all__ = ["UNUSED_LABELS", "check_outputs", "instance_of", "instance_options", "labels_of", "recipe_for"]

F = TypeVar("F", bound=Callable[..., Any])

UNUSED_LABELS = "Note: the data bring labels of their own, which --labels {} leaves unused."

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
    n, d = _sizes(data, given)
    return draw_problem(
        n,
        d,
        given["k"],
        seed=given["seed"],
        trial=given["trial"],
        data=data,
        labels=None if given["labels"] is None else registry.resolve(Labels, given["labels"]),
        initialization=registry.resolve(Initialization, given["initialization"]),
    )


def recipe_for(registry: Registry, given: dict[str, Any], dtype: DType) -> Recipe:
    """What the options say is trained."""
    return recipe_of(
        registry.resolve,
        activation=given["activation"],
        loss=given["loss"],
        initialization=given["initialization"],
        optimizer=given["optimizer"],
        layers=given["layers"],
        stop=StopRule(given["max_iterations"], given["tolerance"]),
        dtype=dtype,
    )


def labels_of(registry: Registry, given: dict[str, Any]) -> tuple[Labels, bool]:
    """Return the labels that the options ask for, and whether they leave some of the data's own unused."""
    data = registry.resolve(DataGenerator, given["data"])
    usual = usual_labels(data, *_sizes(data, given), given["seed"])
    if given["labels"] is None:
        return usual, False
    labels = registry.resolve(Labels, given["labels"])
    return labels, isinstance(usual, FileLabels) and not isinstance(labels, FileLabels)


def _sizes(data: DataGenerator, given: dict[str, Any]) -> tuple[int, int]:
    """(n, d) as asked for, else the data's own, else the usual one."""
    with calling(data, may_refuse=True):
        own = data.shape()
    n, d = own or (_DEFAULT_N, _DEFAULT_D)
    return (n if given["n"] is None else given["n"], d if given["d"] is None else given["d"])


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
    written = [real_path(given[name]) for name in endings if given[name] is not None]
    if len(set(written)) < len(written):
        raise ValueError(f"{written[0]} cannot be written twice: name different files")
