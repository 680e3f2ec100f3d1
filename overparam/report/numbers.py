"""The numbers of a report as one JSON document, for its script and for other programs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from overparam.palette import SCALES
from overparam.report.panels import COUNTS, Panel
from overparam.report.trials import LISTED_OF_A_CELL
from overparam.studies import Cell, Crossing, TrialRow

__all__ = ["LETTERS", "numbers_of", "place_of", "spelled"]

LETTERS: Final = {
    "converged": "c",
    "budget_exhausted": "b",
    "diverged": "d",
    "solved": "s",
    "empty": "e",
    "failed": "f",
}
"""The letter of each status in the list of a cell's trials, a capital if the trial succeeded."""

_DIGITS = 4


def numbers_of(studies: Sequence[Mapping[str, Any]], panels: Sequence[Panel]) -> dict[str, Any]:
    """Return the document; `studies` has the page's text on each study.

    Arrays of "cells" have one entry per cell, in rows of equal k; "intervals" are keyed by successes/trials.
    Listed trials are keyed by the cell's place; their numbers have four digits, and a value common to all is
    stored once.
    """
    return {
        "format": "overparam report 1",
        "statuses": {letter: status for status, letter in LETTERS.items()},
        "listed_of_a_cell": LISTED_OF_A_CELL,
        "scales": {name: [list(stop) for stop in stops] for name, stops in SCALES.items()},
        "studies": list(studies),
        "panels": [_panel(panel) for panel in panels],
    }


def spelled(document: Mapping[str, Any]) -> str:
    """Return the document for a script element: no text in it can end the element or begin another."""
    text = json.dumps(document, allow_nan=False, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _panel(panel: Panel) -> dict[str, Any]:
    diagram = panel.diagram
    low, high = diagram.interval()
    outcomes = [f"{s}/{t}" for s, t in zip(diagram.successes.flat, diagram.trials.flat, strict=True)]
    intervals = np.stack([low.ravel(), high.ravel()], axis=-1).round(4).tolist()
    places = [(i, j) for i in range(len(diagram.k)) for j in range(len(diagram.d))]
    held = [panel.endings.get(panel.cell(i, j)) for i, j in places]
    statuses = [status for status in LETTERS if any(one and one.statuses.get(status) for one in held)]
    return {
        "study": panel.study,
        "title": panel.title,
        "n": diagram.n,
        "k": list(diagram.k),
        "d": list(diagram.d),
        "units": diagram.count.units(diagram.k).tolist(),
        "per_unit": diagram.count.per_unit(diagram.d).tolist(),
        "count": COUNTS[str(diagram.count)],
        "intervals": dict(zip(outcomes, intervals, strict=True)),
        "cells": {
            "trials": diagram.trials.ravel().tolist(),
            "successes": diagram.successes.ravel().tolist(),
            "updates": [_short(one.updates) if one else None for one in held],
            "success_updates": [_short(one.success_updates) if one else None for one in held],
            "ended": {
                status: [one.statuses.get(status, 0) if one else 0 for one in held] for status in statuses
            },
        },
        "listed": {
            str(place): _listed(rows)
            for place, (i, j) in enumerate(places)
            if (rows := panel.listed.get(panel.cell(i, j)))
        },
        "boundary": [_crossing(crossing) for crossing in panel.crossings],
    }


def _listed(rows: Sequence[TrialRow]) -> dict[str, Any]:
    letters = "".join(_letter(row) for row in rows)
    numbers: dict[str, Any] = {"status": letters}
    if [row.trial for row in rows] != list(range(len(rows))):
        numbers["trial"] = [row.trial for row in rows]
    numbers["updates"] = _alike([row.iterations for row in rows])
    numbers["measure"] = _alike([_short(row.relative_residual) for row in rows])
    numbers["distance"] = _alike([_short(row.distance_from_initialization) for row in rows])
    return numbers


def _letter(row: TrialRow) -> str:
    letter = LETTERS.get(row.status, "?")
    return letter.upper() if row.success else letter


def _alike(values: list[Any]) -> Any:
    """Return a single value if all are equal."""
    return values[0] if values and all(value == values[0] for value in values) else values


def _short(value: float | None) -> float | int | None:
    """Return a number with few digits."""
    if value is None:
        return None
    if value == round(value) and abs(value) < 1e15:
        return int(value)
    return float(f"{value:.{_DIGITS}g}") if abs(value) < 10**_DIGITS else round(value, 1)


def _crossing(crossing: Crossing) -> dict[str, Any]:
    return {
        name: _short(value) if isinstance(value, float) else value
        for name, value in crossing.__dict__.items()
        if name != "n"
    }


def place_of(panel: Panel, cell: Cell) -> int | None:
    """Return the place of a cell in a panel's arrays, None if it is not in the panel."""
    diagram = panel.diagram
    if cell.n != diagram.n or cell.k not in diagram.k or cell.d not in diagram.d:
        return None
    return diagram.k.index(cell.k) * len(diagram.d) + diagram.d.index(cell.d)
