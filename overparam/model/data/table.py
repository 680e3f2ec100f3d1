"""Comma-separated values: every line must be a row of numbers; an error names the number of a bad line."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np

from overparam.model.data.base import Matrix

__all__ = ["read_csv"]

_NUMBER = re.compile(
    r"[+-]?(([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?|nan|inf|infinity)", re.IGNORECASE | re.ASCII
)
_NOTHING = {"", "na", "n/a", "null", "none", "?", "-"}
"""Spellings of a missing value; they cannot be column names."""


def read_csv(path: Path, handle: IO[bytes]) -> tuple[Matrix, Matrix | None]:
    """Return X of an open file, and y if a column is headed ``y``.

    Raises
    ------
    ValueError
        If the file is not one optional header and lines of equally many numbers; blank lines are skipped.
    """
    try:
        text = io.TextIOWrapper(handle, newline="", encoding="utf-8-sig")
        try:
            reader = csv.reader(text)
            # Non-blank lines with their numbers.
            lines = ((reader.line_num, [cell.strip() for cell in cells]) for cells in reader if cells)
            return _table(path, lines)
        finally:
            text.detach()  # the file stays open
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{path} is not a text file of comma-separated values: {error}") from error


def _table(path: Path, lines: Iterator[tuple[int, list[str]]]) -> tuple[Matrix, Matrix | None]:
    header: list[str] | None = None
    rows: list[Matrix] = []
    width = 0
    for line, cells in lines:
        if not width:
            width = len(cells)
            if not any(map(_NUMBER.fullmatch, cells)):
                header = _header(path, line, cells)
                continue
        if len(cells) != width:
            raise ValueError(f"{path}, line {line}: {len(cells)} values where the first row has {width}")
        rows.append(_numbers(path, line, cells))
    if not rows:
        raise ValueError(f"{path} holds no rows of numbers")
    table = np.array(rows)
    if header is None or "y" not in header:
        return table, None
    column = header.index("y")
    return np.delete(table, column, axis=1), table[:, column]


def _header(path: Path, line: int, cells: list[str]) -> list[str]:
    if unnamed := [cell for cell in cells if cell.lower() in _NOTHING]:
        raise ValueError(f"{path}, line {line}: {unnamed[0]!r} is neither a number nor the name of a column")
    if cells.count("y") > 1:
        raise ValueError(f"{path}, line {line}: more than one column is headed y; labels are one column")
    return cells


def _numbers(path: Path, line: int, cells: list[str]) -> Matrix:
    for cell in cells:
        if not _NUMBER.fullmatch(cell):
            raise ValueError(f"{path}, line {line}: could not convert string to float: {cell!r}")
    return np.array([float(cell) for cell in cells])
