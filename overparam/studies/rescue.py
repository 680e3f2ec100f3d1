"""Rescue of a study whose file is deleted, moved or replaced while it is written."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from contextlib import suppress
from pathlib import Path

from overparam.files import real_path
from overparam.studies.errors import StudyError
from overparam.studies.journals import journal_names

__all__ = ["rescue"]


def rescue(path: Path, connection: sqlite3.Connection) -> tuple[Path, sqlite3.Connection]:
    """Copy the study, which is still open, to a new file, beside its old path if possible.

    Returns
    -------
    rescued : Path
    connection : sqlite3.Connection
        To the new file; the old one is closed.

    Raises
    ------
    StudyError
        If no folder can be written to.
    """
    errors = []
    for folder in (real_path(path).parent, Path.cwd(), Path(tempfile.gettempdir())):
        try:
            rescued = _free_name(folder / f"{path.name}.rescued")
            copy = sqlite3.connect(rescued, isolation_level=None)
            connection.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")
        except (OSError, sqlite3.Error) as error:
            errors.append(str(error))
            continue
        _leave(path, connection)
        return rescued, copy
    raise StudyError(
        f"{path} was deleted, moved or replaced while it was being written, and its trials could not "
        f"be saved elsewhere ({errors[-1]})"
    )


def _leave(path: Path, connection: sqlite3.Connection) -> None:
    """Copy the log into the moved file, and remove the log beside the file that has its old name."""
    with suppress(sqlite3.Error):
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    wal, _, shared = journal_names(path)
    with suppress(OSError):
        if not wal.stat().st_size:
            wal.unlink()
            shared.unlink()


def _free_name(path: Path) -> Path:
    """Create an empty file with this name, or with a number appended, and return its path."""
    number = 1
    while True:
        free = path if number == 1 else path.with_name(f"{path.name}-{number}")
        try:
            os.close(os.open(free, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644))
        except FileExistsError:
            number += 1
        else:
            return free
