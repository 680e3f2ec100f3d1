"""``overparam salvage``: recover the intact trials of a damaged study."""

from __future__ import annotations

from pathlib import Path

import click

from overparam.cli.options import echo_json, json_flag
from overparam.cli.output import echo
from overparam.cli.visible import visible
from overparam.studies import salvage as take_what_is_whole

__all__ = ["salvage"]

_NAMED = 10


@click.command()
@click.argument("study", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="The new study; the file must not exist.",
)
@json_flag
def salvage(study: Path, output: Path, as_json: bool) -> None:
    """Recover the intact trials of STUDY, a damaged study, into a new study.

    Every trial with a correct checksum is recovered, wherever it lies in the file. Lost trials are counted;
    sweep with the same options trains them again. STUDY itself is not changed.
    """
    result = take_what_is_whole(study, output)
    lost = None if result.lost is None else sum(result.lost.values())
    if as_json:
        of_cells = [{**cell._asdict(), "lost": n} for cell, n in (result.lost or {}).items()]
        echo_json(
            {
                "command": "salvage",
                "study": str(study),
                "output": str(output),
                "kept": result.kept,
                "lost": lost,
                "cells": of_cells,
                "damaged_pages": list(result.damaged_pages),
            }
        )
        return
    echo(visible(f"{output}: {result.kept:,} trials are intact"))
    if result.lost is None:
        echo("the number of lost trials is unknown: the table that counts them is damaged too")
    else:
        cells = [f"{n:,} of n={cell.n}, k={cell.k}, d={cell.d}" for cell, n in result.lost.items()]
        where = "; ".join(cells[:_NAMED]) + ("; …" if len(cells) > _NAMED else "")
        echo(f"lost: {lost:,}{f' ({where})' if where else ''}")
    if result.damaged_pages:
        pages = ", ".join(str(page) for page in result.damaged_pages[:_NAMED])
        echo(f"damaged pages: {pages}{', …' if len(result.damaged_pages) > _NAMED else ''}")
