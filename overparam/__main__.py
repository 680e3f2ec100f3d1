"""``python -m overparam``, and the ``overparam`` script."""

import sys


def run() -> None:
    """Run the command line; an interruption while it is still being imported ends it like any other."""
    try:
        from overparam.cli.main import run as run_commands
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        sys.exit(130)
    run_commands()


if __name__ == "__main__":
    run()
