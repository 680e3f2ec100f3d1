"""Users' files: inputs must be regular files; outputs appear complete or not at all."""

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
    """Return the absolute path of the file that a name leads to through its links.

    Circular links are left as they are: the system reports the error when the file is opened. Before Python
    3.13, `Path.resolve` raises a RuntimeError for them.
    """
    return Path(os.path.realpath(path))


def beside(path: Path, ending: str) -> Path:
    """Return the path with an ending added, in the folder of the file itself, not of a link to it."""
    real = real_path(path)
    return real.with_name(real.name + ending)


def same_file(one: Path, other: Path) -> bool:
    """Whether two paths are the same file, also through hard or symbolic links."""
    try:
        return one.samefile(other)
    except OSError:
        return real_path(one) == real_path(other)


def require_regular(path: Path, state: os.stat_result | None = None) -> os.stat_result:
    """Return the stat of a regular file; opening a pipe, a device or a socket could block for ever.

    Raises
    ------
    ValueError
        For a pipe, a device or a socket, also behind a link.
    OSError
        If there is no file, or the path is a folder.
    """
    state = path.stat() if state is None else state
    kind = stat.S_IFMT(state.st_mode)
    if kind in _KINDS:
        raise ValueError(f"{path} is {_KINDS[kind]}, not a file")
    if kind == stat.S_IFDIR:
        raise IsADirectoryError(21, os.strerror(21), str(path))
    return state


def open_input(path: Path) -> IO[bytes]:
    """Open a regular file for reading; raises the errors of `require_regular`."""
    require_regular(path)
    # Without O_NONBLOCK, this blocks if a pipe has replaced the file meanwhile.
    file = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        require_regular(path, os.fstat(file))
    except BaseException:
        os.close(file)
        raise
    return os.fdopen(file, "rb")


def check_output(path: Path, endings: Iterable[str] = (), inputs: Iterable[Path] = ()) -> None:
    """Refuse an output file that cannot or must not be written; called before any work is done.

    Parameters
    ----------
    path : Path
    endings : iterable of str
        Allowed endings of the name, such as ".csv"; empty allows any.
    inputs : iterable of Path
        Files that are read; the output must be none of them.

    Raises
    ------
    ValueError
        The message states what is needed.
    """
    endings = tuple(endings)
    if endings and path.suffix.lower() not in endings:
        raise ValueError(f"{path} must end in {', '.join(endings)}")
    folder = real_path(path).parent
    if not folder.is_dir():
        raise ValueError(f"{path}: the folder {folder} does not exist")
    for read in inputs:
        if same_file(path, read):
            raise ValueError(f"{path} is the input file ({read}): write to another file")
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
    """Open a file that replaces `path` when the block ends; an error in the block leaves no file.

    The data are on the disk before the name points to them. Permissions follow the umask. If the system
    allows, the file has no name while it is written, so that a killed process leaves no file. Otherwise it
    has a hidden name beside `path`, and the next writer removes the file that a killed process left.

    Raises
    ------
    OSError
    """
    target = real_path(path)
    if _UNNAMED and Path("/proc/self/fd").is_dir():
        try:
            file = os.open(target.parent, os.O_RDWR | _UNNAMED, 0o666)
        except OSError:  # this file system has no unnamed files; any other error occurs again below
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
    """Give an unnamed file its name, by way of a hidden one: a link cannot replace an existing file."""
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        partial = f".{target.name[:200]}.{secrets.token_hex(4)}.partial"
        # With dst_dir_fd, Python follows the link in /proc to the unnamed file.
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
    """Open a file with a hidden name; it is removed at the end unless it was moved."""
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
    """Lock a partial file: the lock shows other processes that its writer is alive."""
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
