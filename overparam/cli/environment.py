"""Environment variables ``OVERPARAM_…`` that are not options."""

from __future__ import annotations

import os
from collections.abc import Iterator

import click

from overparam.cli.anywhere import GlobalOption
from overparam.components import did_you_mean

__all__ = ["PREFIX", "name_variables", "unknown_variables"]

PREFIX = "OVERPARAM_"
"""Prefix of the options' environment variables."""

_NO_OPTIONS = {"OVERPARAM_STRICT_PLUGINS", "OVERPARAM_CACHE_DIR"}
"""The registry reads the first, overparam-numba the second."""


def name_variables(command: click.Command, prefix: str) -> None:
    """Read every option also from the environment variable with the option's spelling.

    Click does so by itself if the option's parameter has the same name.
    """
    for option in _own_options(command):
        variable = f"{prefix}{_long(option)}".upper().replace("-", "_")
        if option.envvar is None and variable not in _names(option, prefix):
            option.envvar = variable
    for name, child in command.commands.items() if isinstance(command, click.Group) else ():
        name_variables(child, f"{prefix}{name}_")


def unknown_variables(ctx: click.Context) -> str | None:
    """Return one line about the variables ``OVERPARAM_…`` that nothing reads; None if there are none."""
    found = [name for name in sorted(os.environ) if name.startswith(PREFIX)]
    known = {*_NO_OPTIONS}
    for option in ctx.command.params:
        known.update(_names(option, PREFIX))
    if all(name in known for name in found):  # usual case: no other command needs to be imported
        return None
    known.update(_below(ctx, ctx.command, PREFIX))
    strays = [f"{name}{did_you_mean(name, sorted(known))}" for name in found if name not in known]
    return f"unknown environment variables: {', '.join(strays)}" if strays else None


def _below(ctx: click.Context, group: click.Command, prefix: str) -> Iterator[str]:
    """Return the variables of the commands of a group."""
    if isinstance(group, click.Group):
        for name in group.list_commands(ctx):
            command = group.get_command(ctx, name)
            assert command is not None
            own = f"{prefix}{name}_"
            for option in _own_options(command):
                yield from _names(option, own)
            yield from _below(ctx, command, own)


def _own_options(command: click.Command) -> list[click.Option]:
    """Return the options that are not global."""
    options = [option for option in command.params if isinstance(option, click.Option)]
    return [option for option in options if not isinstance(option, GlobalOption)]


def _names(option: click.Parameter, prefix: str) -> Iterator[str]:
    """Return the variables that an option is read from: click's own, and the one set by `name_variables`."""
    yield f"{prefix}{option.name}".upper().replace("-", "_")
    if isinstance(option.envvar, str):
        yield option.envvar


def _long(option: click.Parameter) -> str:
    return max(option.opts, key=len).lstrip("-")
