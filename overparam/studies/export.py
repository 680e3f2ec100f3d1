"""A study as a table for other programs."""

from __future__ import annotations

import codecs
import csv
import json
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import IO

from overparam.files import check_output, replaced
from overparam.studies.connect import plainly
from overparam.studies.frames import optional
from overparam.studies.study import Study

__all__ = ["EXPORTED", "TABLES", "export_study", "write_table"]

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


def export_study(study: Study, path: str | Path) -> int:
    """Write a table with one row per trial, ordered by (n, k, d, trial), and never a partial file.

    Parameters
    ----------
    study : Study
    path : path
        The output file, ending in .csv (missing values empty), .json (null) or .parquet (needs pyarrow).

    Returns
    -------
    int
        Rows written.

    Raises
    ------
    ValueError
        For another ending, or a file that must not or cannot be written, such as the study itself.
    StudyError
        If the study cannot be read or the table cannot be written.
    """
    path = Path(path)
    check_output(path, TABLES, inputs=[study.path])
    with plainly(path), replaced(path) as file:
        return write_table(study, file, path.suffix.lower())


def write_table(study: Study, file: IO[bytes], ending: str) -> int:
    """Write the table of `export_study` to an open file, in the format of the ending; return its rows.

    If the study is damaged, the StudyError may come after some rows are written.
    """
    rows = 0

    def counted() -> Iterator[Row]:
        nonlocal rows
        with plainly(study.path):
            for row in study.select(EXPORTED):
                rows += 1
                yield row

    _WRITERS[ending](counted(), file)
    return rows


def _csv(rows: Iterable[Row], file: IO[bytes]) -> None:
    # Unlike io.TextIOWrapper, this never closes the file.
    writer = csv.writer(codecs.getwriter("utf-8")(file), lineterminator="\n")
    writer.writerow(EXPORTED)
    writer.writerows(rows)


def _json(rows: Iterable[Row], file: IO[bytes]) -> None:
    before = "[\n"
    for row in rows:
        line = json.dumps(dict(zip(EXPORTED, row, strict=True)), allow_nan=False)
        file.write(f"{before}{line}".encode())
        before = ",\n"
    file.write(b"[]\n" if before == "[\n" else b"\n]\n")


def _parquet(rows: Iterable[Row], file: IO[bytes]) -> None:
    pyarrow = optional("pyarrow", "a .parquet table")
    parquet = optional("pyarrow.parquet", "a .parquet table")
    schema = pyarrow.schema([(name, getattr(pyarrow, kind)()) for name, kind in _TYPES.items()])
    with parquet.ParquetWriter(file, schema) as writer:
        for block in _blocks(rows):
            columns = zip(*block, strict=True)
            writer.write_table(pyarrow.table([list(values) for values in columns], schema=schema))


def _blocks(rows: Iterable[Row]) -> Iterator[list[Row]]:
    rest = iter(rows)
    while block := list(islice(rest, _BLOCK)):
        yield block


_WRITERS = {".csv": _csv, ".json": _json, ".parquet": _parquet}
TABLES = tuple(_WRITERS)
"""The endings that `export_study` accepts."""
