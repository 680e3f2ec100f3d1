"""The settings from the global options, and the failure of a command."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import click

from overparam.cli.output import keep_output
from overparam.cli.visible import visible
from overparam.components.faults import OverparamError

if TYPE_CHECKING:  # the command line must start without NumPy, so that --help and --version are fast
    from overparam.arrays.backends import DType
    from overparam.plugins import Registry

__all__ = ["Failure", "Settings"]


class Failure(click.ClickException):
    """An error that ends the program with one line and an exit code."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        setattr(self, "exit_code", exit_code)  # noqa: B010 - click types it as the class's

    @classmethod
    def of(cls, error: BaseException) -> Failure:
        """Return the failure for an error: exit code 2 for bad values, 1 for work that could not be finished.

        Errors of this package carry their exit code; those of others are classified here.
        """
        text = visible(" ".join(str(error).split()))
        if isinstance(error, OverparamError):
            return cls(text, error.exit_code)
        if isinstance(error, OSError):
            named = (
                visible(f"{error.filename}: {error.strerror}") if error.filename else error.strerror or text
            )
            return cls(named, 1)
        if isinstance(error, ImportError | MemoryError):
            return cls(text or "out of memory", 1)
        if isinstance(error, ValueError):
            return cls(text, 2)
        return cls(f"unexpected {type(error).__name__}: {text} (-vv shows where)", 1)


@dataclass(frozen=True)
class Settings:
    """The global options."""

    backend: str
    dtype: DType | None
    engine: str
    no_plugins: bool
    disable_plugin: tuple[str, ...]
    plugin: tuple[Path, ...]
    verbose: int
    quiet: bool

    @cached_property
    def registry(self) -> Registry:
        """The installed components; plugins that fail are reported once on standard error.

        From here on plugins' code can run, so standard output is reserved for the command.
        """
        from overparam.plugins import Registry

        keep_output()
        registry = Registry(disabled=self.disable_plugin, only_builtin=self.no_plugins, files=self.plugin)
        if not self.quiet:
            for problem in registry.problems:
                click.echo(f"Warning: {visible(problem)}", err=True)
        return registry

    def note(self, text: str) -> None:
        """Print a line on standard error, unless --quiet is set."""
        if not self.quiet:
            click.echo(visible(text), err=True)

    def detail(self, text: str) -> None:
        """Print a line on standard error if --verbose is set."""
        if self.verbose:
            click.echo(visible(text), err=True)
