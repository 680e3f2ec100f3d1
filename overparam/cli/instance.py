"""One instance of a training problem, from the options of several commands."""

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

UNUSED_LABELS = "Note: the data have labels of their own; --labels {} replaces them."

_DEFAULT_N, _DEFAULT_D = 100, 20


def instance_options(components: Callable[[Any], Any] = problem_options) -> Callable[[F], F]:
    """Options of one instance: sizes, components, seed and trial."""
    return all_of(
        click.option("--n", type=int, help="Samples.  [default: the data file's, else 100]"),
        click.option("--d", type=int, help="Inputs.  [default: the data file's, else 20]"),
        click.option(
            "--k",
            type=int,
            default=20,
            show_default=True,
            help="Hidden units. The data depend on k too: (seed, n, k, d, trial) identifies the instance.",
        ),
        components,
        click.option("--trial", type=click.IntRange(min=0), default=0, show_default=True),
    )


def instance_of(registry: Registry, given: dict[str, Any]) -> Problem:
    """Draw the problem that the options describe.

    Raises
    ------
    ValueError
        For impossible sizes, or sizes that differ from those of the data.
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
    """Return the recipe that the options describe."""
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
    """Return the labels that the options select, and whether they replace labels of the data."""
    data = registry.resolve(DataGenerator, given["data"])
    usual = usual_labels(data, *_sizes(data, given), given["seed"])
    if given["labels"] is None:
        return usual, False
    labels = registry.resolve(Labels, given["labels"])
    return labels, isinstance(usual, FileLabels) and not isinstance(labels, FileLabels)


def _sizes(data: DataGenerator, given: dict[str, Any]) -> tuple[int, int]:
    """Return (n, d): the given ones, else those of the data, else the defaults."""
    with calling(data, may_refuse=True):
        own = data.shape()
    n, d = own or (_DEFAULT_N, _DEFAULT_D)
    return (n if given["n"] is None else given["n"], d if given["d"] is None else given["d"])


def check_outputs(registry: Registry, given: Mapping[str, Any], endings: Mapping[str, Sequence[str]]) -> None:
    """Refuse output files that cannot or must not be written, before anything is trained.

    Parameters
    ----------
    registry : Registry
    given : mapping
        The command's parameters.
    endings : mapping
        Allowed endings of the output files, by parameter.

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
