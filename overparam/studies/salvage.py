"""Salvage of a damaged study: every row with a correct checksum, wherever it lies, goes to a new study."""

from __future__ import annotations

import json
import os
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from overparam.files import check_output, open_input, real_path, require_regular
from overparam.studies.connect import plainly
from overparam.studies.errors import NotAStudy, StudyError
from overparam.studies.grid import Cell, Grid, Shard
from overparam.studies.integrity import TABLES, right_row
from overparam.studies.journals import frames_of, journal_names
from overparam.studies.lock import holder
from overparam.studies.pages import page_size_of, records_of
from overparam.studies.plan import PLAN, Plan
from overparam.studies.schema import COLUMNS, PARTS, Session, TrialRow
from overparam.studies.seals import seal_trial
from overparam.studies.specification import Description
from overparam.studies.store import Store

__all__ = ["Salvage", "salvage"]

_REAL = {
    COLUMNS.index(name)
    for name in ("relative_residual", "distance_from_initialization", "path_length", "seconds")
}
"""SQLite stores a whole number in a REAL column as an integer."""

_NARROW = {len(columns) + 1 for columns in TABLES.values()}


@dataclass(frozen=True)
class Salvage:
    """Report on the salvage of a damaged study: trials kept, trials lost.

    Attributes
    ----------
    kept : int
        Trials with correct checksums; all of them are in the new study.
    lost : dict of Cell to int, or None
        Finished trials that are damaged; None if the tallies that count them are damaged too.
    damaged_pages : tuple of int
        Pages of the file with unreadable contents; the first page is 1.
    """

    kept: int
    lost: dict[Cell, int] | None
    damaged_pages: tuple[int, ...]


def salvage(source: str | Path, target: str | Path) -> Salvage:
    """Copy the intact trials of a damaged study to a new one; the damaged file is not changed.

    Raises
    ------
    NotAStudy
        If the specification is damaged: then the trials cannot be identified.
    StudyError
        If the study has a writer, or the new one cannot be written.
    ValueError
        If the file `target` already exists.
    """
    source, target = Path(source), Path(target)
    check_output(target, inputs=[source])
    if target.exists():
        raise ValueError(f"{target} exists: name a new file")
    with plainly(source):
        _require_at_rest(source)
        found = _Tables(source)
        description = found.specification()
        with Store(target, description, {}) as store:
            for trials, cells in found.asked().items():
                store.request(Grid.of(cells, trials=trials).only(found.shard()), found.meta.get("sweep_file"))
            if PLAN in found.meta:
                store.request(Grid.each({}), plan=Plan.parse(found.meta[PLAN]))
            kept = store.take_over(found.trials(), found.all_sessions())
            counted = store.counted()
    tallied = found.tallied()
    lost = (
        None if tallied is None else {cell: n for cell in tallied if (n := tallied[cell] - counted[cell]) > 0}
    )
    return Salvage(kept, lost, tuple(sorted(found.damaged)))


def _require_at_rest(source: Path) -> None:
    try:
        require_regular(source)
    except ValueError as error:
        raise NotAStudy(str(error)) from error
    if (writer := holder(source)) is not None:
        raise StudyError(f"{source} is being written by {writer}: wait for it, or stop it first")


class _Tables:
    """The intact rows in the pages of a file and its log, regardless of the trees that link them."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.meta: dict[str, str] = {}
        self.damaged: set[int] = set()
        self._parts: dict[str, str] = {}
        self._cells: dict[Cell, int] = {}
        self._sessions: dict[int, Session] = {}
        self._numbers: set[int] = set()
        wal = journal_names(path)[0]
        self._log = frames_of(wal) if wal.exists() else []
        self._logged = {frame.number: frame.page for frame in self._log}
        for values in self._records():
            if len(values) in _NARROW:
                self._take(values)
            elif trial := _trial(values):
                self._numbers.add(trial[1])

    def specification(self) -> Description:
        """Return all parts of the specification."""
        names = self.meta.get(PARTS, "").split()
        if not names or set(names) - set(self._parts):
            raise NotAStudy(
                f"the specification of {self._path} is damaged or missing: its trials cannot be identified"
            )
        return {name: json.loads(self._parts[name]) for name in names}

    def shard(self) -> Shard:
        return Shard.parse(self.meta["shard"]) if "shard" in self.meta else Shard()

    def asked(self) -> dict[int, list[Cell]]:
        """Return the requested cells, by the number of trials."""
        asked: dict[int, list[Cell]] = defaultdict(list)
        for cell, trials in self._cells.items():
            asked[trials].append(cell)
        return asked

    def all_sessions(self) -> list[Session]:
        """Return the sessions found, and a placeholder for each lost one."""
        lost = json.dumps({"damaged": f"the record of this session in {self._path.name}"})
        return [
            self._sessions.get(number, Session(number, lost, float(number), None, 0, 0, None))
            for number in sorted(self._numbers)
        ]

    def trials(self) -> Iterator[tuple[TrialRow, int]]:
        """Yield the intact trials; one may come repeatedly, because pages keep rows that were moved."""
        return (trial for values in self._records() if (trial := _trial(values)) is not None)

    def tallied(self) -> Counter[Cell] | None:
        """Return the number of trials of every cell by the study's own tallies, if they are intact."""
        with (
            suppress(sqlite3.DatabaseError, UnicodeDecodeError, OSError),
            closing(sqlite3.connect(f"{real_path(self._path).as_uri()}?mode=ro", uri=True)) as connection,
        ):
            columns = ", ".join(column.split()[0] for column in TABLES["tally"])
            counter: Counter[Cell] = Counter()
            for *tally, checksum in connection.execute(
                f"SELECT {columns}, checksum FROM tally LIMIT 1000000"
            ):
                if not right_row("tally", tally, checksum):
                    return None
                counter[Cell(*tally[:3])] += tally[4]
            return counter
        return None

    def _records(self) -> Iterator[tuple[Any, ...]]:
        with open_input(self._path) as file:
            size = page_size_of(file.read(100))
            pages = -(-os.fstat(file.fileno()).st_size // size)

            def stored(number: int) -> bytes | None:
                if not 1 <= number <= pages:
                    return None
                file.seek((number - 1) * size)
                return file.read(size).ljust(size, b"\0")

            def newest(number: int) -> bytes | None:
                return self._logged.get(number) or stored(number)

            for number in range(1, pages + 1):
                yield from self._of_page(stored(number) or b"", number, stored)
            for frame in self._log:
                yield from self._of_page(frame.page, frame.number, newest)

    def _of_page(self, page: bytes, number: int, fetch: Any) -> Iterator[tuple[Any, ...]]:
        records = list(records_of(page, number, fetch))
        if all(record is not None and _is_right(record.values) for record in records) and records:
            yield from (record.values for record in records if record)
            return
        # A foreign or a damaged page: intact rows may lie anywhere in it.
        right = [
            record.values
            for record in records_of(page, number, fetch, searching=True)
            if record and _is_right(record.values)
        ]
        if records and number > 1:
            self.damaged.add(number)
        yield from right

    def _take(self, values: tuple[Any, ...]) -> None:
        table, row = _table_of(values) or ("", ())
        if table == "specification":
            self._parts[row[0]] = row[1]
        elif table == "meta":
            self.meta[row[0]] = row[1]
        elif table == "cell":
            cell = Cell(*row[:3])
            self._cells[cell] = max(self._cells.get(cell, 0), row[3])
        elif table == "session":
            session = Session(*row)
            before = self._sessions.get(session.number)
            if before is None or (session.saved or 0.0) >= (before.saved or 0.0):
                self._sessions[session.number] = session


def _trial(values: tuple[Any, ...]) -> tuple[TrialRow, int] | None:
    if len(values) != len(COLUMNS) + 2 or not isinstance(values[-2], int):
        return None
    row: list[Any] = [
        float(value) if place in _REAL and isinstance(value, int) else value
        for place, value in enumerate(values[:-1])
    ]
    return (TrialRow(*row[:-1]), row[-1]) if seal_trial(row) == values[-1] else None


def _table_of(values: tuple[Any, ...]) -> tuple[str, tuple[Any, ...]] | None:
    for table, columns in TABLES.items():
        if len(columns) + 1 == len(values) and values[-1] is not None:
            row = tuple(
                float(value) if " REAL" in column and isinstance(value, int) else value
                for column, value in zip(columns, values, strict=False)
            )
            if right_row(table, row, values[-1]):
                return table, row
    return None


def _is_right(values: tuple[Any, ...]) -> bool:
    if len(values) == len(COLUMNS) + 2:
        return _trial(values) is not None
    return len(values) == 2 or _table_of(values) is not None
