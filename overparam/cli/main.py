"""The command group: global options, commands imported on use, and the handling of errors."""

from __future__ import annotations

import io
import os
import sys
import traceback
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click

from overparam.cli.anywhere import GlobalOption, require_used, take_global_options
from overparam.cli.commands import COMMANDS, SECTIONS
from overparam.cli.completion import Component
from overparam.cli.environment import PREFIX, name_variables, unknown_variables
from overparam.cli.settings import Failure, Settings
from overparam.cli.visible import visible
from overparam.components.faults import plugin_failure

__all__ = ["main"]


class Commands(click.Group):
    """A group that shows its commands' one-line helps without importing the commands."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order of the documentation."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Import a command's module."""
        if name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"overparam.cli.{name}"), name)
        take_global_options(command, self)
        name_variables(command, f"{PREFIX}{name}_")
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command; suggestions for a misspelt name include commands that are not imported."""
        try:
            return super().resolve_command(ctx, args)
        except click.NoSuchCommand as error:
            raise click.NoSuchCommand(error.command_name, possibilities=COMMANDS, ctx=ctx) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands by heading, each with an example."""
        for heading, section in SECTIONS.items():
            with formatter.section(heading):
                rows = [[(name, entry.help), ("", entry.example)] for name, entry in section.items()]
                formatter.write_dl([line for lines in rows for line in lines])

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; an error that a user can cause becomes one line and an exit code."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as error:
            raise _interrupted(error) from None
        except BaseException as error:
            # A component refuses bad values with a ValueError; any other exception is its failure.
            failure = None if isinstance(error, ValueError) else plugin_failure(error)
            if failure is None and isinstance(error, click.Abort):
                raise _interrupted(error) from None
            passing = (click.ClickException, click.exceptions.Exit, BrokenPipeError)
            if failure is None and isinstance(error, passing):
                raise
            if ctx.params.get("verbose", 0) >= 2:
                traceback.print_exc()
            raise Failure.of(failure or error) from None


def _interrupted(error: BaseException) -> click.exceptions.Exit:
    """Print that the command was interrupted, and return the exit with its code."""
    click.echo(f"Interrupted{f': {error}' if str(error) else '.'}", err=True)
    return click.exceptions.Exit(130)


@click.group(
    cls=Commands, context_settings={"auto_envvar_prefix": "OVERPARAM", "help_option_names": ["-h", "--help"]}
)
@click.option(
    "--backend",
    cls=GlobalOption,
    type=Component("backend"),
    default="numpy",
    show_default=True,
    metavar="SPEC",
    help="numpy, cupy, torch; e.g. cupy:device=1.",
)
@click.option(
    "--dtype",
    cls=GlobalOption,
    type=click.Choice(["float32", "float64"]),
    help="Data type.  [default: float32 for sweep and reproduce, else float64]",
)
@click.option(
    "--engine",
    cls=GlobalOption,
    type=Component("engine", "auto"),
    default="auto",
    show_default=True,
    metavar="NAME",
    help="auto, portable, or a plugin's engine.",
)
@click.option(
    "--no-plugins",
    cls=GlobalOption,
    is_flag=True,
    help="Do not load installed plugins: only built-in components are available.",
)
@click.option(
    "--plugin",
    cls=GlobalOption,
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE.py",
    help="Load a Python file with hooks as a plugin, for this call (repeatable).",
)
@click.option(
    "--disable-plugin",
    cls=GlobalOption,
    multiple=True,
    metavar="NAME",
    help="Do not load this plugin (repeatable).",
)
@click.option("-v", "--verbose", cls=GlobalOption, count=True, help="Print details; -vv shows tracebacks.")
@click.option("-q", "--quiet", cls=GlobalOption, is_flag=True, help="Do not print progress and notes.")
@click.version_option(version("overparam"), "--version", prog_name="overparam", cls=GlobalOption)
@click.pass_context
def main(ctx: click.Context, /, **given: Any) -> None:
    """Over-parameterized one-hidden-layer networks: train them, map their phase diagrams, check the theory.

    The network is vᵀφ(Wx) of Oymak & Soltanolkotabi (arXiv:1902.04674). Components are written as name or
    name:key=value,key=value, and ranges as 1:25, 5:50:5 or 10,20,50. The options below may come before or
    after the command's name.
    """
    require_used(ctx)
    if (strays := unknown_variables(ctx)) is not None:
        click.echo(f"Warning: {visible(strays)}", err=True)
    ctx.obj = Settings(**given)


def run() -> None:
    """Entry point of the ``overparam`` script."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a terminal may lack φ
    code: object = 0
    try:
        main(prog_name="overparam")
    except SystemExit as ended:
        code = ended.code
    except OSError as error:
        code = _unwritten(error)
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError as error:
        code = code or _unwritten(error)
    _close_output()
    sys.exit(code)  # type: ignore[arg-type]


def _unwritten(error: OSError) -> int:
    """Report that standard output cannot be written; a closed pipe is no error."""
    if isinstance(error, BrokenPipeError):
        return 0
    click.echo(f"Error: standard output: {error.strerror}", err=True)
    return 1


def _close_output() -> None:
    """Close standard output, so that exit handlers of plugins and full buffers write nothing more."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    os.close(nothing)
    sys.stdout = sys.stderr
