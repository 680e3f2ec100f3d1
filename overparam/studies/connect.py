"""Opening a study's file, for writing or reading, and saying plainly what is wrong with it."""

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
_LONGEST_VALUE = 1 << 26  # bytes of one value: what is forged may not fill the memory
_ATTEMPTS, _PAUSE = 4, 0.05
_NETWORK_FILE_SYSTEMS = {
    *("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "lustre", "beegfs", "gpfs", "ceph", "gfs2"),
    *("ocfs2", "glusterfs", "orangefs", "pvfs2", "panfs", "virtiofs", "vboxsf"),
}


@contextmanager
def plainly(path: Path) -> Iterator[None]:
    """Turn what SQLite and the operating system raise into a StudyError of one line."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise _explained(path, str(error)) from error
    except UnicodeDecodeError as error:  # SQLite quotes a damaged schema in what it says
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
            f"{path}: the disk is full or cannot be written ({text}); what was reported saved is kept: "
            "make space and run the same command again"
        )
    if "readonly" in text or "unable to open" in text:
        return StudyError(f"{path} cannot be written: check the permissions of the file and its folder")
    if "locked" in text:
        return StudyError(f"{path} is in use by another process")
    return StudyError(f"{path}: {text}")


def damaged(path: Path, text: object) -> NotAStudy:
    """The error for a study that does not hold what was written."""
    one_line = " ".join(str(text).split())
    return NotAStudy(
        f"{path} is damaged ({one_line}): restore it from a copy, or let overparam salvage take what is whole"
    )


def require_study(path: Path) -> None:
    """Refuse a path where no study is and none can be made, without touching anything.

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
    # An empty file may be a study that was killed at its birth, and so may one with a log to undo it.
    if not state.st_size or any(name.exists() for name in journal_names(path)):
        return
    # By SQLite: a file that this process opens and closes itself loses all locks that SQLite has on it.
    with closing(_connect(f"{real_path(path).as_uri()}?immutable=1")) as connection:
        if connection.execute("PRAGMA application_id").fetchone() != (APPLICATION_ID,):
            raise NotAStudy(f"{path} is not a study")


def connect_writer(path: Path) -> sqlite3.Connection:
    """Open a study for writing, and make it where there is none; the caller holds its lock.

    Raises
    ------
    sqlite3.DatabaseError, OSError, StudyError
        Where that cannot be.
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
    """Make the file one that no copy of it is: its log, if it is left behind, will fit no other."""
    try:
        (mode,) = connection.execute("PRAGMA journal_mode = DELETE").fetchone()
    except sqlite3.OperationalError:  # a reader is in the way, and the log of before goes on
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
    """Open a study for reading; possible at any time, and in a folder that cannot be written to.

    Parameters
    ----------
    path : Path
    checked : bool
        Whether to look for damage: through all tables but the trials', and through the whole file if it is
        not too large for that.

    Raises
    ------
    sqlite3.DatabaseError, OSError, StudyError
        Where the file is missing, or is not a study.
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
    """The version of the format that an open study has."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


def _check_journals_at_rest(path: Path) -> None:
    """A writer that is alive has done this itself, and its log grows while it is read."""
    for attempt in range(_ATTEMPTS):
        if holder(path) is not None:
            return
        try:
            check_journals(path)
        except (NotAStudy, FileNotFoundError):
            if attempt + 1 == _ATTEMPTS:
                raise
            time.sleep(_PAUSE)  # one may just have begun, or ended
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
    """A reader changes no file: the older one is brought to a version it can read in memory."""
    newer = sqlite3.connect(":memory:", isolation_level=None)
    with closing(older):
        older.backup(newer)
    migrate(newer, version, WITH_TALLIES)
    return newer


def _is_new(connection: sqlite3.Connection) -> bool:
    (objects,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return bool(objects == 0)


def _recognize(path: Path, connection: sqlite3.Connection, *, checked: bool) -> int:
    """Return the version of the format; refuse another program's database, a newer one and damage."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    version = format_of(connection)
    if application != APPLICATION_ID:
        raise NotAStudy(f"{path} is not a study")
    if version > VERSION:
        raise NotAStudy(f"{path} was written by a newer overparam (format {version}): upgrade overparam")
    # Before any table is asked: what is called one may be a view without an end.
    if version < 1 or schema_of(connection) != expected_schema(version):
        raise damaged(path, "its tables are not those of a study")
    if connection.execute("PRAGMA auto_vacuum").fetchone() != (0,):
        raise damaged(path, "its header is not that of a study")
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
    # SQLite misses a last page that is cut in two: what is gone of it reads as zeros.
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
    """Return the type of the file system that holds `path`, where Linux tells it."""
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
