"""``overparam status``: the progress of a study."""

from __future__ import annotations

from pathlib import Path

import click

from overparam.cli.design import design_document, echo_design
from overparam.cli.options import echo_json, json_flag
from overparam.cli.output import echo
from overparam.cli.visible import visible
from overparam.figures import boundary_line
from overparam.studies import load_study

__all__ = ["status"]

_LINES = "\n\t"


@click.command()
@click.argument("study", type=click.Path(path_type=Path))
@click.option("--cells", is_flag=True, help="List every cell with its binomial interval; --json always does.")
@json_flag
def status(study: Path, cells: bool, as_json: bool) -> None:
    """Show the finished and missing trials of STUDY, and its 50 % boundary so far."""
    loaded = load_study(study)
    summary, statuses = loaded.status(), loaded.cell_statuses()
    diagrams = {n: loaded.diagram(n) for n in loaded.sample_sizes()}
    if as_json:
        boundary = {str(n): diagram.boundary().summary() for n, diagram in diagrams.items()}
        cells_asked = [cell._asdict() for cell in statuses]
        echo_json({**summary, "design": design_document(loaded), "boundary": boundary, "cells": cells_asked})
        return
    written = summary.pop("sweep_file")
    for name, value in summary.items():
        echo(f"{visible(name):<18} {visible(value)}")
    for diagram in diagrams.values():
        echo(boundary_line(diagram))
    echo_design(loaded)
    if cells:
        echo("     n    k    d   asked    done  success  95 % interval")
        for n, k, d, asked, trials, successes, low, high in statuses:
            interval = f"{low:.2f} to {high:.2f}"
            echo(f"{n:>6} {k:>4} {d:>4} {asked:>7} {trials:>7} {successes:>8}  {interval}")
    if written is not None:
        echo(f"sweep file:\n{visible(written.rstrip(), keep=_LINES)}")
