"""The command group: global options, commands imported when they are used, and what becomes of errors."""

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
    """A group that knows its commands' one-line helps without importing them."""

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
        """Find the command; the nearest is looked for among those that are not imported too."""
        try:
            return super().resolve_command(ctx, args)
        except click.NoSuchCommand as error:
            raise click.NoSuchCommand(error.command_name, possibilities=COMMANDS, ctx=ctx) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands under their headings, each with an example."""
        for heading, section in SECTIONS.items():
            with formatter.section(heading):
                rows = [[(name, entry.help), ("", entry.example)] for name, entry in section.items()]
                formatter.write_dl([line for lines in rows for line in lines])

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; whatever a user could have caused ends in one line and an exit code."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as error:
            raise _interrupted(error) from None
        except BaseException as error:
            # By a ValueError a component refuses what was asked for; anything else is its failure.
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
    """Say that it was interrupted, and return the exit with the code for that."""
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
    help="Data type. [default: float32 for sweep and reproduce, else float64]",
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
    help="Load no installed plugin: only built-in components.",
)
@click.option(
    "--plugin",
    cls=GlobalOption,
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE.py",
    help="Take one Python file with hooks as a plugin, for this call (repeatable).",
)
@click.option(
    "--disable-plugin",
    cls=GlobalOption,
    multiple=True,
    metavar="NAME",
    help="Leave one plugin out (repeatable).",
)
@click.option("-v", "--verbose", cls=GlobalOption, count=True, help="Say more; -vv shows tracebacks.")
@click.option("-q", "--quiet", cls=GlobalOption, is_flag=True, help="No progress and no notes.")
@click.version_option(version("overparam"), "--version", prog_name="overparam", cls=GlobalOption)
@click.pass_context
def main(ctx: click.Context, /, **given: Any) -> None:
    """Over-parameterized one-hidden-layer networks: train them, map their phase diagrams, check the theory.

    The network is vᵀφ(Wx) of Oymak & Soltanolkotabi (arXiv:1902.04674). Components are written
    name or name:key=value,key=value; ranges 1:25, 5:50:5 or 10,20,50. The options below may stand before
    or after the command's name.
    """
    require_used(ctx)
    if (strays := unknown_variables(ctx)) is not None:
        click.echo(f"Warning: {visible(strays)}", err=True)
    ctx.obj = Settings(**given)


def run() -> None:
    """Entry point of the ``overparam`` script."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a terminal may know no φ
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
    """Say that standard output cannot be written; a reader that left has all it wanted."""
    if isinstance(error, BrokenPipeError):
        return 0
    click.echo(f"Error: standard output: {error.strerror}", err=True)
    return 1


def _close_output() -> None:
    """Let nothing that ends with the process, a plugin's exit handler or a full buffer, write any more."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    os.close(nothing)
    sys.stdout = sys.stderr
