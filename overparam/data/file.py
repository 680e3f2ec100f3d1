"""Data read from a file."""

from __future__ import annotations

import csv
import hashlib
import io
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from overparam.data.base import ContentChanged, DataGenerator, Dataset, Matrix
from overparam.files import open_input, require_regular

__all__ = ["File"]


@dataclass(frozen=True)
class File(DataGenerator):
    """X (n, d) and optionally y (n,) from a .npy, .npz or .csv file.

    A .npz holds arrays `X` and optionally `y`; a .csv has one sample a row, an optional header, and
    labels in the column headed `y`, if any. Nothing in a file is ever unpickled.

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

    def digest(self) -> str:
        """SHA-256 of the file."""
        return self.read().digest

    def pinned(self, digest: str) -> DataGenerator:
        """Return the file as long as its SHA-256 is this."""
        return PinnedFile(self, digest)

    def read(self) -> Content:
        """Return what the file holds; it is parsed again only where it has changed."""
        if self.path.suffix.lower() not in _READERS:
            raise ValueError(f"{self.path}: the file must end in .npy, .npz or .csv")
        try:
            state = require_regular(self.path)
            # A file that was replaced or rewritten differs in one of these.
            signature = (state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns)
            return _read(self.path, self.normalize, signature)
        except OSError as error:
            raise ValueError(f"{self.path}: {error.strerror or error}") from error


@dataclass(frozen=True)
class PinnedFile(DataGenerator):
    """A file of data with the digest that it must have wherever it is read."""

    name: ClassVar[str] = File.name
    file: File
    expected: str

    def specification(self) -> str:
        """Spell it as the file, which it is."""
        return self.file.specification()

    def draw(self, n: int, d: int, rng: np.random.Generator) -> Dataset:
        """Return the file's data set, from the very bytes that have the digest."""
        content = self.file.read()
        if content.digest != self.expected:
            raise ContentChanged(
                f"{self.file.path} does not hold the data that the sweep began with "
                f"({content.digest} instead of {self.expected})"
            )
        return _copy(content.dataset, self.file.path, n, d)


class Content(NamedTuple):
    """What a file holds, and what tells it from others."""

    dataset: Dataset
    digest: str


def _copy(held: Dataset, path: Path, n: int, d: int) -> Dataset:
    if held.X.shape != (n, d):
        raise ValueError(
            f"{path} holds {held.X.shape[0]} samples in {held.X.shape[1]} dimensions, asked for n={n}, d={d}"
        )
    return Dataset(held.X.copy(), None if held.y is None else held.y.copy())


@lru_cache(maxsize=1)
def _read(path: Path, normalize: bool, signature: tuple[int, ...]) -> Content:
    """Read a file once for all the trials of a sweep; the signature tells when it is another.

    What is parsed is what was digested: the file may change at any moment.
    """
    with open_input(path) as file:
        content = file.read()
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    return Content(_checked(path, *_READERS[path.suffix.lower()](path, content), normalize), digest)


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


def _arrays(path: Path, content: bytes) -> NDArray[Any] | dict[str, NDArray[Any]]:
    """The array of a .npy, or those of a .npz by name; nothing is unpickled, and the file is closed."""
    try:
        loaded = np.load(io.BytesIO(content), allow_pickle=False)
        if isinstance(loaded, np.ndarray):
            return loaded
        with loaded:
            return {name: loaded[name] for name in loaded.files}
    except Exception as error:  # damage shows as ValueError, EOFError, BadZipFile, TokenError, MemoryError, …
        raise ValueError(
            f"{path} is no readable {path.suffix} of plain arrays (pickles are refused)"
        ) from error


def _read_npy(path: Path, content: bytes) -> tuple[Matrix, Matrix | None]:
    loaded = _arrays(path, content)
    if isinstance(loaded, dict):
        raise ValueError(f"{path} is an archive, not one array: call it .npz")
    return _real(path, "X", loaded), None


def _read_npz(path: Path, content: bytes) -> tuple[Matrix, Matrix | None]:
    arrays = _arrays(path, content)
    if not isinstance(arrays, dict):
        raise ValueError(f"{path} is one array, not an archive: call it .npy")
    if "X" not in arrays:
        raise ValueError(f"{path} has no array 'X'; it has: {', '.join(arrays) or 'nothing'}")
    y = _real(path, "y", arrays["y"]) if "y" in arrays else None
    return _real(path, "X", arrays["X"]), y


def _read_csv(path: Path, content: bytes) -> tuple[Matrix, Matrix | None]:
    try:
        with io.TextIOWrapper(io.BytesIO(content), newline="", encoding="utf-8-sig") as handle:
            rows = [(i, row) for i, row in enumerate(csv.reader(handle), start=1) if any(row)]
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{path} is not a text file of comma-separated values: {error}") from error
    named = rows and not any(map(_is_number, rows[0][1]))
    header = [cell.strip() for cell in rows.pop(0)[1]] if named else None
    if not rows:
        raise ValueError(f"{path} holds no rows of numbers")
    width = len(header) if header else len(rows[0][1])
    table = np.empty((len(rows), width))
    for target, (line, row) in zip(table, rows, strict=True):
        if len(row) != width:
            raise ValueError(f"{path}, line {line}: {len(row)} values where the first row has {width}")
        try:
            target[:] = [float(cell) for cell in row]
        except ValueError as error:
            raise ValueError(f"{path}, line {line}: {error}") from error
    if header is None or "y" not in header:
        return table, None
    column = header.index("y")
    return np.delete(table, column, axis=1), table[:, column]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


_READERS = {".npy": _read_npy, ".npz": _read_npz, ".csv": _read_csv}
