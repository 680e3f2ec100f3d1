"""The progress of a sweep: the diagram as it fills on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import click
import numpy as np

from overparam.cli.output import echo, output
from overparam.cli.settings import Settings
from overparam.cli.visible import visible
from overparam.figures import plain, render
from overparam.studies import Grid, PhaseDiagram, Specification, load_study
from overparam.sweeps import Design, Execution, Progress, run_sweep

__all__ = ["train_with_progress"]

_LINE_SECONDS = 10.0
_FRAMES_PER_SECOND = 4


def train_with_progress(
    settings: Settings,
    study: Path,
    specification: Specification,
    grid: Grid,
    execution: Execution,
    written: str | None = None,
    *,
    as_json: bool,
    design: Design | None = None,
    limited: bool = True,
) -> None:
    """Run a sweep and show how it goes on standard error; at the end, the diagrams on standard output."""
    shown = not (settings.quiet or as_json)
    run = partial(
        run_sweep, study, specification, grid, execution, written=written, design=design, limited=limited
    )
    if shown and sys.stderr.isatty():
        _live(study, run)
    else:
        run(report=_Lines(settings, shown, study))
    terminal = output()
    if not as_json and not (terminal is not None and terminal.isatty()):
        loaded = load_study(study)
        for n in loaded.sample_sizes():
            echo(plain(loaded.diagram(n)))


def _describe(progress: Progress) -> str:
    more = progress.saved < progress.total or progress.round
    left = f", {_span(progress.seconds_left)} left" if more else ""
    saved = f"{progress.saved:,} of {progress.total:,} trials saved"
    if progress.round:
        saved = f"round {progress.round}, {saved}"
    if progress.preparing:
        return f"{saved}, {progress.preparing}"
    return f"{saved}, {progress.updates_per_second:,.0f} updates/s{left}"


def _span(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


class _Lines:
    """One line now and then on standard error."""

    def __init__(self, settings: Settings, shown: bool, study: Path) -> None:
        self._settings = settings
        self._shown = shown
        self._study = study
        self._last = 0.0

    def __call__(self, progress: Progress) -> None:
        for note in progress.notes:
            self._settings.note(f"Note: {note}")
        now = time.monotonic()
        ended = progress.saved == progress.total and not progress.round
        if self._shown and (now - self._last >= _LINE_SECONDS or ended):
            self._last = now
            click.echo(visible(f"{self._study}: {_describe(progress)}"), err=True)


def _live(study: Path, run: Callable[..., None]) -> None:
    # Inside: rich takes a tenth of a second to import, which only a terminal needs.
    from rich.console import Console, Group
    from rich.live import Live
    from rich.text import Text

    counts: dict[int, _Counts] = {}
    with Live(
        console=Console(stderr=True),
        refresh_per_second=_FRAMES_PER_SECOND,
        transient=False,
        auto_refresh=False,
    ) as live:
        last, number = 0.0, 0

        def show(progress: Progress) -> None:
            nonlocal last, number
            for note in progress.notes:
                live.console.print(Text(f"Note: {note}"))
            if not counts or progress.round != number:  # a round may bring new widths
                number = progress.round
                loaded = load_study(study)
                counts.update({n: _Counts(loaded.diagram(n)) for n in loaded.sample_sizes()})
            else:
                for row in progress.rows:
                    counts[row.n].add(row)
            now = time.monotonic()
            if now - last >= 1.0 / _FRAMES_PER_SECOND or progress.saved == progress.total:
                last = now
                pictures: list[Any] = [render(count.diagram()) for count in counts.values()]
                live.update(Group(*pictures, Text(visible(_describe(progress)))), refresh=True)

        run(report=show)


class _Counts:
    """Successes and trials of one n, counted on as rows come in."""

    def __init__(self, start: PhaseDiagram) -> None:
        self._start = start
        self._successes, self._trials = np.array(start.successes), np.array(start.trials)

    def add(self, row: Any) -> None:
        """Count one more trial."""
        if row.status != "failed" and row.k in self._start.k and row.d in self._start.d:
            cell = self._start.k.index(row.k), self._start.d.index(row.d)
            self._successes[cell] += row.success
            self._trials[cell] += 1

    def diagram(self) -> PhaseDiagram:
        """The diagram so far."""
        start = self._start
        return PhaseDiagram(start.n, start.k, start.d, self._successes, self._trials, start.count)
