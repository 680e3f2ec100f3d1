"""The lock of a study's only writer, held by the kernel, which releases it whenever the process ends.

A process number in the file would not suffice: after a crash it may name another process, or a process on
another host or in another container, which cannot be checked.

There are two locks. The first is a file beside the study that names the writer. The second, if the system
supports it, is on a byte of the study itself, far beyond its end: it allows one writer even if the study is
opened by another name.
"""

from __future__ import annotations

import os
import re
import socket
import struct
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from overparam.files import beside, require_regular
from overparam.studies.errors import NotAStudy, StudyError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

__all__ = ["WriterLock", "holder"]

_ATTEMPTS, _PAUSE = 4, 0.05
"""`holder` takes the lock for an instant; a writer that finds it taken tries again."""

_LONGEST = 1000
_OURS = re.compile(r"(process \d+ on .{0,300} since [\d: +-]+)?")
_BYTE = 1 << 62
"""SQLite locks bytes after the first GiB; no file is as long as this offset."""

_FLAGS: int = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


class WriterLock:
    """The lock for writing a study, held from construction until `release`.

    Parameters
    ----------
    study : Path

    Raises
    ------
    StudyError
        If another writer holds it; the message names the writer. If a file that is not a lock has its name.
    OSError
        If the folder cannot be written to.
    """

    def __init__(self, study: Path) -> None:
        self._study, self._path = study, beside(study, "-lock")
        self._inode: int | None = None
        self._file = self._take()
        try:
            if study.exists():
                self.bind()
        except BaseException:
            self.release()
            raise

    def _take(self) -> int:
        for attempt in range(_ATTEMPTS):
            try:
                file = os.open(self._path, os.O_RDWR | os.O_CREAT | _FLAGS, 0o644)
            except OSError as error:
                if self._path.is_symlink() or self._path.is_dir():
                    raise _foreign(self._path) from error
                raise
            try:
                if _read(file) is None:
                    raise _foreign(self._path)
                if _try(file, shared=False) and _is(self._path, file):
                    os.truncate(file, 0)
                    os.write(file, _introduction().encode())
                    return file
            except BaseException:
                os.close(file)
                raise
            os.close(file)
            time.sleep(_PAUSE * (attempt + 1 < _ATTEMPTS))
        raise StudyError(
            f"{self._study} is being written by {_said(self._path)}: wait for it, or stop it first"
        )

    def bind(self) -> None:
        """Lock the study itself; call it again when the study has been created.

        Raises
        ------
        StudyError
            If another writer holds it under another name.
        """
        if self._inode is not None:
            return
        self._inode = os.open(self._study, os.O_RDWR | (_FLAGS & ~getattr(os, "O_NOFOLLOW", 0)))
        require_regular(self._study, os.fstat(self._inode))
        for _ in range(_ATTEMPTS):
            if _lock_byte(self._inode):
                return
            time.sleep(_PAUSE)
        raise StudyError(
            f"{self._study} is being written by another process under another name of the file: "
            "wait for it, or stop it first"
        )

    def holds(self) -> bool:
        """Whether the study is still the file at its path: it may have been deleted, moved or replaced."""
        return self._inode is None or _is(self._study, self._inode)

    def release(self) -> None:
        """Release the locks."""
        if self._inode is not None:
            os.close(self._inode)
            self._inode = None
        # Removed before the release: afterwards the file could be the next writer's. If it cannot be removed,
        # it is harmless, because no process holds it.
        with suppress(OSError):
            if _is(self._path, self._file):
                self._path.unlink()
        os.close(self._file)


def holder(study: Path) -> str | None:
    """Return who is writing a study, as text; None if nobody is."""
    try:
        file = os.open(beside(study, "-lock"), os.O_RDONLY | _FLAGS)
    except OSError:
        file = None
    if file is not None:
        try:
            if (text := _read(file)) is not None and not _try(file, shared=True):
                return text or "another process"
        finally:
            os.close(file)
    return "a process that opened it under another name" if _byte_is_locked(study) else None


def _introduction() -> str:
    started = datetime.now(UTC).isoformat(sep=" ", timespec="seconds")
    return f"process {os.getpid()} on {socket.gethostname()} since {started}"


def _foreign(path: Path) -> NotAStudy:
    return NotAStudy(f"{path} is not a lock file of overparam, but has its name; move it elsewhere")


def _read(file: int) -> str | None:
    """Return the text of a lock file; None if the open file is not one."""
    state = os.fstat(file)
    try:
        require_regular(Path(), state)
        if state.st_nlink > 1 or state.st_size > _LONGEST:
            return None
        text = os.read(file, _LONGEST).decode()
        os.lseek(file, 0, os.SEEK_SET)
    except (ValueError, OSError):
        return None
    return text if _OURS.fullmatch(text) else None


def _said(path: Path) -> str:
    try:
        file = os.open(path, os.O_RDONLY | _FLAGS)
    except OSError:
        return "another process"
    try:
        return _read(file) or "another process"
    finally:
        os.close(file)


def _is(path: Path, file: int) -> bool:
    """Whether the open file is still the one at `path`: its last holder may just have removed it."""
    try:
        return os.path.samestat(os.fstat(file), path.stat())
    except (FileNotFoundError, NotADirectoryError):
        return False


def _try(file: int, *, shared: bool) -> bool:
    """Lock an open file if it is free; return whether it was."""
    try:
        if sys.platform == "win32":
            os.lseek(file, 1 << 30, os.SEEK_SET)  # beyond the text: Windows lets no process read locked bytes
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True


def _lock_byte(file: int) -> bool:
    """Lock a byte of an open file if it is free; closing the file releases the lock."""
    if sys.platform != "linux":
        return True  # locks of other systems would collide with SQLite's, or end when it closes the file
    try:
        fcntl.fcntl(file, fcntl.F_OFD_SETLK, _flock())
    except (BlockingIOError, PermissionError):
        return False
    except OSError:  # a file system without such locks
        return True
    return True


def _byte_is_locked(study: Path) -> bool:
    """Ask the system: opening and closing the study here would release SQLite's locks."""
    try:
        if (state := study.stat()).st_nlink == 1:  # no other name
            return False
        locks = Path("/proc/locks").read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return False
    where = f"{os.major(state.st_dev):02x}:{os.minor(state.st_dev):02x}:{state.st_ino}"
    return any("OFDLCK" in line and where in line.split() and f" {_BYTE} " in line for line in locks)


def _flock() -> bytes:
    """``struct flock`` of Linux: a lock for writing, on one byte."""
    return struct.pack("@hhqqi4x", fcntl.F_WRLCK if sys.platform != "win32" else 0, os.SEEK_SET, _BYTE, 1, 0)
