"""Files as users name them: inputs are read whole, outputs appear whole or not at all."""

from __future__ import annotations

import os
import secrets
import stat
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

__all__ = ["beside", "check_output", "open_input", "real_path", "replaced", "require_regular", "same_file"]

_KINDS = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}
_UNNAMED: int = getattr(os, "O_TMPFILE", 0)


def real_path(path: Path) -> Path:
    """Return where a name leads through its links, as an absolute path.

    Links that lead in a circle are left as they are, so that whoever opens the file is told by the system;
    `Path.resolve` raises a RuntimeError for them before Python 3.13.
    """
    return Path(os.path.realpath(path))


def beside(path: Path, ending: str) -> Path:
    """Return the file of the same name with an ending, where the file itself is and not a link to it."""
    real = real_path(path)
    return real.with_name(real.name + ending)


def same_file(one: Path, other: Path) -> bool:
    """Whether two names are of one file, through links of either kind."""
    try:
        return one.samefile(other)
    except OSError:
        return real_path(one) == real_path(other)


def require_regular(path: Path, state: os.stat_result | None = None) -> os.stat_result:
    """Return the stat of a file; opening a pipe, a device or a socket could wait for ever.

    Raises
    ------
    ValueError
        For a pipe, a device or a socket, also behind a link.
    OSError
        Where there is no file, or it is a folder.
    """
    state = path.stat() if state is None else state
    kind = stat.S_IFMT(state.st_mode)
    if kind in _KINDS:
        raise ValueError(f"{path} is {_KINDS[kind]}, not a file")
    if kind == stat.S_IFDIR:
        raise IsADirectoryError(21, os.strerror(21), str(path))
    return state


def open_input(path: Path) -> IO[bytes]:
    """Open a regular file for reading; errors as `require_regular`."""
    require_regular(path)
    # Without O_NONBLOCK, a pipe put in its place meanwhile would make us wait.
    file = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        require_regular(path, os.fstat(file))
    except BaseException:
        os.close(file)
        raise
    return os.fdopen(file, "rb")


def check_output(path: Path, endings: Iterable[str] = (), inputs: Iterable[Path] = ()) -> None:
    """Refuse a file that could not, or must not, be written; to be called before any work is done.

    Parameters
    ----------
    path : Path
    endings : iterable of str
        One of which the name must have, such as ".csv"; any where empty.
    inputs : iterable of Path
        Files that are read, whatever they are called: none may be written.

    Raises
    ------
    ValueError
        The message says what was needed.
    """
    endings = tuple(endings)
    if endings and path.suffix.lower() not in endings:
        raise ValueError(f"{path} must end in {', '.join(endings)}")
    folder = real_path(path).parent
    if not folder.is_dir():
        raise ValueError(f"{path}: the folder {folder} does not exist")
    for read in inputs:
        if same_file(path, read):
            raise ValueError(f"{path} is what is read ({read}): write to another file")
    if path.is_dir():
        raise ValueError(f"{path} is a folder")
    if path.exists():
        require_regular(path)
        if not os.access(path, os.W_OK):
            raise ValueError(f"{path} cannot be written: check its permissions")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise ValueError(f"{path}: the folder {folder} cannot be written: check its permissions")


@contextmanager
def replaced(path: Path) -> Iterator[IO[bytes]]:
    """Open a file that takes the place of `path` when the block ends, and leaves nothing if it is left early.

    The data are on the disk before the name points to them. Permissions are as the umask says. While it is
    written the file has no name where the system can do that, so that nothing stays even of a killed process;
    elsewhere it has a hidden name beside `path`, and the next writer removes what a killed one left.

    Raises
    ------
    OSError
    """
    target = real_path(path)
    if _UNNAMED and Path("/proc/self/fd").is_dir():
        try:
            file = os.open(target.parent, os.O_RDWR | _UNNAMED, 0o666)
        except OSError:  # this file system has no unnamed files; a real obstacle shows again below
            pass
        else:
            with os.fdopen(file, "w+b") as handle:
                yield handle
                _settle(handle)
                _move_unnamed(file, target)
            return
    with _hidden(target) as (handle, partial):
        yield handle
        _settle(handle)
        partial.replace(target)
    _sync_folder(target.parent)


def _move_unnamed(file: int, target: Path) -> None:
    """Name an unnamed file; it cannot take an existing name at once."""
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        partial = f".{target.name[:200]}.{secrets.token_hex(4)}.partial"
        # With a folder given, Python follows the link in /proc, which is what names the file.
        os.link(f"/proc/self/fd/{file}", partial, dst_dir_fd=folder, follow_symlinks=True)
        try:
            os.replace(partial, target.name, src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException:
            with suppress(OSError):
                os.unlink(partial, dir_fd=folder)
            raise
        os.fsync(folder)
    finally:
        os.close(folder)


@contextmanager
def _hidden(target: Path) -> Iterator[tuple[IO[bytes], Path]]:
    """A file with a hidden name, removed unless it was moved away."""
    for left in target.parent.glob(f".{_escaped(target.name[:200])}.*.partial"):
        _remove_if_left(left)
    partial = target.with_name(f".{target.name[:200]}.{secrets.token_hex(4)}.partial")
    handle = partial.open("x+b")
    try:
        with handle:
            _lock(handle)
            yield handle, partial
    finally:
        partial.unlink(missing_ok=True)


def _escaped(name: str) -> str:
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)


def _lock(handle: IO[bytes]) -> bool:
    """Hold a partial file: it tells others that its writer is alive."""
    if sys.platform == "win32":
        return True  # an open file cannot be removed there
    import fcntl  # not on Windows

    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _remove_if_left(partial: Path) -> None:
    with suppress(OSError), open_input(partial) as handle:
        if _lock(handle):
            partial.unlink(missing_ok=True)


def _settle(handle: IO[bytes]) -> None:
    handle.flush()
    os.fsync(handle.fileno())


def _sync_folder(folder: Path) -> None:
    with suppress(OSError):  # Windows opens no folders
        file = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(file)
        finally:
            os.close(file)
