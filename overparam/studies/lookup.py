"""Lookup of one trial of a study, with a helpful error if it is missing."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from overparam.studies.connect import damaged, format_of
from overparam.studies.errors import NoSuchTrial
from overparam.studies.grid import TrialKey
from overparam.studies.integrity import TrialScan
from overparam.studies.schema import TrialRow

__all__ = ["find_trial"]


def find_trial(path: Path, connection: sqlite3.Connection, key: TrialKey) -> tuple[TrialRow, int]:
    """Return the row of one trial, checked by its checksum, and the number of the session that wrote it.

    Raises
    ------
    NoSuchTrial
        If the study does not hold it; the message says what the study holds.
    NotAStudy
        If the row is not as it was written.
    """
    scan = TrialScan(connection, format_of(connection), key)
    found = next(scan.rows(), None)
    if wrong := scan.wrong():
        raise damaged(path, wrong)
    if found is None:
        asked = ", ".join(f"{name}={value}" for name, value in key._asdict().items())
        raise NoSuchTrial(f"{path} holds no trial {asked}: {_instead(connection, key)}")
    return found


def _instead(connection: sqlite3.Connection, key: TrialKey) -> str:
    cell = "WHERE n = ? AND k = ? AND d = ?"
    asked = connection.execute(f"SELECT trials FROM cell {cell}", key[:3]).fetchone()
    if asked is not None:
        (done,) = connection.execute(f"SELECT count(*) FROM trial {cell}", key[:3]).fetchone()
        return f"{done:,} of the {asked[0]:,} trials of this cell are finished"
    sizes = []
    for name in ("n", "k", "d"):
        low, high = connection.execute(f"SELECT min({name}), max({name}) FROM cell").fetchone()
        sizes.append(f"{name} = {low}" if low == high else f"{name} from {low} to {high}")
    return "it has no cells" if low is None else f"its cells have {', '.join(sizes)}"
