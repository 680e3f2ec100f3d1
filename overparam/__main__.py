"""Entry point of ``python -m overparam`` and of the ``overparam`` script."""

import os
import signal
import sys
from types import FrameType

_SIGNALLED = 128
"""Exit code of a process that a signal ended: this number plus the signal's number."""


class _Interrupt(KeyboardInterrupt):
    """Interrupt by a signal; a plain KeyboardInterrupt raised in a class body makes Python exit by SIGINT."""


def run() -> None:
    """Run the command line; a signal ends it in the same way, with the same exit code, at any moment.

    SIGTERM is handled like SIGINT: everything finished is saved. A signal that was ignored from the start,
    for example by nohup, stays ignored.
    """
    _open_standard_streams()
    received: list[int] = []

    def interrupt(number: int, frame: FrameType | None) -> None:
        received.append(number)
        raise _Interrupt

    usual = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL}
    handled = [number for number, handler in usual.items() if signal.getsignal(number) == handler]
    code: str | int | None = 0
    try:
        try:
            for number in handled:
                signal.signal(number, interrupt)
            # Imported here, inside the try block: a signal may come during the import.
            from overparam.cli.main import run as run_commands

            run_commands()
        except SystemExit as ending:
            code = ending.code
        except KeyboardInterrupt:
            print("Interrupted.", file=sys.stderr)
        finally:
            # Only Python's own shutdown follows: nothing is left to save or to undo.
            for number in handled:
                signal.signal(number, signal.SIG_IGN)
    except BaseException:
        if not received:
            raise
    sys.exit(_SIGNALLED + received[0] if received else code)


def _open_standard_streams() -> None:
    """Open the descriptors 0, 1 and 2 if they are closed, so that no other file takes their numbers."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


def _leave_current_folder() -> None:
    """Remove the folder in which ``python -m`` was called from the import path."""
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    if not sys.flags.safe_path and sys.path and sys.path[0] in ("", os.getcwd()) and os.getcwd() != here:
        del sys.path[0]


if __name__ == "__main__":
    _leave_current_folder()
    run()
