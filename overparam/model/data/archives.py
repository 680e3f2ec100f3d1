"""Arrays of .npy and .npz files: without pickles, only requested ones, after a check of their size."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import prod
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from overparam.arrays.machine import physical_memory

__all__ = ["read_npy", "read_npz"]

_COPIES = 4  # copies of the array: as stored, in float64, and during normalization
_LARGE, _BOMB = 1 << 26, 200
"""Bytes, and ratio of compression, above which an array is refused: measured data compress less."""


def read_npy(path: Path, handle: IO[bytes]) -> NDArray[Any]:
    """Return the array of an open .npy file; the path is for messages.

    Raises
    ------
    ValueError
        If it is no .npy file, is damaged, holds objects or does not fit into memory.
    """
    with _plainly(path):
        if handle.read(2) == b"PK":
            raise _Refused(f"{path} is an archive, not one array: call it .npz")
        handle.seek(0)
        return _array(path, handle, os.fstat(handle.fileno()).st_size)


def read_npz(path: Path, handle: IO[bytes], names: Sequence[str]) -> dict[str, NDArray[Any]]:
    """Return those of the named arrays that an open .npz file contains; no other array is read.

    Raises
    ------
    ValueError
        If it is no archive, or a named array is damaged, holds objects or does not fit into memory.
    """
    with _plainly(path):
        if handle.read(6) == b"\x93NUMPY":
            raise _Refused(f"{path} is one array, not an archive: call it .npy")
        handle.seek(0)
        with zipfile.ZipFile(handle) as archive:
            members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
            found = {}
            for name in names:
                if (info := members.get(name)) is None:
                    continue
                if info.file_size > max(_LARGE, _BOMB * info.compress_size):
                    raise _Refused(
                        f"{path}: {name} would be {info.file_size:,} bytes from {info.compress_size:,}; "
                        "this is refused as a compression bomb"
                    )
                with archive.open(info) as member:
                    found[name] = _array(path, member, info.file_size)
            if "X" in names and "X" not in found:
                raise _Refused(f"{path} has no array 'X'; it has: {', '.join(members) or 'nothing'}")
            return found


class _Refused(ValueError):
    """Error whose message already gives the reason."""


@contextmanager
def _plainly(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, MemoryError, _Refused):
        raise
    except Exception as error:  # damage shows as ValueError, EOFError, BadZipFile, zlib.error, …
        raise ValueError(
            f"{path} is no readable {path.suffix} of plain arrays (pickles are refused)"
        ) from error


def _array(path: Path, handle: IO[bytes], size: int) -> NDArray[Any]:
    """Read one array of a file of `size` bytes, after a check of its header."""
    version = np.lib.format.read_magic(handle)
    read_header = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }.get(version)
    if read_header is None:
        raise ValueError(f"version {version} of the format")
    shape, _, dtype = read_header(handle)
    declared = prod(shape) * dtype.itemsize
    if dtype.hasobject or declared > size:
        raise ValueError("objects, or fewer values than declared")
    needed = _COPIES * max(declared, prod(shape) * 8)
    if needed > physical_memory():
        raise _Refused(f"{path} is too large for this machine's memory: it needs {needed:,} bytes")
    handle.seek(0)
    loaded = np.load(handle, allow_pickle=False)
    if not isinstance(loaded, np.ndarray):
        raise ValueError("no array")
    return loaded
