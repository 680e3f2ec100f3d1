"""A driver in a process of its own, for tests that kill it: says on its output what has been saved.

python -m tests.sweeps.driver STUDY LOG EXECUTOR

The executor is spelled as on the command line.
"""

import sys
from pathlib import Path

from overparam.plugins import default_registry
from overparam.studies import Grid
from overparam.sweeps import Executor, run_sweep
from tests.sweeps.fakes import Fake, execution, specification

GRID = Grid.product([6], range(1, 11), range(1, 6), trials=10)


def say(progress):
    for row in progress.rows:
        print(*row[:4], flush=True)


if __name__ == "__main__":
    study, log, executor = sys.argv[1:]
    run_sweep(
        Path(study),
        specification(),
        GRID,
        execution(Fake(log, seconds=0.002), default_registry().resolve(Executor, executor)),
        say,
    )
