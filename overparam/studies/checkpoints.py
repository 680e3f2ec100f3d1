"""Checkpoints: the states of long training runs, each in its own file beside the study.

A checkpoint has a header, the arrays, and a digest of both. The header names the trial and how the checkpoint
was computed. A checkpoint is used only if all of this agrees with the current sweep and the digest matches
the contents. A new checkpoint replaces the last one atomically. Only the worker that trains the trial writes
it. An abandoned worker may still write one: it holds another state of the same training run and does no harm.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from overparam.files import beside, open_input, replaced
from overparam.runs import Snapshot
from overparam.studies.grid import TrialKey

__all__ = ["Checkpoints", "Unusable"]

_MAGIC = b"overparam checkpoint 1\n"
_LONGEST_HEADER = 1 << 20
_DIGEST = hashlib.sha256().digest_size
_DTYPES = ("float32", "float64", "int64")
_NAME = re.compile(r"n(\d{1,18})-k(\d{1,18})-d(\d{1,18})-trial(\d{1,18})\.checkpoint")


class Unusable(ValueError):
    """Error for a checkpoint that is not used; the message is the reason."""


@dataclass(frozen=True)
class Checkpoints:
    """The checkpoints beside a study.

    Attributes
    ----------
    folder : Path
        Created with the first checkpoint.
    """

    folder: Path

    @classmethod
    def of(cls, study: Path) -> Checkpoints:
        """Return the checkpoints of the study at a path, with links resolved."""
        return cls(beside(study, "-checkpoints"))

    def path(self, key: TrialKey) -> Path:
        """Return the checkpoint file of a trial."""
        n, k, d, trial = key
        return self.folder / f"n{n}-k{k}-d{d}-trial{trial}.checkpoint"

    def keys(self) -> list[TrialKey]:
        """Return the trials for which a file with a checkpoint's name exists."""
        found: list[TrialKey] = []
        with suppress(OSError):
            names = sorted(path.name for path in self.folder.iterdir())
            matches = filter(None, map(_NAME.fullmatch, names))
            found = [TrialKey(*map(int, match.groups())) for match in matches]
        return found

    def write(self, key: TrialKey, made: Mapping[str, str], snapshot: Snapshot) -> None:
        """Replace the checkpoint of a trial.

        Parameters
        ----------
        key : TrialKey
        made : mapping of str
            How it is computed: another session must agree in all of it to use the checkpoint.
        snapshot : Snapshot

        Raises
        ------
        OSError
            If it cannot be written; the last checkpoint stays.
        """
        self.folder.mkdir(exist_ok=True)
        path = self.path(key)
        if path.is_symlink():
            raise FileExistsError(17, "a link has the name of a checkpoint", str(path))
        data = [np.ascontiguousarray(array).reshape(-1).view(np.uint8) for array in snapshot.arrays]
        header = {
            "key": list(key),
            "made": dict(made),
            "iteration": snapshot.iteration,
            "path_length": snapshot.path_length.hex(),
            "seconds": snapshot.seconds,
            "byteorder": sys.byteorder,
            "arrays": [[array.dtype.name, list(array.shape)] for array in snapshot.arrays],
        }
        text = json.dumps(header).encode()
        digest = hashlib.sha256()
        parts: list[Any] = [_MAGIC, len(text).to_bytes(8, "little"), text, *data]
        with replaced(path) as file:
            for part in parts:
                digest.update(part)
                file.write(part)
            file.write(digest.digest())

    def read(self, key: TrialKey, made: Mapping[str, str]) -> Snapshot:
        """Return the checkpoint of a trial that was computed in this way.

        Raises
        ------
        FileNotFoundError
            If there is none.
        Unusable
            If it is damaged, foreign, of another trial or computed in another way.
        """
        path = self.path(key)
        if path.is_symlink():
            raise Unusable("it is a link")
        try:
            with open_input(path) as file:
                header = _header(file)
                arrays = tuple(_arrays(file, header))
        except FileNotFoundError:
            raise
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            reason = str(error) if isinstance(error, Unusable) else f"it cannot be read ({error})"
            raise Unusable(reason) from error
        if header["key"] != list(key):
            raise Unusable("it belongs to another trial")
        there: Mapping[str, str] = header["made"]
        if differing := [name for name in {**made, **there} if made.get(name) != there.get(name)]:
            told = (f"{name} {there.get(name)}, here {made.get(name)}" for name in differing)
            raise Unusable(f"it was computed with {'; '.join(told)}")
        path_length = float.fromhex(header["path_length"])
        return Snapshot(header["iteration"], path_length, arrays, header["seconds"])

    def remove(self, keys: Iterable[TrialKey]) -> None:
        """Remove the checkpoints of these trials; other files stay."""
        for key in keys:
            with suppress(OSError):
                if _is_ours(self.path(key)):
                    self.path(key).unlink()

    def tidy(self) -> None:
        """Remove the folder if it is empty."""
        with suppress(OSError):
            self.folder.rmdir()


def _is_ours(path: Path) -> bool:
    if path.is_symlink():
        return False
    with open_input(path) as file:
        return file.read(len(_MAGIC)) == _MAGIC


def _header(file: IO[bytes]) -> dict[str, Any]:
    """Return the checked header; the digest is compared first, so the contents are as written."""
    if file.read(len(_MAGIC)) != _MAGIC:
        raise Unusable("it is not a checkpoint of this format version")
    file.seek(0)
    digest, size = hashlib.sha256(), file.seek(0, 2) - _DIGEST
    file.seek(0)
    while size > 0:
        block = file.read(min(size, 1 << 20))
        if not block:
            break
        digest.update(block)
        size -= len(block)
    if size or digest.digest() != file.read():
        raise Unusable("it is damaged")
    file.seek(len(_MAGIC))
    length = int.from_bytes(file.read(8), "little")
    if length > _LONGEST_HEADER:
        raise Unusable("its header is too long")
    header = json.loads(file.read(length))
    if header["byteorder"] != sys.byteorder:
        raise Unusable("it comes from a machine with another byte order")
    numbers = header["iteration"], header["seconds"], float.fromhex(header["path_length"])
    if not (isinstance(numbers[0], int) and numbers[0] >= 0 and isinstance(numbers[1], float)):
        raise Unusable("its header is not valid")
    if not (isinstance(header["made"], dict) and math.isfinite(numbers[1])):
        raise Unusable("its header is not valid")
    return dict(header)


def _arrays(file: IO[bytes], header: Mapping[str, Any]) -> Iterator[np.ndarray[Any, Any]]:
    for name, shape in header["arrays"]:
        if name not in _DTYPES or not all(isinstance(size, int) and size >= 0 for size in shape):
            raise Unusable("its arrays have an unknown type")
        dtype = np.dtype(name)
        data = file.read(math.prod(shape) * dtype.itemsize)
        yield np.frombuffer(data, dtype).reshape(shape).copy()
