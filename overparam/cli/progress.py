"""A sweep that shows how it goes on standard error, and its diagrams at the end."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

import click

from overparam.cli.output import echo, output
from overparam.cli.settings import Settings
from overparam.cli.visible import visible
from overparam.figures import lines, live, plain
from overparam.studies import Grid, Specification, load_study
from overparam.sweeps import Execution, Progress, run_sweep

__all__ = ["train_with_progress"]


def train_with_progress(
    settings: Settings,
    study: Path,
    specification: Specification,
    grid: Grid,
    execution: Execution,
    written: str | None = None,
    *,
    as_json: bool,
) -> None:
    """Run a sweep and show how it goes on standard error; at the end, the diagrams on standard output."""
    shown = not (settings.quiet or as_json)
    run = partial(run_sweep, study, specification, grid, execution, written=written)
    if shown and sys.stderr.isatty():
        with live(study, visible) as report:
            run(report=report)
    else:
        write = lines(study, lambda text: click.echo(visible(text), err=True))

        def report(progress: Progress) -> None:
            for note in progress.notes:
                settings.note(f"Note: {note}")
            if shown:
                write(progress)

        run(report=report)
    terminal = output()
    if not as_json and not (terminal is not None and terminal.isatty()):
        loaded = load_study(study)
        for n in loaded.sample_sizes():
            echo(plain(loaded.diagram(n)))
