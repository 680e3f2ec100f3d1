"""Opening a study's file for writing or reading, with clear errors for a file that is wrong."""

from __future__ import annotations

import errno
import os
import re
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from overparam.files import beside, real_path, require_regular
from overparam.studies.errors import NotAStudy, StudyError
from overparam.studies.integrity import TrialScan, wrong_tables
from overparam.studies.journals import check_journals, journal_names
from overparam.studies.lock import holder
from overparam.studies.schema import (
    APPLICATION_ID,
    VERSION,
    WITH_TALLIES,
    create,
    expected_schema,
    migrate,
    schema_of,
)
from overparam.studies.seals import Mark
from overparam.studies.signals import undisturbed

__all__ = ["connect_reader", "connect_writer", "damaged", "format_of", "plainly", "require_study"]

_CHECKED_WHOLE = 1 << 26  # bytes up to which the whole file is checked when it is opened
_DAMAGE = ("malformed", "Could not decode", "too big", "user-defined function", "integer overflow")
_BUSY_SECONDS = 10.0
_LONGEST_VALUE = 1 << 26  # bytes of one value: a forged file must not fill the memory
_ATTEMPTS, _PAUSE = 4, 0.05
_NETWORK_FILE_SYSTEMS = {
    *("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "lustre", "beegfs", "gpfs", "ceph", "gfs2"),
    *("ocfs2", "glusterfs", "orangefs", "pvfs2", "panfs", "virtiofs", "vboxsf"),
}


@contextmanager
def plainly(path: Path) -> Iterator[None]:
    """Convert errors of SQLite and the operating system to a StudyError of one line."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise _explained(path, str(error)) from error
    except UnicodeDecodeError as error:  # SQLite quotes a damaged schema in its message
        raise damaged(path, "its schema is not readable") from error
    except OSError as error:
        raise StudyError(f"{path}: {error.strerror or error}") from error


def _explained(path: Path, text: str) -> StudyError:
    if "not a database" in text:
        return NotAStudy(f"{path} is not a study")
    if any(word in text for word in _DAMAGE):
        return damaged(path, text)
    if "full" in text or "disk I/O" in text:
        return StudyError(
            f"{path}: the disk is full or cannot be written ({text}). Everything reported as saved is safe: "
            "make space and run the same command again"
        )
    if "readonly" in text or "unable to open" in text:
        return StudyError(f"{path} cannot be written: check the permissions of the file and its folder")
    if "locked" in text:
        return StudyError(f"{path} is in use by another process")
    return StudyError(f"{path}: {text}")


def damaged(path: Path, text: object) -> NotAStudy:
    """Return the error for a study that is not as it was written."""
    one_line = " ".join(str(text).split())
    return NotAStudy(
        f"{path} is damaged ({one_line}): restore a copy, or recover its trials with overparam salvage"
    )


def require_study(path: Path) -> None:
    """Raise an error if a path is not a study and none can be created there; changes nothing.

    Raises
    ------
    OSError, NotAStudy
    """
    if not path.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, f"the folder {path.parent} does not exist")
    if not path.exists():
        return
    try:
        state = require_regular(path)
    except ValueError as error:
        raise NotAStudy(str(error)) from error
    # An empty file, or one with a rollback log, may be a study whose writer was killed during its creation.
    if not state.st_size or any(name.exists() for name in journal_names(path)):
        return
    # SQLite opens the file: if this process opened and closed it itself, SQLite would lose its locks.
    with closing(_connect(f"{real_path(path).as_uri()}?immutable=1")) as connection:
        if connection.execute("PRAGMA application_id").fetchone() != (APPLICATION_ID,):
            raise NotAStudy(f"{path} is not a study")


def connect_writer(path: Path) -> sqlite3.Connection:
    """Open a study for writing, or create it if it is missing; the caller holds its lock.

    Raises
    ------
    sqlite3.DatabaseError, OSError, StudyError
        If the file cannot be opened or created.
    """
    check_journals(path)
    connection = _connect(f"{real_path(path).as_uri()}?mode=rwc")
    try:
        if _is_new(connection):
            create(connection)
        elif (version := _recognize(path, connection, checked=True)) < VERSION:
            migrate(connection, version)
        connection.execute("PRAGMA synchronous = FULL")
        _begin_writing(connection)
        # Write-ahead logging needs shared memory, which network file systems do not have.
        if not _is_network(_file_system(path)):
            connection.execute("PRAGMA journal_mode = WAL")
    except BaseException:
        connection.close()
        raise
    return connection


def _begin_writing(connection: sqlite3.Connection) -> None:
    """Give the file a new mark, so that a log left behind fits no copy of the file."""
    try:
        (mode,) = connection.execute("PRAGMA journal_mode = DELETE").fetchone()
    except sqlite3.OperationalError:  # a reader is active, so the old log stays in use
        return
    if mode == "delete":
        with undisturbed():
            connection.execute("BEGIN IMMEDIATE")
            mark = Mark.unpack(connection.execute("SELECT value FROM mark").fetchone()[0])
            if mark is not None:
                mark = mark._replace(writing=os.urandom(16), commits=mark.commits + 1)
                connection.execute("UPDATE mark SET value = ?", [mark.pack()])
            connection.execute("COMMIT")


def connect_reader(path: Path, *, checked: bool = False) -> sqlite3.Connection:
    """Open a study for reading: possible at any time, also in a read-only folder.

    Parameters
    ----------
    path : Path
    checked : bool
        Whether to check for damage: all tables except the trials', and the whole file if it is not too large.

    Raises
    ------
    sqlite3.DatabaseError, OSError, StudyError
        If the file is missing, or is not a study.
    """
    path.stat()
    require_study(path)
    _check_journals_at_rest(path)
    quoted = real_path(path).as_uri()
    connection = _connect(f"{quoted}?mode=ro")
    try:
        _is_new(connection)
    except sqlite3.OperationalError:
        connection.close()
        if beside(path, "-wal").exists():
            raise
        connection = _connect(f"{quoted}?immutable=1")
    try:
        if (version := _recognize(path, connection, checked=checked)) < WITH_TALLIES:
            connection = _newer_copy(connection, version)
    except BaseException:
        connection.close()
        raise
    return connection


def format_of(connection: sqlite3.Connection) -> int:
    """Return the format version of an open study."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


def _check_journals_at_rest(path: Path) -> None:
    """Check the logs of a study that has no writer; a writer has checked them, and its log is changing."""
    for attempt in range(_ATTEMPTS):
        if holder(path) is not None:
            return
        try:
            check_journals(path)
        except (NotAStudy, FileNotFoundError):
            if attempt + 1 == _ATTEMPTS:
                raise
            time.sleep(_PAUSE)  # a writer may just have begun or ended
        else:
            return


def _connect(address: str) -> sqlite3.Connection:
    connection = sqlite3.connect(address, uri=True, timeout=_BUSY_SECONDS, isolation_level=None)
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST_VALUE)
    if sys.version_info >= (3, 12):
        connection.setconfig(sqlite3.SQLITE_DBCONFIG_DEFENSIVE, True)
    return connection


def _newer_copy(older: sqlite3.Connection, version: int) -> sqlite3.Connection:
    """Return a copy in memory, converted to a readable version: a reader changes no file."""
    newer = sqlite3.connect(":memory:", isolation_level=None)
    with closing(older):
        older.backup(newer)
    migrate(newer, version, WITH_TALLIES)
    return newer


def _is_new(connection: sqlite3.Connection) -> bool:
    (objects,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return bool(objects == 0)


def _recognize(path: Path, connection: sqlite3.Connection, *, checked: bool) -> int:
    """Return the format version; refuse another program's database, a newer format and damage."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    version = format_of(connection)
    if application != APPLICATION_ID:
        raise NotAStudy(f"{path} is not a study")
    if version > VERSION:
        raise NotAStudy(f"{path} was written by a newer overparam (format {version}): upgrade overparam")
    # Checked before any table is read: in a forged file, a table's name may be that of an endless view.
    if version < 1 or schema_of(connection) != expected_schema(version):
        raise damaged(path, "it does not have the tables of a study")
    if connection.execute("PRAGMA auto_vacuum").fetchone() != (0,):
        raise damaged(path, "it does not have the header of a study")
    if checked:
        connection.execute("BEGIN")
        try:
            if wrong := _what_is_wrong(path, connection, version):
                raise damaged(path, wrong)
        finally:
            connection.execute("ROLLBACK")
    return version


def _what_is_wrong(path: Path, connection: sqlite3.Connection, version: int) -> str | None:
    (page,) = connection.execute("PRAGMA page_size").fetchone()
    size = path.stat().st_size
    # SQLite does not detect a truncated last page: the missing bytes read as zeros.
    whole = size <= _CHECKED_WHOLE or size % page
    if whole:
        with closing(connection.execute("PRAGMA quick_check(1)")) as found:
            if (answer := found.fetchone()[0]) != "ok":
                return str(answer)
    if version < WITH_TALLIES:
        return None
    if wrong := wrong_tables(connection, version):
        return wrong
    if not whole:
        return None
    scan = TrialScan(connection, version)
    scan.exhaust()
    return scan.wrong()


def _is_network(kind: str | None) -> bool:
    return kind is not None and (kind in _NETWORK_FILE_SYSTEMS or kind.startswith("fuse."))


def _file_system(path: Path) -> str | None:
    """Return the type of the file system that holds `path`, if Linux reports it."""
    try:
        lines = Path("/proc/self/mounts").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    resolved, best = str(real_path(path)), ("", "")
    for line in lines:
        _, mount, kind, *_ = line.split()
        mount = re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), mount)  # \040 is a space
        if (resolved + "/").startswith(mount.rstrip("/") + "/") and len(mount) >= len(best[0]):
            best = (mount, kind)
    return best[1] or None
