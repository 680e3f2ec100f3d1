"""``python -m overparam``, and the ``overparam`` script."""

import os
import signal
import sys
from types import FrameType

_SIGNALLED = 128
"""Exit codes of a process that a signal ended: this, and the number of the signal."""


class _Interrupt(KeyboardInterrupt):
    """An interrupt: one of the base class, met while a class is made, has Python end by SIGINT at last."""


def run() -> None:
    """Run the command line; at whatever moment a signal comes, it ends in one way and with one exit code.

    SIGTERM is handled like SIGINT: everything finished is saved. One that was ignored from the start, as by
    nohup, stays ignored.
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
            # Inside: importing takes time, in which a signal may come.
            from overparam.cli.main import run as run_commands

            run_commands()
        except SystemExit as ending:
            code = ending.code
        except KeyboardInterrupt:
            print("Interrupted.", file=sys.stderr)
        finally:
            # What follows is Python's own end: there is nothing to save any more, and nothing to undo.
            for number in handled:
                signal.signal(number, signal.SIG_IGN)
    except BaseException:
        if not received:
            raise
    sys.exit(_SIGNALLED + received[0] if received else code)


def _open_standard_streams() -> None:
    """Occupy the descriptors 0, 1 and 2 where they are closed, or the next files opened would take them."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


def _leave_current_folder() -> None:
    """Import nothing more from the folder that ``python -m`` was called in."""
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    if not sys.flags.safe_path and sys.path and sys.path[0] in ("", os.getcwd()) and os.getcwd() != here:
        del sys.path[0]


if __name__ == "__main__":
    _leave_current_folder()
    run()
