"""``overparam merge``: several studies merged into one."""

from __future__ import annotations

from pathlib import Path

import click

from overparam.cli.options import echo_json, json_flag
from overparam.cli.settings import Settings
from overparam.files import check_output
from overparam.studies import merge_studies

__all__ = ["merge"]


@click.command()
@click.argument("studies", type=click.Path(path_type=Path), nargs=-1, required=True)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="The study that receives the trials; created if missing.",
)
@json_flag
@click.pass_obj
def merge(settings: Settings, studies: tuple[Path, ...], output: Path, as_json: bool) -> None:
    """Merge the trials of STUDIES, all with one specification, into one study.

    Trials that are already there stay unchanged, so merging again changes nothing. Studies that hold
    different outcomes of one trial, apart from wall time, are refused.
    """
    check_output(output)
    taken = merge_studies(output, studies)
    settings.note(f"{output}: {taken:,} trials added")
    if as_json:
        studies_read = [str(study) for study in studies]
        echo_json({"command": "merge", "studies": studies_read, "output": str(output), "trials": taken})
