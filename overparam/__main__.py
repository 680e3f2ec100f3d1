"""``python -m overparam``, and the ``overparam`` script."""

import os
import sys


def run() -> None:
    """Run the command line; an interruption while it is still being imported ends it like any other."""
    _open_standard_streams()
    try:
        from overparam.cli.main import run as run_commands
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        sys.exit(130)
    run_commands()


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
