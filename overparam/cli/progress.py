"""A sweep with progress on standard error, and its diagrams at the end."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import click

from overparam.cli.output import echo, output
from overparam.cli.settings import Settings
from overparam.cli.visible import visible
from overparam.figures import lines, live, plain
from overparam.plugins import how_to_install
from overparam.runs import Engine
from overparam.studies import load_study
from overparam.sweeps import Asked, Cost, Execution, Progress

__all__ = ["train_with_progress"]

_LONG = 1e11  # floating-point operations; about half a minute on the portable engine
_FASTER = {"numpy": "numba", "cupy": "cuda"}  # our fused engine for each backend


def train_with_progress(
    settings: Settings,
    study: Path,
    asked: Asked,
    execution: Execution,
    written: str | None = None,
    *,
    as_json: bool,
    diagrams: bool = True,
    refresh: Callable[[], None] | None = None,
) -> None:
    """Run a sweep with progress on standard error; at the end, print the diagrams on standard output.

    `refresh` is called after every commit to the study.
    """
    shown = not (settings.quiet or as_json)
    _name_a_faster_engine(settings, asked, execution)

    def run(report: Callable[[Progress], None]) -> None:
        def refreshing(progress: Progress) -> None:
            report(progress)
            if refresh is not None:
                refresh()

        asked.train(study, execution, refreshing, written=written)

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
    if diagrams and not as_json and not (terminal is not None and terminal.isatty()):
        loaded = load_study(study)
        for n in loaded.sample_sizes():
            echo(plain(loaded.diagram(n)))


def _name_a_faster_engine(settings: Settings, asked: Asked, execution: Execution) -> None:
    """Note how to install the fused engine if a long sweep would run on the portable one without it."""
    if settings.engine != "auto" or settings.no_plugins or len(execution.engines) > 1:
        return
    faster = [
        each
        for each in settings.registry.not_installed()
        if each.kind == Engine.kind and each.name == _FASTER.get(execution.backend.name)
    ]
    if not faster:
        return
    cost, grid = Cost(asked.specification), asked.grid
    if sum(cost.of(cell) * len(grid.trials_of(cell)) for cell in grid.cells) < _LONG:
        return
    for each in faster:
        settings.note(
            f"Note: {each.distribution} would train this many times as fast: "
            f"{how_to_install(each.distribution)}"
        )
