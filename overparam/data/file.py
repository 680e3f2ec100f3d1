"""Data read from a file."""

from __future__ import annotations

import hashlib
import stat
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import ClassVar

import numpy as np

from overparam.data.archives import read_npy, read_npz
from overparam.data.base import DataGenerator, Dataset, Matrix
from overparam.data.table import read_csv

__all__ = ["File"]


@dataclass(frozen=True)
class File(DataGenerator):
    """X (n, d) and optionally y (n,) from a .npy, .npz or .csv file.

    A .npz holds arrays `X` and optionally `y`, and nothing else in it is read; a .csv has one sample a
    row, an optional header, and labels in the column headed `y`, if any. Nothing in a file is ever
    unpickled.

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
        dataset = self._load()
        if dataset.X.shape != (n, d):
            raise ValueError(
                f"{self.path} holds {dataset.X.shape[0]} samples in {dataset.X.shape[1]} dimensions, "
                f"asked for n={n}, d={d}"
            )
        return dataset

    def shape(self) -> tuple[int, int]:
        """Return the (n, d) of the file."""
        n, d = self._load().X.shape
        return n, d

    def brings_labels(self) -> bool:
        """Whether the file holds y."""
        return self._load().y is not None

    def digest(self) -> str:
        """SHA-256 of the file."""
        try:
            with self.path.open("rb") as handle:
                return f"sha256:{hashlib.file_digest(handle, 'sha256').hexdigest()}"
        except OSError as error:
            raise ValueError(f"{self.path}: {error.strerror or error}") from error

    def _load(self) -> Dataset:
        if self.path.suffix.lower() not in _READERS:
            raise ValueError(f"{self.path}: the file must end in .npy, .npz or .csv")
        try:
            state = self.path.stat()
            if not (stat.S_ISREG(state.st_mode) or stat.S_ISDIR(state.st_mode)):  # a folder says so itself
                raise ValueError(f"{self.path} is no regular file")
            held = _load(self.path, self.normalize, state.st_mtime_ns, state.st_size)
        except OSError as error:
            raise ValueError(f"{self.path}: {error.strerror or error}") from error
        except MemoryError as error:
            raise ValueError(f"{self.path} is too large for this machine's memory") from error
        return Dataset(held.X.copy(), None if held.y is None else held.y.copy())


@lru_cache(maxsize=1)
def _load(path: Path, normalize: bool, modified: int, size: int) -> Dataset:
    """Read a file once for all the trials of a sweep; `modified` and `size` tell when it is another."""
    return _checked(path, *_READERS[path.suffix.lower()](path), normalize)


def _checked(path: Path, X: Matrix, y: Matrix | None, normalize: bool) -> Dataset:
    if X.ndim != 2 or 0 in X.shape:
        raise ValueError(f"{path}: X must be a matrix (n, d) with n, d ≥ 1, it has shape {X.shape}")
    if y is not None and y.shape != X.shape[:1]:
        raise ValueError(f"{path}: y must have shape ({X.shape[0]},), it has {y.shape}")
    for name, array in (("X", X), ("y", y)):
        if array is not None and not np.isfinite(array).all():
            row = int(np.argwhere(~np.isfinite(array))[0][0])
            raise ValueError(f"{path}: {name} has a value in row {row} that is not finite")
    if normalize:
        scale = np.max(np.abs(X), axis=1, keepdims=True)
        if not scale.all():
            raise ValueError(
                f"{path}: row {int(np.argmin(scale))} of X is zero and cannot be normalized; "
                "remove it or say normalize=false"
            )
        X = X / scale
        X = X / np.linalg.norm(X, axis=1, keepdims=True)
    return Dataset(X, y)


def _real(path: Path, name: str, array: object) -> Matrix:
    values = np.asarray(array)
    if values.dtype.kind not in "biuf":
        raise ValueError(f"{path}: {name} must hold real numbers, it holds {values.dtype}")
    return values.astype(np.float64)


def _read_npy(path: Path) -> tuple[Matrix, Matrix | None]:
    return _real(path, "X", read_npy(path)), None


def _read_npz(path: Path) -> tuple[Matrix, Matrix | None]:
    arrays = read_npz(path, ("X", "y"))
    y = _real(path, "y", arrays["y"]) if "y" in arrays else None
    return _real(path, "X", arrays["X"]), y


_READERS = {".npy": _read_npy, ".npz": _read_npz, ".csv": read_csv}
