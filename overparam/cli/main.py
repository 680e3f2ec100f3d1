"""The command group: global options, commands imported when they are used, and what becomes of errors."""

from __future__ import annotations

import io
import os
import sys
import traceback
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any, ClassVar

import click
from click.core import ParameterSource

from overparam.cli.settings import Failure, Settings
from overparam.components.faults import plugin_failure

__all__ = ["main"]


_WHERE = ("backend", "dtype", "engine")


class Commands(click.Group):
    """A group that knows its commands' one-line helps without importing them."""

    HELP: ClassVar[dict[str, str]] = {
        "train": "Train one realization and report how it ended.",
        "sweep": "Run, or go on with, a phase diagram.",
        "reproduce": "Reproduce the paper's Figure 2, or one panel of it.",
        "replay": "Train one trial of a study again and compare with what it holds.",
        "status": "What a study holds, what is left, and its 50 % boundary so far.",
        "plot": "Draw a study's phase diagram.",
        "export": "Write a study as a table, one row a trial.",
        "merge": "Make one study of several of one specification, such as shards.",
        "salvage": "Take what is whole of a damaged study.",
        "theory": "Compute the paper's quantities for a data set and an activation.",
        "certify": "Train, and evaluate every theorem that applies.",
        "plugins": "Look at the installed plugins.",
        "info": "Versions, backends, devices and engines, and why one is unavailable.",
    }

    USES: ClassVar[dict[str, tuple[str, ...]]] = {
        "train": _WHERE,
        "sweep": _WHERE,
        "reproduce": _WHERE,
        "theory": ("backend", "dtype"),
        "certify": ("backend", "dtype"),
        "replay": ("engine",),
    }
    """Which of the global options that say where to compute a command uses; none unless it is here."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order of the documentation."""
        return list(self.HELP)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Import a command's module."""
        if name not in self.HELP:
            return None
        command: click.Command = getattr(import_module(f"overparam.cli.{name}"), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self.HELP.items()))

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
    default="numpy",
    show_default=True,
    metavar="SPEC",
    help="numpy, cupy, torch; e.g. cupy:device=1.",
)
@click.option(
    "--dtype",
    type=click.Choice(["float32", "float64"]),
    help="Data type. [default: float32 for sweep and reproduce, else float64]",
)
@click.option(
    "--engine",
    default="auto",
    show_default=True,
    metavar="NAME",
    help="auto, portable, or a plugin's engine.",
)
@click.option("--no-plugins", is_flag=True, help="Load no installed plugin: only built-in components.")
@click.option(
    "--plugin",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE.py",
    help="Take one Python file with hooks as a plugin, for this call (repeatable).",
)
@click.option("--disable-plugin", multiple=True, metavar="NAME", help="Leave one plugin out (repeatable).")
@click.option("-v", "--verbose", count=True, help="Say more; -vv shows tracebacks.")
@click.option("-q", "--quiet", is_flag=True, help="No progress and no notes.")
@click.version_option(version("overparam"), "--version", prog_name="overparam")
@click.pass_context
def main(ctx: click.Context, /, **given: Any) -> None:
    """Over-parameterized one-hidden-layer networks: train them, map their phase diagrams, check the theory.

    The network is vᵀφ(Wx) of Oymak & Soltanolkotabi (arXiv:1902.04674). Components are written
    name or name:key=value,key=value; ranges 1:25, 5:50:5 or 10,20,50.
    """
    _require_used(ctx, str(ctx.invoked_subcommand))
    ctx.obj = Settings(**given)


def _require_used(ctx: click.Context, command: str) -> None:
    """Refuse a global option that was typed and that the command would ignore."""
    for option in ctx.command.params:
        ignored = option.name in _WHERE and option.name not in Commands.USES.get(command, ())
        typed = ctx.get_parameter_source(str(option.name)) is ParameterSource.COMMANDLINE
        if ignored and typed and ctx.params[str(option.name)] != option.default:
            raise click.UsageError(f"{command} does not use --{option.name}: leave it out", ctx)


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
