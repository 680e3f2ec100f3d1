"""A study as a table for other programs."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from overparam.sweeps.connect import plainly
from overparam.sweeps.frames import optional
from overparam.sweeps.study import Study

__all__ = ["EXPORTED", "export_study"]

_TYPES = {
    "n": "int64",
    "k": "int64",
    "d": "int64",
    "trial": "int64",
    "status": "string",
    "iterations": "int64",
    "relative_residual": "float64",
    "distance_from_initialization": "float64",
    "path_length": "float64",
    "effective_parameters": "int64",
    "seconds": "float64",
}
EXPORTED = tuple(_TYPES)
"""The columns of an exported table."""

_BLOCK = 10_000
Row = tuple[object, ...]


def export_study(study: Study, path: str | Path) -> None:
    """Write one row a trial, ordered by (n, k, d, trial); the file appears whole or not at all.

    Parameters
    ----------
    study : Study
    path : path
        Ends in .csv (missing values empty), .json (null) or .parquet (needs pyarrow).

    Raises
    ------
    ValueError
        For another ending.
    StudyError
        Where the study cannot be read or the table cannot be written.
    """
    path = Path(path)
    writers = {".csv": _csv, ".json": _json, ".parquet": _parquet}
    if path.suffix.lower() not in writers:
        raise ValueError(f"a table's file must end in {', '.join(writers)}, got {str(path)!r}")
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    with plainly(path):
        try:
            writers[path.suffix.lower()](study.select(EXPORTED), partial)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)


def _csv(rows: Iterable[Row], path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(EXPORTED)
        writer.writerows(rows)


def _json(rows: Iterable[Row], path: Path) -> None:
    with path.open("w", encoding="utf-8") as file:
        before = "[\n"
        for row in rows:
            file.write(before + json.dumps(dict(zip(EXPORTED, row, strict=True)), allow_nan=False))
            before = ",\n"
        file.write("[]\n" if before == "[\n" else "\n]\n")


def _parquet(rows: Iterable[Row], path: Path) -> None:
    pyarrow = optional("pyarrow", "a .parquet table")
    parquet = optional("pyarrow.parquet", "a .parquet table")
    schema = pyarrow.schema([(name, getattr(pyarrow, kind)()) for name, kind in _TYPES.items()])
    with parquet.ParquetWriter(path, schema) as writer:
        for block in _blocks(rows):
            columns = zip(*block, strict=True)
            writer.write_table(pyarrow.table([list(values) for values in columns], schema=schema))


def _blocks(rows: Iterable[Row]) -> Iterator[list[Row]]:
    rest = iter(rows)
    while block := list(islice(rest, _BLOCK)):
        yield block
