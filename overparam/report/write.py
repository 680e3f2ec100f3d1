"""Writing a report: read the studies, train a few trials again, and replace the file atomically."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from overparam.figures.titles import title_of
from overparam.files import replaced
from overparam.report.claims import Claim, Fit
from overparam.report.page import Page, Told, environment, html_of
from overparam.report.panels import Panel
from overparam.report.provenance import provenance_of
from overparam.report.runs import Replayer, Run, replayed, sides_of
from overparam.report.trials import LISTED_OF_A_CELL, cells_to_list
from overparam.studies import Cell, Crossing, PhaseDiagram, Study, StudyError

__all__ = ["ENDINGS", "Refresher", "Written", "page_of", "write_report"]

ENDINGS = (".html", ".htm")
"""Endings of reports' file names."""

_SECONDS = 5.0
_NAMED = 6
_SHARE = 10  # writing the report takes at most one part in this many of a sweep's time


@dataclass(frozen=True)
class Written:
    """A written report: its size in bytes, its numbers of diagrams and training runs, and notes."""

    size: int
    diagrams: int
    runs: int
    notes: Sequence[str]


def write_report(
    studies: Sequence[Study],
    path: Path,
    *,
    replay: Replayer | None = None,
    curves: int = 0,
    claims: Sequence[Claim] = (),
    fit: Fit | None = None,
) -> Written:
    """Write studies as one self-contained HTML file; a partial file is never left.

    Parameters
    ----------
    studies : sequence of Study
    path : Path
    replay : callable, optional
        Trains trials again.
    curves : int
        Number of training runs per diagram to draw, on both sides of the boundary.
    claims : sequence of Claim
    fit : Fit, optional
        By default that of the studies.

    Raises
    ------
    ReportingUnavailable
        If Jinja2 is not available.
    StudyError
        If a study cannot be read, or none has cells.
    OSError
    """
    templates = environment()
    page = page_of(studies, replay=replay, curves=curves, claims=claims, fit=fit)
    text = html_of(page, templates).encode("utf-8", "backslashreplace")
    with replaced(path) as file:
        file.write(text)
    notes = [f"{told.name}: {note}" for told in page.studies for note in told.notes]
    return Written(len(text), len(page.panels), sum(len(told.runs) for told in page.studies), notes)


def page_of(
    studies: Sequence[Study],
    *,
    replay: Replayer | None = None,
    curves: int = 0,
    claims: Sequence[Claim] = (),
    fit: Fit | None = None,
) -> Page:
    """Return everything that the page shows."""
    diagrams = [[study.diagram(n) for n in study.sample_sizes()] for study in studies]
    if not any(diagrams):
        raise StudyError(f"{', '.join(str(study.path) for study in studies)}: no cells to report")
    near = [{cell for diagram in each for sides in sides_of(diagram) for cell in sides} for each in diagrams]
    names = _names(studies)
    scalings = [study.boundary() for study in studies]
    panels, told, unfinished = list[Panel](), list[Told](), False
    listed = cells_to_list([study.tallies() for study in studies], near)
    for number, (study, each) in enumerate(zip(studies, diagrams, strict=True)):
        mine = _panels(number, study, each, listed[number], scalings[number].crossings)
        runs, notes = list[Run](), list[str]()
        for panel in mine if replay is not None else ():
            assert replay is not None
            more, why = replayed(study, panel.diagram, panel.listed, curves, replay)
            runs += more
            notes += why
        if len(studies) > 1:
            mine = [_named(panel, names[number]) for panel in mine]
        panels += mine
        unfinished = unfinished or study.status()["writer"] is not None
        told.append(Told(names[number], provenance_of(study), runs, notes))
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return Page(
        _title(names),
        f"written {now} by overparam {version('overparam')}",
        told,
        panels,
        claims,
        fit or Fit([{"study": name, **one.to_json()} for name, one in zip(names, scalings, strict=True)]),
        unfinished,
    )


def _panels(
    number: int,
    study: Study,
    diagrams: Sequence[PhaseDiagram],
    listed: set[Cell],
    found: Sequence[Crossing],
) -> list[Panel]:
    endings = study.endings()
    trials = study.first_trials(sorted(listed), LISTED_OF_A_CELL)
    return [
        Panel(
            number,
            title_of(study, diagram.n),
            diagram,
            {cell: ending for cell, ending in endings.items() if cell.n == diagram.n},
            {cell: rows for cell, rows in trials.items() if cell.n == diagram.n},
            [crossing for crossing in found if crossing.n == diagram.n],
        )
        for diagram in diagrams
    ]


def _named(panel: Panel, name: str) -> Panel:
    return replace(panel, title=f"{Path(name).stem}: {panel.title}")


def _names(studies: Sequence[Study]) -> list[str]:
    """Return the studies' file names without folders, numbered if two are equal."""
    names = [study.path.name for study in studies]
    return [
        name if names.count(name) == 1 else f"{name} ({names[: i + 1].count(name)})"
        for i, name in enumerate(names)
    ]


def _title(names: Sequence[str]) -> str:
    if len(names) > _NAMED:
        return f"Phase diagrams of {len(names)} studies"
    return f"Phase diagram{'s' if len(names) > 1 else ''}: {', '.join(names)}"


@dataclass
class Refresher:
    """Writes the report of a sweep while it runs, at most every few seconds.

    Attributes
    ----------
    write : callable
        Writes it.
    seconds : float
        Smallest time from the end of one report to the next.
    """

    write: Callable[[], object]
    seconds: float = _SECONDS
    _due: float = field(default=0.0, init=False)

    def __call__(self) -> bool:
        """Write the report if it is due; return whether it was."""
        began = time.monotonic()
        if began < self._due:
            return False
        self.write()
        ended = time.monotonic()
        self._due = ended + max(self.seconds, _SHARE * (ended - began))
        return True
