"""``overparam export``: a study as a table."""

from __future__ import annotations

from pathlib import Path

import click

from overparam.cli.options import echo_json, json_flag
from overparam.cli.output import binary_output
from overparam.cli.settings import Settings
from overparam.files import check_output
from overparam.studies import EXPORTED, TABLES, export_study, load_study, write_table

__all__ = ["export"]

_STANDARD_OUTPUT = Path("-")


@click.command()
@click.argument("study", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    required=True,
    help="A .csv, .json or .parquet file; - for standard output, as CSV, or as JSON with --json.",
)
@json_flag
@click.pass_obj
def export(settings: Settings, study: Path, output: Path, as_json: bool) -> None:
    """Write STUDY as a table, one row per trial, ordered by (n, k, d, trial)."""
    if output == _STANDARD_OUTPUT:
        loaded = load_study(study)
        with binary_output() as file:
            rows = write_table(loaded, file, ".json" if as_json else ".csv")
        settings.note(f"standard output: {rows:,} trials written")
        return
    check_output(output, TABLES, inputs=[study])
    rows = export_study(load_study(study), output)
    settings.note(f"{output}: {rows:,} trials written")
    if as_json:
        echo_json(
            {
                "command": "export",
                "study": str(study),
                "output": str(output),
                "trials": rows,
                "columns": EXPORTED,
            }
        )
