"""``overparam status``: how far a study has come."""

from __future__ import annotations

from pathlib import Path

import click

from overparam.cli.options import echo_json, json_flag
from overparam.figures import boundary_line
from overparam.sweeps import load_study

__all__ = ["status"]


@click.command()
@click.argument("study", type=click.Path(path_type=Path))
@json_flag
def status(study: Path, as_json: bool) -> None:
    """What STUDY holds, what is left, and its 50 % boundary so far."""
    loaded = load_study(study)
    summary = loaded.status()
    if as_json:
        echo_json(summary)
        return
    for name, value in summary.items():
        click.echo(f"{name:<18} {value}")
    for n in loaded.sample_sizes():
        click.echo(boundary_line(loaded.diagram(n)))
