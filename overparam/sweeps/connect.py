"""Opening a study's file, for writing or reading, and saying plainly what is wrong with it."""

from __future__ import annotations

import errno
import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from overparam.sweeps.errors import NotAStudy, StudyError
from overparam.sweeps.schema import (
    APPLICATION_ID,
    VERSION,
    WITH_TALLIES,
    create,
    migrate,
    tallies_agree,
)

__all__ = ["connect_reader", "connect_writer", "plainly", "require_study"]

_CHECKED_WHOLE = 1 << 26  # bytes up to which the whole file is checked when it is opened
_BUSY_SECONDS = 10.0
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
    except OSError as error:
        raise StudyError(f"{path}: {error.strerror or error}") from error


def _explained(path: Path, text: str) -> StudyError:
    if "not a database" in text:
        return NotAStudy(f"{path} is not a study")
    if "malformed" in text:
        return _damaged(path, text)
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


def _damaged(path: Path, text: object) -> NotAStudy:
    one_line = " ".join(str(text).split())
    return NotAStudy(f"{path} is damaged ({one_line}): restore it from a copy, or begin another study")


def require_study(path: Path) -> None:
    """Refuse a path where no study is and none can be made, without touching anything.

    Raises
    ------
    OSError, NotAStudy
    """
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if path.exists() and not path.is_file():  # opening a pipe would wait for whoever writes to it
        raise NotAStudy(f"{path} is not a study: it is no regular file")
    if not path.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, f"the folder {path.parent} does not exist")
    # An empty file may be a study that was killed at its birth.
    if path.exists() and path.stat().st_size:
        with path.open("rb") as handle:
            if handle.read(16) != b"SQLite format 3\0":
                raise NotAStudy(f"{path} is not a study")


def connect_writer(path: Path) -> sqlite3.Connection:
    """Open a study for writing, and make it where there is none; the caller holds its lock.

    Raises
    ------
    sqlite3.DatabaseError, OSError, StudyError
        Where that cannot be.
    """
    connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None)
    try:
        if _is_new(connection):
            create(connection)
        elif (version := _recognize(path, connection, checked=True)) < VERSION:
            migrate(connection, version)
        # Write-ahead logging needs shared memory, which network file systems do not have.
        journal = "DELETE" if _is_network(_file_system(path)) else "WAL"
        connection.execute(f"PRAGMA journal_mode = {journal}")
        connection.execute("PRAGMA synchronous = FULL")
    except BaseException:
        connection.close()
        raise
    return connection


def connect_reader(path: Path, *, checked: bool = False) -> sqlite3.Connection:
    """Open a study for reading; possible at any time, and in a folder that cannot be written to.

    Parameters
    ----------
    path : Path
    checked : bool
        Whether to look through the whole file for damage, if it is not too large for that.

    Raises
    ------
    sqlite3.DatabaseError, OSError, StudyError
        Where the file is missing, or is not a study.
    """
    require_study(path)
    with path.open("rb"):
        pass
    quoted = path.resolve().as_uri()
    connection = _connect_read_only(f"{quoted}?mode=ro")
    try:
        _is_new(connection)
    except sqlite3.OperationalError:
        connection.close()
        if Path(f"{path.resolve()}-wal").exists():
            raise
        connection = _connect_read_only(f"{quoted}?immutable=1")
    try:
        if (version := _recognize(path, connection, checked=checked)) < VERSION:
            connection = _newer_copy(connection, version)
    except BaseException:
        connection.close()
        raise
    return connection


def _connect_read_only(address: str) -> sqlite3.Connection:
    return sqlite3.connect(address, uri=True, timeout=_BUSY_SECONDS, isolation_level=None)


def _newer_copy(older: sqlite3.Connection, version: int) -> sqlite3.Connection:
    """A reader changes no file: the older one is brought to this version in memory."""
    newer = sqlite3.connect(":memory:", isolation_level=None)
    with closing(older):
        older.backup(newer)
    migrate(newer, version)
    return newer


def _is_new(connection: sqlite3.Connection) -> bool:
    (objects,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return bool(objects == 0)


def _recognize(path: Path, connection: sqlite3.Connection, *, checked: bool) -> int:
    """Return the version of the format; refuse another program's database, a newer one and damage."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION_ID:
        raise NotAStudy(f"{path} is not a study")
    if version > VERSION:
        raise NotAStudy(f"{path} was written by a newer overparam (format {version}): upgrade overparam")
    (page,) = connection.execute("PRAGMA page_size").fetchone()
    size = path.stat().st_size
    # SQLite misses a last page that is cut in two: what is gone of it reads as zeros.
    if checked and (size <= _CHECKED_WHOLE or size % page):
        with closing(connection.execute("PRAGMA quick_check(1)")) as found:
            if (answer := found.fetchone()[0]) != "ok":
                raise _damaged(path, answer)
        if version >= WITH_TALLIES and not tallies_agree(connection):
            raise _damaged(path, "its tallies are not those of its trials")
    return int(version)


def _is_network(kind: str | None) -> bool:
    return kind is not None and (kind in _NETWORK_FILE_SYSTEMS or kind.startswith("fuse."))


def _file_system(path: Path) -> str | None:
    """Return the type of the file system that holds `path`, where Linux tells it."""
    try:
        lines = Path("/proc/self/mounts").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    resolved, best = str(path.resolve()), ("", "")
    for line in lines:
        _, mount, kind, *_ = line.split()
        mount = re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), mount)  # \040 is a space
        if (resolved + "/").startswith(mount.rstrip("/") + "/") and len(mount) >= len(best[0]):
            best = (mount, kind)
    return best[1] or None
