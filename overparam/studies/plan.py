"""Progress of a study's design: its rounds, and the trials of the last round."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from overparam.studies.connect import damaged
from overparam.studies.grid import Cell

__all__ = ["PLAN", "Column", "Limits", "Plan", "plan_of"]

PLAN = "design"
"""Its name in the meta table."""


class Column(NamedTuple):
    """One (n, d): the cells of all widths."""

    n: int
    d: int


class Limits(NamedTuple):
    """The smallest and the largest width that may be trained; None if the largest is not limited."""

    low: int
    high: int | None


@dataclass(frozen=True)
class Plan:
    """The design of the last sweep that trains in rounds.

    Attributes
    ----------
    design, distribution : str
        The component as spelled on the command line, and its distribution.
    rounds : int
        Number of rounds started.
    targets : mapping of Cell to int
        The current round: the number of trials that each of its cells should have. Empty after the last
        round.
    finished : bool
        Whether the design requests no more trials.
    pairs : bool
        Whether odd widths leave a unit that cannot act.
    columns : mapping of Column to Limits
        Every requested (n, d), with the limits of k.
    """

    design: str
    distribution: str
    rounds: int
    targets: Mapping[Cell, int]
    finished: bool
    pairs: bool
    columns: Mapping[Column, Limits]

    def spell(self) -> str:
        """Return the plan as JSON."""
        targets = [[*cell, count] for cell, count in self.targets.items()]
        columns = [[*column, *limits] for column, limits in self.columns.items()]
        return json.dumps({**vars(self), "targets": targets, "columns": columns})

    def joined(self, other: Plan) -> Plan:
        """Return the plan after merging a study with another plan: the last rounds of both."""
        targets = {
            cell: max(self.targets.get(cell, 0), other.targets.get(cell, 0))
            for cell in {**self.targets, **other.targets}
        }
        return replace(
            self,
            rounds=max(self.rounds, other.rounds),
            targets=targets,
            finished=self.finished and other.finished,
            columns={**self.columns, **other.columns},
        )

    @classmethod
    def parse(cls, text: str) -> Plan:
        """Return the plan from the text of `spell`.

        Raises
        ------
        ValueError
            If the text is not a plan.
        """
        held: Any = json.loads(text)
        if not isinstance(held, dict) or {*held} != {*cls.__dataclass_fields__}:
            raise ValueError("it does not have the parts of a plan")
        texts, flags = (held["design"], held["distribution"]), (held["finished"], held["pairs"])
        targets, columns = held["targets"], held["columns"]
        if (
            not all(isinstance(value, str) for value in texts)
            or not all(isinstance(value, bool) for value in flags)
            or not _are_counts([held["rounds"]], 1)
            or not isinstance(targets, list)
            or not all(isinstance(row, list) and _are_counts(row, 4) for row in targets)
            or not isinstance(columns, list)
            or not all(isinstance(row, list) and _are_limits(row) for row in columns)
        ):
            raise ValueError("its parts have the wrong types")
        return cls(
            *texts,
            held["rounds"],
            {Cell(*row[:3]): row[3] for row in targets},
            *flags,
            {Column(*row[:2]): Limits(*row[2:]) for row in columns},
        )


def plan_of(path: Path, connection: sqlite3.Connection) -> Plan | None:
    """Return the plan in an open study, if there is one.

    Raises
    ------
    NotAStudy
        If it cannot be read.
    """
    found = connection.execute("SELECT value FROM meta WHERE name = ?", [PLAN]).fetchone()
    if found is None:
        return None
    try:
        return Plan.parse(found[0])
    except (ValueError, RecursionError) as error:
        raise damaged(path, f"its design: {error}") from error


def _are_limits(row: list[Any]) -> bool:
    return _are_counts(row[:3], 3) and (row[3:] == [None] or _are_counts(row[3:], 1))


def _are_counts(values: list[Any], number: int) -> bool:
    return len(values) == number and all(type(value) is int and 0 <= value < 1 << 62 for value in values)
