"""A driver in its own process, for tests that kill it: it prints every saved trial.

python -m tests.sweeps.driver STUDY LOG EXECUTOR [boundary]

The executor is written as on the command line.
"""

import sys
from pathlib import Path

from overparam.plugins import default_registry
from overparam.studies import Grid
from overparam.sweeps import BoundarySearch, Executor, run_sweep
from tests.sweeps.fakes import Fake, Rising, execution, specification

BOUNDARY = BoundarySearch(0.06, trials=40)
COLUMNS = Grid.product([24], [1], [2, 4, 6], trials=1)
GRID = Grid.product([6], range(1, 11), range(1, 6), trials=10)


def say(progress):
    for row in progress.rows:
        print(*row[:4], flush=True)


if __name__ == "__main__":
    study, log, executor, *design = sys.argv[1:]
    run_sweep(
        Path(study),
        specification(),
        COLUMNS if design else GRID,
        execution(
            (Rising if design else Fake)(log, seconds=0.002),
            default_registry().resolve(Executor, executor),
        ),
        say,
        design=BOUNDARY if design else None,
        limited=not design,
    )
