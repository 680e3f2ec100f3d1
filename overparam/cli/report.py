"""``overparam report``: studies as one HTML file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import click

from overparam import defaults
from overparam.api import replayer
from overparam.cli.claims import claims_of, claims_option, distinct, note_left_out
from overparam.cli.options import echo_json, json_flag
from overparam.cli.settings import Settings
from overparam.components.faults import OverparamError
from overparam.files import check_output
from overparam.report import ENDINGS, Claim, Refresher, ReportingUnavailable, Written, require, write_report
from overparam.studies import Study, load_study

__all__ = ["refresh_while", "report", "write_beside"]


@click.command()
@click.argument("studies", metavar="STUDY...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="A .html file.",
)
@click.option(
    "--curves",
    type=click.IntRange(min=0),
    default=defaults.CURVES,
    show_default=True,
    help="Number of trials per diagram to train again and draw, on both sides of the boundary.",
)
@claims_option
@json_flag
@click.pass_obj
def report(
    settings: Settings,
    studies: Sequence[Path],
    output: Path,
    curves: int,
    claimed: str | None,
    as_json: bool,
) -> None:
    """Write one or more STUDY files as one HTML file that needs no network and no installation.

    The report has diagrams with a value for each cell, the boundary with its intervals, training runs beside
    the linearized prediction, a record of what was run, and the commands that repeat it.
    """
    check_output(output, ENDINGS, inputs=studies)
    require()
    loaded = [load_study(study) for study in studies]
    claims = [
        each
        for study in loaded
        if claimed is not None
        for each in claims_of(settings, study, claimed, study.sample_sizes()).values()
    ]
    note_left_out(settings, claims)
    written = write_report(
        loaded,
        output,
        replay=replayer(settings.registry),
        curves=curves,
        claims=[Claim.of(curve) for curve in distinct(claims)],
    )
    _say(settings, output, written)
    if as_json:
        echo_json(
            {
                "command": "report",
                "studies": [str(study) for study in studies],
                "output": str(output),
                "bytes": written.size,
                "diagrams": written.diagrams,
                "runs": written.runs,
                "notes": list(written.notes),
            }
        )


def refresh_while(settings: Settings, output: Path, studies: Sequence[Path]) -> Callable[[], None]:
    """Return a function that refreshes the report of a running sweep, at most once per interval.

    A report that cannot be written does not end the sweep; the error is reported once.
    """
    refresher = Refresher(lambda: write_report([Study(path) for path in studies if path.exists()], output))
    said: set[str] = set()

    def refresh() -> None:
        try:
            refresher()
        except (OSError, OverparamError) as error:
            if str(error) not in said:
                said.add(str(error))
                settings.note(f"Note: the report could not be written: {error}")

    return refresh


def write_beside(settings: Settings, output: Path, studies: Sequence[Study]) -> None:
    """Write the report of studies that were just trained; if Jinja2 is missing, print what to install."""
    try:
        written = write_report(studies, output, replay=replayer(settings.registry), curves=defaults.CURVES)
    except ReportingUnavailable as error:
        settings.note(f"Note: {error}")
    else:
        _say(settings, output, written)


def _say(settings: Settings, output: Path, written: Written) -> None:
    for note in written.notes:
        settings.note(f"Note: {note}")
    settings.note(
        f"{output}: {written.diagrams} diagrams and {written.runs} training runs in {written.size:,} bytes"
    )
