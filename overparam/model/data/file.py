"""Data read from a file."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO, ClassVar, NamedTuple

import numpy as np

from overparam.arrays.machine import physical_memory
from overparam.files import open_input, require_regular
from overparam.model.data.archives import read_npy, read_npz
from overparam.model.data.base import ContentChanged, DataGenerator, Dataset, Matrix
from overparam.model.data.table import read_csv

__all__ = ["File"]


@dataclass(frozen=True)
class File(DataGenerator):
    """X (n, d) and optionally y (n,) from a .npy, .npz or .csv file.

    A .npz file holds arrays `X` and optionally `y`; other arrays are ignored. A .csv file has one sample per
    row, an optional header, and labels in the column headed `y`, if there is one. Pickled objects are never
    loaded.

    Attributes
    ----------
    path : Path
    normalize : bool
        Scale every row to unit Euclidean norm, as the theorems assume.
    """

    name: ClassVar[str] = "file"
    path: Path
    normalize: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", Path(self.path))

    def draw(self, n: int, d: int, rng: np.random.Generator) -> Dataset:
        """Return the file's data set; (n, d) must be the file's own shape."""
        return _copy(self.read().dataset, self.path, n, d)

    def shape(self) -> tuple[int, int]:
        """Return the (n, d) of the file."""
        n, d = self.read().dataset.X.shape
        return n, d

    def brings_labels(self) -> bool:
        """Whether the file holds y."""
        return self.read().dataset.y is not None

    def digest(self) -> str:
        """SHA-256 digest of the file."""
        return self.read().digest

    def pinned(self, digest: str) -> DataGenerator:
        """Return this file, restricted to the content with this SHA-256 digest."""
        return PinnedFile(self, digest)

    def read(self) -> Content:
        """Return the file's content; the file is parsed again only if it has changed."""
        if self.path.suffix.lower() not in _READERS:
            raise ValueError(f"{self.path}: the file must end in .npy, .npz or .csv")
        try:
            state = require_regular(self.path)
            if state.st_size > physical_memory():  # checked before the digest, which reads the whole file
                raise MemoryError
            # At least one of these changes if a file is replaced or rewritten.
            signature = (state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns)
            return _read(self.path, self.normalize, signature)
        except OSError as error:
            raise ValueError(f"{self.path}: {error.strerror or error}") from error
        except MemoryError as error:
            raise ValueError(f"{self.path} is too large for this machine's memory") from error


@dataclass(frozen=True)
class PinnedFile(DataGenerator):
    """A file of data with the digest that it must have on every read."""

    name: ClassVar[str] = File.name
    file: File
    expected: str

    def specification(self) -> str:
        """Return the specification of the file itself."""
        return self.file.specification()

    def draw(self, n: int, d: int, rng: np.random.Generator) -> Dataset:
        """Return the file's data set, from content with the expected digest."""
        content = self.file.read()
        if content.digest != self.expected:
            raise ContentChanged(
                f"{self.file.path} does not hold the data that the sweep began with "
                f"({content.digest} instead of {self.expected})"
            )
        return _copy(content.dataset, self.file.path, n, d)


class Content(NamedTuple):
    """Content of a file, and its digest."""

    dataset: Dataset
    digest: str


def _copy(held: Dataset, path: Path, n: int, d: int) -> Dataset:
    if held.X.shape != (n, d):
        raise ValueError(
            f"{path} holds {held.X.shape[0]} samples in {held.X.shape[1]} dimensions, not n={n}, d={d}"
        )
    return Dataset(held.X.copy(), None if held.y is None else held.y.copy())


@lru_cache(maxsize=1)
def _read(path: Path, normalize: bool, signature: tuple[int, ...]) -> Content:
    """Read a file once for all trials of a sweep; another signature means that it has changed.

    The digest is computed before and after parsing, so that a change in between is noticed.
    """
    with open_input(path) as handle:
        before = _digest(handle)
        dataset = _checked(path, *_READERS[path.suffix.lower()](path, handle), normalize)
        if _digest(handle) != before:
            raise ContentChanged(f"{path} is being written: run the command again when the file is complete")
    return Content(dataset, before)


def _digest(handle: IO[bytes]) -> str:
    """SHA-256 digest of an open file; afterwards the file is at its start."""
    handle.seek(0)
    digest = hashlib.file_digest(handle, "sha256").hexdigest()  # type: ignore[arg-type]
    handle.seek(0)
    return f"sha256:{digest}"


def _checked(path: Path, X: Matrix, y: Matrix | None, normalize: bool) -> Dataset:
    if X.ndim != 2 or 0 in X.shape:
        raise ValueError(f"{path}: X must be a matrix (n, d) with n, d ≥ 1, got shape {X.shape}")
    if y is not None and y.shape != X.shape[:1]:
        raise ValueError(f"{path}: y must have shape ({X.shape[0]},), got {y.shape}")
    for name, array in (("X", X), ("y", y)):
        if array is not None and not np.isfinite(array).all():
            row = int(np.argwhere(~np.isfinite(array))[0][0])
            raise ValueError(f"{path}: {name} has a value in row {row} that is not finite")
    if normalize:
        scale = np.max(np.abs(X), axis=1, keepdims=True)
        if not scale.all():
            raise ValueError(
                f"{path}: row {int(np.argmin(scale))} of X is zero and cannot be normalized; "
                "remove it or set normalize=false"
            )
        X = X / scale
        X = X / np.linalg.norm(X, axis=1, keepdims=True)
    return Dataset(X, y)


def _real(path: Path, name: str, array: object) -> Matrix:
    values = np.asarray(array)
    if values.dtype.kind not in "biuf":
        raise ValueError(f"{path}: {name} must hold real numbers, got {values.dtype}")
    return values.astype(np.float64)


def _read_npy(path: Path, handle: IO[bytes]) -> tuple[Matrix, Matrix | None]:
    return _real(path, "X", read_npy(path, handle)), None


def _read_npz(path: Path, handle: IO[bytes]) -> tuple[Matrix, Matrix | None]:
    arrays = read_npz(path, handle, ("X", "y"))
    y = _real(path, "y", arrays["y"]) if "y" in arrays else None
    return _real(path, "X", arrays["X"]), y


_READERS = {".npy": _read_npy, ".npz": _read_npz, ".csv": read_csv}
