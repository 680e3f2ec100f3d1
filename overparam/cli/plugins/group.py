"""The group ``overparam plugins``."""

from __future__ import annotations

import click

from overparam.cli.plugins.check import check_plugin
from overparam.cli.plugins.listing import list_plugins
from overparam.cli.plugins.new import new_plugin

__all__ = ["plugins"]


@click.group()
def plugins() -> None:
    """List and check the installed plugins, or start a new one."""


plugins.add_command(list_plugins)
plugins.add_command(check_plugin)
plugins.add_command(new_plugin)
