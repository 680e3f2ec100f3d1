"""``overparam reproduce``: reproduce published figures and claims."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from overparam.cli.commands import WHERE
from overparam.cli.completion import Component, catalogue
from overparam.cli.options import RANGE, echo_json, executor_option, json_flag
from overparam.cli.output import echo
from overparam.cli.progress import train_with_progress
from overparam.cli.report import write_beside
from overparam.cli.settings import Settings
from overparam.cli.sweep import execution_of
from overparam.components.faults import calling
from overparam.reproductions import Figure, Setup, folder_of, make, sweeps_of
from overparam.sweeps import Asked, Execution

__all__ = ["reproduce"]

_OPTIONS = ("trials", "grid", "max_iterations")


class _Command(click.Command):
    """A command whose help lists the figures below the options."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, then a line for each figure."""
        super().format_options(ctx, formatter)
        figures = [(each.name, each.summary) for each in catalogue(ctx) if each.kind == "figure"]
        with formatter.section("Figures"):
            formatter.write_dl(figures)


@click.command(cls=_Command)
@click.argument("figure", type=Component("figure"))
@click.option("--trials", type=click.IntRange(min=1), help="Realizations per cell.  [default: the figure's]")
@click.option("--grid", type=RANGE, metavar="RANGE", help="Values of k and of d.  [default: the figure's]")
@click.option(
    "--max-iterations",
    type=click.IntRange(min=0),
    help="Largest number of updates of a training run.  [default: the figure's]",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for studies, pictures and numbers.  [default: figure2, or the figure's name]",
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option("--dry-run", is_flag=True, help="Print the planned trials and the estimated time, then stop.")
@executor_option
@json_flag
@click.pass_obj
def reproduce(settings: Settings, /, figure: str, **given: Any) -> None:
    """Reproduce FIGURE: a figure of the paper or a claim of the literature.

    It prints the published claim and the measured result, and writes studies, pictures and numbers. After an
    interruption, run it again to resume. A figure's parameters follow its name, as in fig2a:trials=3;
    "overparam describe figures" lists them. Options that a figure does not use are refused.
    """
    chosen = _with_options(settings.registry.resolve(Figure, figure), given)
    setup = Setup(settings.registry.resolve, given["seed"], settings.dtype)
    output, as_json = given["output"] or folder_of(chosen), given["as_json"]
    sweeps = sweeps_of(chosen, setup)
    if not sweeps:
        _require_nothing_typed(chosen)
    execution = execution_of(settings, given["executor"])
    if given["dry_run"]:
        _foresee(output, chosen, sweeps, execution, as_json=as_json)
        return

    def train(name: str, path: Path, asked: Asked) -> None:
        settings.note(f"{name}: {_in_words(asked)}")
        train_with_progress(
            settings, path, asked, execution, as_json=as_json, diagrams=not asked.design.in_rounds
        )

    made = make(chosen, setup, output, train)
    if made.studies:
        write_beside(settings, output / f"{chosen.name}.html", list(made.studies.values()))
    if as_json:
        document = {"command": "reproduce", "figure": chosen.specification(), "output": str(output)}
        echo_json({**document, **made.numbers, "measured": made.measured, "claim": chosen.claim})
    else:
        echo("\n".join([*made.measured, chosen.claim, f"written to {output}"]))


def _with_options(figure: Figure, given: Mapping[str, Any]) -> Figure:
    """Return the figure with the parameters that are given as options."""
    known = [field.name for field in dataclasses.fields(figure) if field.init]
    said = {name: given[name] for name in _OPTIONS if given[name] is not None}
    for name in said:
        if name not in known:
            takes = f"its parameters are {', '.join(known)}" if known else "it has no parameters"
            raise ValueError(f"the figure {figure.name} takes no --{name.replace('_', '-')}: {takes}")
    if "grid" in said:
        said["grid"] = ",".join(map(str, said["grid"]))
    with calling(type(figure), may_refuse=True):
        return dataclasses.replace(figure, **said)


def _require_nothing_typed(figure: Figure) -> None:
    """Refuse typed options about where and how to train if the figure has no sweeps."""
    context = click.get_current_context()
    places = {**dict.fromkeys(WHERE, context.find_root()), "executor": context}
    for name, place in places.items():
        if place.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            raise ValueError(f"the figure {figure.name} takes no --{name}: it has no sweeps")


def _in_words(asked: Asked) -> str:
    recipe = asked.specification.recipe
    sizes = ", ".join(str(n) for n in sorted({cell.n for cell in asked.grid.cells}))
    return f"{recipe.activation.name}, n = {sizes}, {recipe.optimizer.specification()}"


def _foresee(
    output: Path, figure: Figure, sweeps: Mapping[str, Asked], execution: Execution, *, as_json: bool
) -> None:
    """Print the remaining work of every sweep."""
    found = {}
    for name, asked in sweeps.items():
        found[name] = estimate = asked.foresee(output / f"{name}.study", execution)
        if not as_json:
            echo(
                f"{name}: {estimate.trials:,} trials, {estimate.left:,} left, "
                f"{estimate.most_updates:,} updates at most, about {estimate.seconds:,.0f} s"
            )
    seconds = sum(estimate.seconds for estimate in found.values())
    if as_json:
        document = {"command": "reproduce", "figure": figure.specification(), "dry_run": True}
        sweeps_left = {name: vars(estimate) for name, estimate in found.items()}
        echo_json({**document, "output": str(output), "sweeps": sweeps_left, "seconds": seconds})
    else:
        echo(f"{figure.name}: about {seconds:,.0f} s" if sweeps else f"{figure.name} has no sweeps")
