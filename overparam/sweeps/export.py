"""A study as a table for other programs."""

from __future__ import annotations

import csv
import io
import json
import os
from importlib import import_module
from pathlib import Path

from overparam.sweeps.errors import StudyError
from overparam.sweeps.schema import plainly
from overparam.sweeps.study import Study

__all__ = ["EXPORTED", "export_study"]

EXPORTED = (
    "n",
    "k",
    "d",
    "trial",
    "status",
    "iterations",
    "relative_residual",
    "distance_from_initialization",
    "path_length",
    "effective_parameters",
    "seconds",
)
"""The columns of an exported table."""


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
    table = [[getattr(row, name) for name in EXPORTED] for row in study.rows()]
    content = writers[path.suffix.lower()](table)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    with plainly(path):
        try:
            partial.write_bytes(content)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)


def _csv(table: list[list[object]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(EXPORTED)
    writer.writerows(table)
    return text.getvalue().encode()


def _json(table: list[list[object]]) -> bytes:
    rows = [dict(zip(EXPORTED, row, strict=True)) for row in table]
    return (json.dumps(rows, allow_nan=False, indent=0) + "\n").encode()


def _parquet(table: list[list[object]]) -> bytes:
    try:
        pyarrow, parquet = import_module("pyarrow"), import_module("pyarrow.parquet")  # optional and large
    except ImportError as error:
        raise StudyError(
            "a .parquet table needs pyarrow, which is not installed: pip install pyarrow"
        ) from error
    columns = dict(zip(EXPORTED, zip(*table, strict=True) if table else [()] * len(EXPORTED), strict=True))
    sink = pyarrow.BufferOutputStream()
    parquet.write_table(pyarrow.table({name: list(values) for name, values in columns.items()}), sink)
    return bytes(sink.getvalue().to_pybytes())
