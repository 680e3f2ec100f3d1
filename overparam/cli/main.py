"""The command group: global options, commands imported when they are used, and what becomes of errors."""

from __future__ import annotations

import sys
import traceback
from importlib import import_module
from importlib.metadata import version
from typing import Any, ClassVar

import click

from overparam.cli.settings import Failure, Settings

__all__ = ["main"]


class Commands(click.Group):
    """A group that knows its commands' one-line helps without importing them."""

    HELP: ClassVar[dict[str, str]] = {
        "train": "Train one realization and report how it ended.",
        "sweep": "Run, or go on with, a phase diagram.",
        "reproduce": "Reproduce the paper's Figure 2, or one panel of it.",
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
        except (click.ClickException, click.exceptions.Exit, BrokenPipeError):
            raise
        except (KeyboardInterrupt, click.Abort) as error:
            click.echo(f"Interrupted{f': {error}' if str(error) else '.'}", err=True)
            raise click.exceptions.Exit(130) from None
        except Exception as error:
            if ctx.params.get("verbose", 0) >= 2:
                traceback.print_exc()
            raise Failure.of(error) from None


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
@click.option("--no-plugins", is_flag=True, help="Load nothing but the built-in components.")
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
    ctx.obj = Settings(**given)


def run() -> None:
    """Entry point of the ``overparam`` script."""
    try:
        main(prog_name="overparam")
    except BrokenPipeError:
        sys.stdout = None  # the reader left; nothing more can be written
        sys.exit(0)
