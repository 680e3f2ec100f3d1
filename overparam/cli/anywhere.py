"""Global options, accepted before or after a command's name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click
from click.core import ParameterSource

from overparam.cli.commands import COMMANDS, WHERE
from overparam.cli.settings import Settings

__all__ = ["GlobalOption", "require_used", "take_global_options"]

_ELSEWHERE = (
    "`overparam describe` lists the components. `overparam --help` lists the global options, which work here "
    "too."
)


class GlobalOption(click.Option):
    """A global option: every command accepts it too, but only the program's help shows it."""

    def handle_parse_result(
        self, ctx: click.Context, opts: Mapping[str, Any], args: list[str]
    ) -> tuple[Any, list[str]]:
        """Take the value; if the option follows a command's name, change the program's settings."""
        root = ctx.find_root()
        if ctx is root:
            return super().handle_parse_result(ctx, opts, args)
        if self.name not in opts:
            return None, args
        value, args = super().handle_parse_result(ctx, opts, args)
        if self.expose_value and not ctx.resilient_parsing:
            del ctx.params[self.name]  # the command's own function has no such parameter
            root.params[self.name] = root.params[self.name] + value if self.multiple or self.count else value
            root.set_parameter_source(self.name, ParameterSource.COMMANDLINE)
            require_used(root)
            root.obj = ctx.obj = Settings(**root.params)
        return value, args

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """Return the line of the help for the program, None for a command."""
        return super().get_help_record(ctx) if ctx.parent is None else None


def take_global_options(command: click.Command, program: click.Command) -> None:
    """Add the program's global options to a command and the commands below it."""
    options = [option for option in program.params if isinstance(option, GlobalOption)]
    command.params += [option for option in options if option not in command.params]
    command.epilog = _ELSEWHERE
    for child in command.commands.values() if isinstance(command, click.Group) else ():
        take_global_options(child, program)


def require_used(root: click.Context) -> None:
    """Raise a UsageError for a typed global option that the command would ignore."""
    command = str(root.invoked_subcommand)
    for option in root.command.params:
        ignored = option.name in WHERE and option.name not in COMMANDS[command].uses
        typed = root.get_parameter_source(str(option.name)) is ParameterSource.COMMANDLINE
        if ignored and typed and root.params[str(option.name)] != option.default:
            raise click.UsageError(f"{command} does not use --{option.name}: leave it out", root)
