"""Standard output, reserved for the command; output of plugins goes to standard error."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from typing import IO, TextIO

import click

__all__ = ["binary_output", "echo", "is_utf8", "keep_output", "output"]

_KEY = "overparam.output"


def keep_output() -> None:
    """Reserve standard output for `echo` until the command ends; other output goes to standard error."""
    context = click.get_current_context(silent=True)
    if context is not None and _KEY not in context.meta:
        context.meta[_KEY] = context.find_root().with_resource(_kept())


def output() -> TextIO | None:
    """Return the stream of the command's own output; None if standard output is closed."""
    context = click.get_current_context(silent=True)
    stream: TextIO | None = sys.stdout if context is None else context.meta.get(_KEY, sys.stdout)
    return stream


def echo(text: str = "") -> None:
    """Write a line to standard output, with characters that its encoding lacks as escapes.

    Raises
    ------
    OSError
        If it is closed or cannot be written; the error names standard output.
    """
    with _opened() as stream:
        encoding = stream.encoding or "utf-8"
        click.echo(text.encode(encoding, "backslashreplace").decode(encoding), file=stream)


@contextmanager
def binary_output() -> Iterator[IO[bytes]]:
    """Standard output for bytes, such as a file's; raises the errors of `echo`."""
    with _opened() as stream:
        stream.flush()
        yield stream.buffer
        stream.buffer.flush()


@contextmanager
def _opened() -> Iterator[TextIO]:
    """Standard output, with errors that name it."""
    stream = output()
    try:
        if stream is None:
            raise OSError(errno.EBADF, "it is closed")
        yield stream
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OSError(error.errno, error.strerror, "standard output") from error


def is_utf8() -> bool:
    """Whether standard output can hold every character."""
    stream = output()
    return stream is not None and (stream.encoding or "utf-8").lower().replace("-", "") == "utf8"


@contextmanager
def _kept() -> Iterator[TextIO | None]:
    """The original standard output; meanwhile ``sys.stdout`` and descriptor 1 are standard error."""
    given = sys.__stdout__
    if given is None or sys.stdout is not given:  # closed, or another stream, as in tests and notebooks
        shown = sys.stdout
        with redirect_stdout(sys.stderr):
            yield shown
        return
    given.flush()
    number = given.fileno()
    saved = os.dup(number)
    own = os.fdopen(os.dup(number), "w", encoding=given.encoding, errors=given.errors)
    try:
        _point_to_standard_error(number)
        with redirect_stdout(sys.stderr):
            yield own
    finally:
        with suppress(OSError):  # the failed write has been reported already
            own.close()
        with suppress(OSError):
            given.flush()
        os.dup2(saved, number)
        os.close(saved)


def _point_to_standard_error(number: int) -> None:
    try:
        os.dup2(sys.stderr.fileno(), number)
    except (AttributeError, OSError, ValueError):  # standard error is closed, or is not a file
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, number)
        os.close(nothing)
