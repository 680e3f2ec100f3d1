"""``overparam sweep``: a phase diagram."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from overparam.activations import Activation
from overparam.api import engines_named
from overparam.backends import Backend
from overparam.cli.options import echo_json, json_flag, problem_options, range_option, stop_options
from overparam.cli.progress import train_with_progress
from overparam.cli.settings import Failure, Settings
from overparam.data import DataGenerator, Labels
from overparam.figures import boundary_line
from overparam.optimizers import Optimizer
from overparam.sweeps import Execution, Executor, Grid, Shard, Specification, dry_run, load_study, verify
from overparam.training import StopRule

__all__ = ["execution_of", "executor_option", "sweep"]

executor_option = click.option(
    "--executor",
    default="serial",
    show_default=True,
    metavar="SPEC",
    help="serial, processes:workers=2, or a plugin's.",
)


@click.command()
@range_option("--n", "100", "Samples.")
@range_option("--k", "1:25", "Hidden units.")
@range_option("--d", "1:25", "Inputs.")
@click.option(
    "--trials", type=click.IntRange(min=1), default=10, show_default=True, help="Realizations a cell."
)
@problem_options
@stop_options
@click.option(
    "--study",
    type=click.Path(path_type=Path),
    default=Path("overparam.study"),
    show_default=True,
    help="The file that keeps everything; made, or gone on with.",
)
@executor_option
@click.option(
    "--shard",
    metavar="I/N",
    help="Do only the I-th of N parts, into a study of its own, for overparam merge.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be done and how long it would take, then stop.")
@click.option(
    "--verify",
    "verified",
    type=click.IntRange(min=0),
    default=0,
    metavar="N",
    help="Train N realizations again on the portable engine in float64 and report the largest difference.",
)
@json_flag
@click.pass_obj
def sweep(settings: Settings, /, **given: Any) -> None:
    """Run, or go on with, a phase diagram; everything finished is kept in the study's file."""
    study, as_json = given["study"], given["as_json"]
    specification = _specification(settings, given)
    grid = Grid.product(given["n"], given["k"], given["d"], trials=given["trials"])
    if given["shard"] is not None:
        grid = grid.only(Shard.parse(given["shard"]))
    execution = execution_of(settings, given["executor"])
    if given["dry_run"]:
        _foresee(study, specification, grid, execution, as_json=as_json)
        return
    train_with_progress(settings, study, specification, grid, execution, as_json=as_json)
    loaded = load_study(study)
    document: dict[str, Any] = {"command": "sweep", **loaded.status()}
    document["boundary"] = {
        str(n): dict(zip(("low", "median", "high"), loaded.diagram(n).boundary().quantiles(), strict=True))
        for n in loaded.sample_sizes()
    }
    if given["verified"]:
        document["verification"] = vars(verify(loaded, specification, given["verified"]))
    if as_json:
        echo_json(document)
    else:
        for n in loaded.sample_sizes():
            click.echo(boundary_line(loaded.diagram(n)))
        for name, value in document.get("verification", {}).items():
            click.echo(f"verification: {name.replace('_', ' ')} {value:.3g}")
    if document["failed"]:
        reason = next(row.message for row in loaded.rows() if row.message)
        raise Failure(
            f"{document['failed']} trials could not be trained, the first because: {reason}; "
            "the rest is saved, and the same command tries these again",
            1,
        )


def execution_of(settings: Settings, executor: str) -> Execution:
    """Resolve where to compute from the global options and ``--executor``."""
    backend = settings.registry.resolve(Backend, settings.backend)
    backend.require()
    engines = tuple(engines_named(settings.registry, settings.engine))
    return Execution(backend, engines, settings.registry.resolve(Executor, executor))


def _specification(settings: Settings, given: dict[str, Any]) -> Specification:
    resolve = settings.registry.resolve
    return Specification(
        seed=given["seed"],
        activation=resolve(Activation, given["activation"]),
        optimizer=resolve(Optimizer, given["optimizer"]),
        data=resolve(DataGenerator, given["data"]),
        labels=resolve(Labels, given["labels"]),
        stop=StopRule(given["max_iterations"], given["tolerance"]),
        dtype=settings.dtype or "float32",
    )


def _foresee(
    study: Path, specification: Specification, grid: Grid, execution: Execution, *, as_json: bool
) -> None:
    estimate = dry_run(study, specification, grid, execution)
    if as_json:
        echo_json({"command": "sweep", "dry_run": True, **vars(estimate)})
        return
    click.echo(f"trials          {estimate.trials:,}, {estimate.done:,} done, {estimate.left:,} left")
    click.echo(f"updates at most {estimate.most_updates:,}")
    click.echo(f"estimated time  {estimate.seconds:.0f} s")
