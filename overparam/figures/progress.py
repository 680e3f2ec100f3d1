"""The progress of a sweep: the diagram as it fills, in a notebook or on a terminal, or lines of text."""

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
    """Return it in one line: what is saved, how fast it goes, how long it will take."""
    left = "" if _ended(progress) else f", {_span(progress.seconds_left)} left"
    saved = f"{progress.saved:,} of {progress.total:,} trials saved"
    if progress.round:
        saved = f"round {progress.round}, {saved}"
    if progress.preparing:
        return f"{saved}, {progress.preparing}"
    return f"{saved}, {progress.updates_per_second:,.0f} updates/s{left}"


def _ended(progress: Progress) -> bool:
    """Whether nothing follows; of rounds nobody knows."""
    return progress.saved == progress.total and not progress.round


def _span(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def lines(study: Path, write: Callable[[str], None]) -> Report:
    """A report that writes a line now and then, and at the end."""
    return _Throttled(_LINE_SECONDS, lambda progress: write(f"{study}: {describe_progress(progress)}"))


@contextmanager
def live(study: Path, clean: Callable[[str], str] = str) -> Iterator[Report]:
    """A report that draws the diagrams on standard error as they fill.

    Parameters
    ----------
    study : Path
    clean : callable
        Makes a text fit for the terminal.
    """
    # Inside: rich takes a tenth of a second to import, which only a terminal needs.
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
    """A report for scripts and notebooks.

    Parameters
    ----------
    study : Path
    wanted : bool or None
        None shows it where somebody looks: in a notebook, or where standard error is a terminal.
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
    """Whether this is the process of a notebook: its shell has a kernel, that of a terminal has none."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return hasattr(shell, "kernel")


def _notebook(study: Path) -> Report:
    """A report that draws the diagrams in one output cell as they fill."""
    # Inside: it is there in a notebook only.
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
    """Shows a report if the last one shown is some time ago, and the last one in any case."""

    def __init__(self, seconds: float, show: Report) -> None:
        self._seconds, self._show, self._last = seconds, show, -seconds

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        if now - self._last >= self._seconds or _ended(progress):
            self._last = now
            self._show(progress)


class _Counts:
    """Successes and trials of every n of a study, counted on as rows come in."""

    def __init__(self, study: Path) -> None:
        self._study = study
        self._of: dict[int, _Count] = {}
        self._round = 0

    def take(self, progress: Progress) -> None:
        """Count what was saved; read the study at first, and in a new round, which may have new cells."""
        if not self._of or progress.round != self._round:
            self._round = progress.round
            loaded = load_study(self._study)
            self._of = {n: _Count(loaded.diagram(n)) for n in loaded.sample_sizes()}
            return
        for row in progress.rows:
            self._of[row.n].add(row)

    def diagrams(self) -> list[PhaseDiagram]:
        """The diagrams so far."""
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
        """The diagram so far."""
        start = self._start
        return PhaseDiagram(start.n, start.k, start.d, self._successes, self._trials, start.count)
