"""The progress of a sweep: a growing diagram in a notebook or on a terminal, or lines of text."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from overparam.figures.terminal import render
from overparam.studies import PhaseDiagram, TrialRow, load_study

__all__ = ["describe_progress", "lines", "live", "progress_shown"]

_LINE_SECONDS = 10.0
_FRAMES_PER_SECOND = 4

if TYPE_CHECKING:
    from overparam.sweeps import Progress

    Report = Callable[[Progress], None]


def describe_progress(progress: Progress) -> str:
    """Return the progress in one line: trials saved, speed and time left."""
    left = "" if _ended(progress) else f", {_span(progress.seconds_left)} left"
    saved = f"{progress.saved:,} of {progress.total:,} trials saved"
    if progress.round:
        saved = f"round {progress.round}, {saved}"
    if progress.preparing:
        return f"{saved}, {progress.preparing}"
    return f"{saved}, {progress.updates_per_second:,.0f} updates/s{left}"


def _ended(progress: Progress) -> bool:
    """Whether the sweep has ended; unknown for rounds."""
    return progress.saved == progress.total and not progress.round


def _span(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def lines(study: Path, write: Callable[[str], None]) -> Report:
    """Return a progress function that writes a line from time to time, and at the end."""
    return _Throttled(_LINE_SECONDS, lambda progress: write(f"{study}: {describe_progress(progress)}"))


@contextmanager
def live(study: Path, clean: Callable[[str], str] = str) -> Iterator[Report]:
    """Return a progress function that draws the growing diagrams on standard error.

    Parameters
    ----------
    study : Path
    clean : callable
        Returns a text that is safe for the terminal.
    """
    # Imported here: importing rich takes a tenth of a second, and only a terminal needs it.
    from rich.console import Console, Group
    from rich.live import Live
    from rich.text import Text

    counts = _Counts(study)
    with Live(
        console=Console(stderr=True),
        refresh_per_second=_FRAMES_PER_SECOND,
        transient=False,
        auto_refresh=False,
    ) as shown:

        def draw(progress: Progress) -> None:
            pictures: list[Any] = [render(diagram) for diagram in counts.diagrams()]
            shown.update(Group(*pictures, Text(clean(describe_progress(progress)))), refresh=True)

        drawn = _Throttled(1.0 / _FRAMES_PER_SECOND, draw)

        def report(progress: Progress) -> None:
            for note in progress.notes:
                shown.console.print(Text(f"Note: {note}"))
            counts.take(progress)
            drawn(progress)

        yield report


@contextmanager
def progress_shown(study: Path, wanted: bool | None) -> Iterator[Report]:
    """Return a progress function for scripts and notebooks.

    Parameters
    ----------
    study : Path
    wanted : bool or None
        None shows progress in a notebook, or if standard error is a terminal.
    """
    notebook = wanted is not False and _in_notebook()
    terminal = sys.stderr is not None and sys.stderr.isatty()
    if notebook:
        yield _notebook(study)
    elif wanted is not False and terminal:
        with live(study) as report:
            yield report
    elif wanted:
        yield lines(study, lambda text: print(text, file=sys.stderr))
    else:
        yield lambda progress: None


def _in_notebook() -> bool:
    """Whether this process belongs to a notebook: its IPython shell has a kernel, a terminal's has none."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return hasattr(shell, "kernel")


def _notebook(study: Path) -> Report:
    """Return a progress function that draws the growing diagrams in one output cell."""
    # Imported here: IPython is available only in a notebook.
    from IPython.display import HTML, display

    counts, handle = _Counts(study), display(HTML(""), display_id=True)

    def draw(progress: Progress) -> None:
        pictures = "".join(diagram._repr_html_() for diagram in counts.diagrams())
        handle.update(HTML(f"{pictures}<p>{describe_progress(progress)}</p>"))

    drawn = _Throttled(1.0 / _FRAMES_PER_SECOND, draw)

    def report(progress: Progress) -> None:
        counts.take(progress)
        drawn(progress)

    return report


class _Throttled:
    """Shows a report if the last shown one is old enough, and always the final one."""

    def __init__(self, seconds: float, show: Report) -> None:
        self._seconds, self._show, self._last = seconds, show, -seconds

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        if now - self._last >= self._seconds or _ended(progress):
            self._last = now
            self._show(progress)


class _Counts:
    """Successes and trials of every n of a study, updated as rows arrive."""

    def __init__(self, study: Path) -> None:
        self._study = study
        self._of: dict[int, _Count] = {}
        self._round = 0

    def take(self, progress: Progress) -> None:
        """Count saved trials; read the study at the start, and in a new round, which may have new cells."""
        if not self._of or progress.round != self._round:
            self._round = progress.round
            loaded = load_study(self._study)
            self._of = {n: _Count(loaded.diagram(n)) for n in loaded.sample_sizes()}
            return
        for row in progress.rows:
            self._of[row.n].add(row)

    def diagrams(self) -> list[PhaseDiagram]:
        """Return the diagrams so far."""
        return [count.diagram() for count in self._of.values()]


class _Count:
    """Successes and trials of one n."""

    def __init__(self, start: PhaseDiagram) -> None:
        self._start = start
        self._successes, self._trials = np.array(start.successes), np.array(start.trials)

    def add(self, row: TrialRow) -> None:
        """Count one more trial."""
        if row.status != "failed" and row.k in self._start.k and row.d in self._start.d:
            cell = self._start.k.index(row.k), self._start.d.index(row.d)
            self._successes[cell] += row.success
            self._trials[cell] += 1

    def diagram(self) -> PhaseDiagram:
        """Return the diagram so far."""
        start = self._start
        return PhaseDiagram(start.n, start.k, start.d, self._successes, self._trials, start.count)
