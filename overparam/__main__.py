"""``python -m overparam``."""

from overparam.cli.main import run

if __name__ == "__main__":
    run()
