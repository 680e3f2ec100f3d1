"""The file format of a study: one SQLite database, opened here and nowhere else."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

from overparam.sweeps.errors import NotAStudy, StudyError

__all__ = ["COLUMNS", "TrialRow", "connect_reader", "connect_writer", "plainly"]

_APPLICATION_ID = 0x6F765031  # "ovP1": tells a study from any other SQLite database
_VERSION = 1
_CHECKED_WHOLE = 1 << 26  # bytes up to which the whole file is checked when it is opened
_NETWORK_FILE_SYSTEMS = {
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "9p",
    "fuse.sshfs",
    "lustre",
    "beegfs",
    "gpfs",
    "ceph",
}


class TrialRow(NamedTuple):
    """One finished trial, as it is stored.

    ``relative_residual`` and the lengths are None where they are not finite; ``message`` says why a
    trial failed.
    """

    n: int
    k: int
    d: int
    trial: int
    status: str
    success: int
    iterations: int
    relative_residual: float | None
    distance_from_initialization: float | None
    path_length: float | None
    effective_parameters: int
    seconds: float
    message: str | None = None


COLUMNS = TrialRow._fields

_TABLES = """
CREATE TABLE specification (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE writer (id INTEGER PRIMARY KEY CHECK (id = 1), host TEXT, pid INTEGER, started TEXT);
CREATE TABLE session (id INTEGER PRIMARY KEY, environment TEXT NOT NULL);
CREATE TABLE cell (
    n INTEGER, k INTEGER, d INTEGER, trials INTEGER NOT NULL, PRIMARY KEY (n, k, d)
) WITHOUT ROWID;
CREATE TABLE trial (
    n INTEGER, k INTEGER, d INTEGER, trial INTEGER,
    status TEXT NOT NULL, success INTEGER NOT NULL, iterations INTEGER NOT NULL,
    relative_residual REAL, distance_from_initialization REAL, path_length REAL,
    effective_parameters INTEGER NOT NULL, seconds REAL NOT NULL, message TEXT,
    session INTEGER NOT NULL REFERENCES session (id),
    PRIMARY KEY (n, k, d, trial)
) WITHOUT ROWID;
"""


@contextmanager
def plainly(path: Path) -> Iterator[None]:
    """Turn what SQLite and the operating system raise into a StudyError of one line."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        text = str(error)
        if "not a database" in text:
            raise NotAStudy(f"{path} is not a study") from error
        if "malformed" in text:
            raise NotAStudy(
                f"{path} is damaged ({text}): restore it from a copy, or begin another study"
            ) from error
        if "full" in text or "disk I/O" in text:
            raise StudyError(
                f"{path}: the disk is full or cannot be written ({text}); what was reported saved is kept: "
                "make space and run the same command again"
            ) from error
        if "readonly" in text or "unable to open" in text:
            raise StudyError(
                f"{path} cannot be written: check the permissions of the file and its folder"
            ) from error
        if "locked" in text:
            raise StudyError(f"{path} is in use by another process") from error
        raise StudyError(f"{path}: {text}") from error
    except OSError as error:
        raise StudyError(f"{path}: {error.strerror or error}") from error


def connect_writer(path: Path) -> sqlite3.Connection:
    """Open a study for writing, and make it where there is none.

    Raises
    ------
    StudyError
        Where that cannot be.
    """
    with plainly(path):
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if not path.parent.is_dir():
            raise FileNotFoundError(errno.ENOENT, f"the folder {path.parent} does not exist")
        _refuse_text(path)
        connection = sqlite3.connect(path, timeout=10.0, isolation_level=None)
        try:
            if not _is_new(connection):
                _recognize(path, connection)
            else:
                connection.executescript(
                    f"BEGIN IMMEDIATE;{_TABLES}"
                    f"PRAGMA application_id = {_APPLICATION_ID};PRAGMA user_version = {_VERSION};COMMIT;"
                )
            # Write-ahead logging needs shared memory, which network file systems do not have.
            journal = "DELETE" if _file_system(path) in _NETWORK_FILE_SYSTEMS else "WAL"
            connection.execute(f"PRAGMA journal_mode = {journal}")
            connection.execute("PRAGMA synchronous = FULL")
        except BaseException:
            connection.close()
            raise
        return connection


def connect_reader(path: Path) -> sqlite3.Connection:
    """Open a study for reading; possible at any time, and in a folder that cannot be written to.

    Raises
    ------
    StudyError
        Where the file is missing, or is not a study.
    """
    with plainly(path):
        with path.open("rb"):
            pass
        _refuse_text(path)
        quoted = path.resolve().as_uri()
        connection = sqlite3.connect(f"{quoted}?mode=ro", uri=True, timeout=10.0, isolation_level=None)
        try:
            _is_new(connection)
        except sqlite3.OperationalError:
            connection.close()
            if Path(f"{path}-wal").exists():
                raise
            connection = sqlite3.connect(f"{quoted}?immutable=1", uri=True, isolation_level=None)
        try:
            _recognize(path, connection)
        except BaseException:
            connection.close()
            raise
        return connection


def _refuse_text(path: Path) -> None:
    """Refuse what is no SQLite database at all; an empty file may be a study killed at its birth."""
    if path.exists() and path.stat().st_size:
        with path.open("rb") as handle:
            if handle.read(16) != b"SQLite format 3\0":
                raise NotAStudy(f"{path} is not a study")


def _is_new(connection: sqlite3.Connection) -> bool:
    (objects,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return bool(objects == 0)


def _recognize(path: Path, connection: sqlite3.Connection) -> None:
    """Refuse another program's database, a newer format and a damaged file."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application != _APPLICATION_ID:
        raise NotAStudy(f"{path} is not a study")
    if version > _VERSION:
        raise NotAStudy(f"{path} was written by a newer overparam (format {version}): upgrade overparam")
    if path.stat().st_size <= _CHECKED_WHOLE:
        with closing(connection.execute("PRAGMA quick_check(1)")) as found:
            if (answer := found.fetchone()[0]) != "ok":
                raise NotAStudy(
                    f"{path} is damaged ({' '.join(str(answer).split())}): restore it from a copy"
                )


def _file_system(path: Path) -> str | None:
    """Return the type of the file system that holds `path`, where Linux tells it."""
    try:
        lines = Path("/proc/self/mounts").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    resolved, best = str(path.resolve()), ("", "")
    for line in lines:
        _, mount, kind, *_ = line.split()
        if (resolved + "/").startswith(mount.rstrip("/") + "/") and len(mount) >= len(best[0]):
            best = (mount, kind)
    return best[1] or None
