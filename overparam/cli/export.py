"""``overparam export``: a study as a table."""

from __future__ import annotations

from pathlib import Path

import click

from overparam.files import check_output
from overparam.studies import TABLES, export_study, load_study

__all__ = ["export"]


@click.command()
@click.argument("study", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="A .csv, .json or .parquet file.",
)
def export(study: Path, output: Path) -> None:
    """Write STUDY as a table, one row a trial, ordered by (n, k, d, trial)."""
    check_output(output, TABLES, inputs=[study])
    export_study(load_study(study), output)
