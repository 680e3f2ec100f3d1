"""The lock of a study's one writer: held by the kernel, which lets go of it when the process ends, however.

A process number in the file could not do this: after a crash it names another process, or one of another
host or container that nobody can ask.
"""

from __future__ import annotations

import os
import socket
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from overparam.sweeps.errors import StudyError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

__all__ = ["WriterLock", "holder"]

_ATTEMPTS, _PAUSE = 4, 0.05
"""`holder` takes the lock for an instant: a writer that meets it there tries again."""


class WriterLock:
    """The right to write a study, kept from construction until `release`.

    Parameters
    ----------
    study : Path

    Raises
    ------
    StudyError
        Where another writer has it; the message names that one.
    OSError
        Where the folder cannot be written to.
    """

    def __init__(self, study: Path) -> None:
        self._path = _beside(study)
        for attempt in range(_ATTEMPTS):
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
            try:
                if _try(self._file, shared=False) and _is(self._path, self._file):
                    os.truncate(self._file, 0)
                    os.write(self._file, _introduction().encode())
                    return
            except BaseException:
                os.close(self._file)
                raise
            os.close(self._file)
            time.sleep(_PAUSE * (attempt + 1 < _ATTEMPTS))
        raise StudyError(f"{study} is being written by {_read(self._path)}: wait for it, or stop it first")

    def release(self) -> None:
        """Let others write."""
        # Before letting go: what is removed afterwards could be the next writer's. Where it cannot be
        # removed it is harmless, since nobody holds it.
        with suppress(OSError):
            self._path.unlink(missing_ok=True)
        os.close(self._file)


def holder(study: Path) -> str | None:
    """Say who is writing a study; None where nobody is."""
    try:
        file = os.open(_beside(study), os.O_RDONLY)
    except OSError:
        return None
    try:
        return None if _try(file, shared=True) else _read(_beside(study))
    finally:
        os.close(file)


def _beside(study: Path) -> Path:
    real = study.resolve()
    return real.with_name(f"{real.name}-lock")


def _introduction() -> str:
    started = datetime.now(UTC).isoformat(sep=" ", timespec="seconds")
    return f"process {os.getpid()} on {socket.gethostname()} since {started}"


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8") or "another process"
    except OSError:
        return "another process"


def _is(path: Path, file: int) -> bool:
    """Whether the open file is still the one at `path`: its last holder may just have removed it."""
    try:
        return os.path.samestat(os.fstat(file), path.stat())
    except FileNotFoundError:
        return False


def _try(file: int, *, shared: bool) -> bool:
    """Lock an open file if nobody else has."""
    try:
        if sys.platform == "win32":
            os.lseek(file, 1 << 30, os.SEEK_SET)  # beyond the text: Windows lets nobody read what is locked
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True
