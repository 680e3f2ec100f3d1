"""``overparam plugins new``: a new plugin package."""

from __future__ import annotations

from pathlib import Path

import click

from overparam.cli.output import echo
from overparam.cli.scaffold import KINDS, write_package
from overparam.cli.settings import Settings
from overparam.components import ComponentError

__all__ = ["new_plugin"]


@click.command("new")
@click.argument("name")
@click.option("--kind", type=click.Choice(list(KINDS)), required=True, help="Kind of its component.")
@click.option(
    "--directory",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=".",
    show_default=True,
    help="Folder for the package.",
)
@click.pass_obj
def new_plugin(settings: Settings, name: str, kind: str, directory: Path) -> None:
    """Write overparam-NAME, an installable plugin package with passing tests.

    It has a pyproject.toml with the entry point, one source file, one test file and a README.
    """
    offered = settings.registry.choices(KINDS[kind].family)
    if (bare := name.removeprefix("overparam-")) in offered:
        owner = offered[bare][0][0].distribution
        raise ComponentError(f"{owner} already offers the {kind} {bare!r}: choose another name")
    package = write_package(name, kind, directory)
    words = KINDS[kind].words(package.name.removeprefix("overparam-"))
    echo(f"Wrote {package}. Next:")
    for command in (
        f"pip install -e {package}",
        f"pytest {package}",
        f"overparam plugins check {package.name}",
        *words["uses"].splitlines(),
    ):
        echo(f"    {command}")
