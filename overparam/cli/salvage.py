"""``overparam salvage``: what is whole of a damaged study."""

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
    help="The new study; no file may be there.",
)
@json_flag
def salvage(study: Path, output: Path, as_json: bool) -> None:
    """Take what is whole of STUDY, which is damaged, into a new study.

    Every trial whose checksum is right is taken, wherever in the file it lies; what is lost is counted, and
    sweep with the same options trains it again. STUDY is only read.
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
    echo(visible(f"{output}: {result.kept:,} trials are whole"))
    if result.lost is None:
        echo("how many are lost cannot be told: what counted them is damaged too")
    else:
        cells = [f"{n:,} of n={cell.n}, k={cell.k}, d={cell.d}" for cell, n in result.lost.items()]
        where = "; ".join(cells[:_NAMED]) + ("; …" if len(cells) > _NAMED else "")
        echo(f"lost: {lost:,}{f' ({where})' if where else ''}")
    if result.damaged_pages:
        pages = ", ".join(str(page) for page in result.damaged_pages[:_NAMED])
        echo(f"damaged pages: {pages}{', …' if len(result.damaged_pages) > _NAMED else ''}")
