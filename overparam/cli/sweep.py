"""``overparam sweep``: a phase diagram."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from overparam import defaults
from overparam.api import engines_named
from overparam.arrays.backends import Backend
from overparam.cli.design import design_document, echo_design
from overparam.cli.instance import UNUSED_LABELS
from overparam.cli.options import (
    echo_json,
    executor_option,
    json_flag,
    problem_options,
    range_option,
    stop_options,
    trials_option,
)
from overparam.cli.output import echo
from overparam.cli.progress import train_with_progress
from overparam.cli.report import refresh_while, write_beside
from overparam.cli.settings import Failure, Settings
from overparam.cli.sweep_file import SweepFile, read_sweep_file
from overparam.figures import boundary_line
from overparam.files import check_output
from overparam.model.data import FileLabels
from overparam.report import ENDINGS, require
from overparam.studies import Shard, Specification, load_study
from overparam.sweeps import AXES, Asked, Estimate, Execution, Executor, asked_of, labels_of_sweep, verify

__all__ = ["execution_of", "sweep"]


@click.command()
@click.argument(
    "file",
    required=False,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    is_eager=True,
    callback=read_sweep_file,
)
@range_option("--n", defaults.N, "Samples.")
@range_option(
    "--k", defaults.K, "Hidden units; for the design boundary, the width's limits (none unless given)."
)
@range_option("--d", defaults.D, "Inputs.")
@click.option(
    "--combine",
    type=click.Choice(["product", "zip"]),
    default="product",
    show_default=True,
    help="product: all combinations of n, k and d; zip: their i-th values together.",
)
@trials_option
@click.option(
    "--design",
    default=defaults.DESIGN,
    show_default=True,
    metavar="SPEC",
    help="Which trials are trained next. grid: all trials of all cells; boundary:error=0.05,trials=200: the "
    "most informative ones about the width at which half of the training runs succeed.",
)
@problem_options
@stop_options
@click.option(
    "--study",
    type=click.Path(path_type=Path),
    default=Path("overparam.study"),
    show_default=True,
    help="Study file; created if missing, resumed if present.",
)
@executor_option
@click.option(
    "--shard",
    metavar="I/N",
    help="Train only the I-th of N parts, into a separate study, for overparam merge.",
)
@click.option("--dry-run", is_flag=True, help="Print the planned trials and the estimated time, then stop.")
@click.option(
    "--verify",
    "verified",
    type=click.IntRange(min=0),
    default=0,
    metavar="N",
    help="Train N realizations again on the portable engine in float64 and report the largest difference.",
)
@click.option(
    "--report",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write a report, a .html file, and refresh it while the sweep runs.",
)
@click.option(
    "--checkpoint-every",
    type=click.FloatRange(min=0),
    default=defaults.CHECKPOINT_EVERY,
    show_default=True,
    metavar="SECONDS",
    help="Interval at which the state of a long training run is saved beside the study; a killed sweep loses "
    "at most this much of it. 0 saves none.",
)
@json_flag
@click.pass_context
def sweep(ctx: click.Context, /, file: SweepFile, **given: Any) -> None:
    """Run or resume a phase diagram; everything finished is saved in the study's file.

    FILE is a TOML file with the options as keys (docs/sweep-files.md); options given here override it.

    If the study exists, options that are not given are taken from it: --trials 20 adds trials to all its
    cells, --k 26:30 adds cells, and a search for the boundary is resumed.
    """
    settings = file.settings(ctx)
    execution = replace(execution_of(settings, given["executor"]), checkpoint_every=given["checkpoint_every"])
    asked = [(each["study"], _asked(settings, file, ctx, each)) for each in file.studies(ctx, given)]
    as_json, documents = given["as_json"], []
    refresh = _refreshed(settings, given["report"], [study for study, _ in asked])
    for study, each in asked:
        if len(asked) > 1:
            settings.note(f"{study}:")
        if given["dry_run"]:
            documents.append(_foresee(study, each.foresee(study, execution), as_json=as_json))
            continue
        train_with_progress(settings, study, each, execution, file.text, as_json=as_json, refresh=refresh)
        documents.append(_report(study, each.specification, given["verified"], as_json=as_json))
    if given["report"] is not None and not given["dry_run"]:
        write_beside(settings, given["report"], [load_study(study) for study, _ in asked])
    if as_json:
        echo_json(documents[0] if len(asked) == 1 else {"command": "sweep", "studies": documents})
    _require_no_failure(documents)


def _refreshed(settings: Settings, report: Path | None, studies: Sequence[Path]) -> Callable[[], None] | None:
    """Return a function that refreshes the report after a commit; refuse an unwritable file now."""
    if report is None:
        return None
    check_output(report, ENDINGS, inputs=studies)
    require()
    return refresh_while(settings, report, studies)


def execution_of(settings: Settings, executor: str) -> Execution:
    """Resolve where to compute from the global options and ``--executor``."""
    backend = settings.registry.resolve(Backend, settings.backend)
    backend.require()
    engines = tuple(engines_named(settings.registry, settings.engine))
    return Execution(backend, engines, settings.registry.resolve(Executor, executor))


def _asked(settings: Settings, file: SweepFile, ctx: click.Context, given: dict[str, Any]) -> Asked:
    """Return the request to one study; note the options taken from it, and unused labels."""
    study, resolve = given["study"], settings.registry.resolve
    said = {name: given[name] for name in file.said(ctx) if given.get(name) is not None}
    if given["shard"] is not None:
        said["shard"] = Shard.parse(given["shard"])
    if settings.dtype is not None:
        said["dtype"] = settings.dtype
    axes = {*AXES, "combine"} & said.keys() | {key for part in file.parts for key in part}
    asked = asked_of(study, resolve, said, lambda sizes: file.grid(ctx, {**given, **sizes}), axes_said=axes)
    specification = asked.specification
    if asked.taken:
        taken = ", ".join(f"{name} {value}" for name, value in asked.taken.items())
        settings.note(f"Note: {study} is resumed with its own {taken}")
    if "labels" in said and not isinstance(specification.labels, FileLabels):
        usual = labels_of_sweep(specification.data, asked.grid, specification.seed)
        if isinstance(usual, FileLabels):
            settings.note(UNUSED_LABELS.format(specification.labels.specification()))
    return asked


def _foresee(study: Path, estimate: Estimate, *, as_json: bool) -> dict[str, Any]:
    if not as_json:
        echo(f"trials          {estimate.trials:,}, {estimate.done:,} done, {estimate.left:,} left")
        echo(f"updates at most {estimate.most_updates:,}")
        echo(f"estimated time  {estimate.seconds:.0f} s")
    return {"command": "sweep", "dry_run": True, "study": str(study), **vars(estimate)}


def _report(study: Path, specification: Specification, verified: int, *, as_json: bool) -> dict[str, Any]:
    loaded = load_study(study)
    document: dict[str, Any] = {"command": "sweep", **loaded.status()}
    diagrams = {n: loaded.diagram(n) for n in loaded.sample_sizes()}
    document["boundary"] = {str(n): diagram.boundary().summary() for n, diagram in diagrams.items()}
    if as_json and (design := design_document(loaded)) is not None:
        document["design"] = design
    if verified:
        document["verification"] = vars(verify(loaded, specification, verified))
    if not as_json:
        for diagram in diagrams.values():
            echo(boundary_line(diagram))
        echo_design(loaded)
        for name, value in document.get("verification", {}).items():
            echo(f"verification: {name.replace('_', ' ')} {value:.3g}")
    return document


def _require_no_failure(documents: Sequence[dict[str, Any]]) -> None:
    failed = sum(document.get("failed", 0) for document in documents)
    if failed:
        first = next(document for document in documents if document["failed"])
        reason = next(row.message for row in load_study(first["study"]) if row.message)
        raise Failure(
            f"{failed} trials could not be trained. Reason of the first: {reason}. "
            "The rest is saved; run the same command to try these again",
            1,
        )
