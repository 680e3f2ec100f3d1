"""A sweep foreseen: what is done, what is left and how long it will take."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from overparam.sweeps.cost import calibrate, work
from overparam.sweeps.runner import Execution
from overparam.sweeps.specification import Grid, Specification, TrialKey
from overparam.sweeps.study import load_study
from overparam.sweeps.trials import Task

__all__ = ["Estimate", "dry_run"]


@dataclass(frozen=True)
class Estimate:
    """What a sweep would do.

    Attributes
    ----------
    trials, done, left : int
    most_updates : int
        If no trial left stops early.
    seconds : float
        Expected wall time, from a calibration of the engine and a model of where trainings succeed.
    """

    trials: int
    done: int
    left: int
    most_updates: int
    seconds: float


def dry_run(path: Path, specification: Specification, grid: Grid, execution: Execution) -> Estimate:
    """Count the trials left, calibrate the engine on a few of them and foresee the wall time."""
    finished: set[TrialKey] = set()
    if path.exists():
        finished = {TrialKey(*row[:4]) for row in load_study(path).rows() if row.status != "failed"}
    left = [key for key in grid if key not in finished]
    runs = [key for key in left if key.k and key.d]
    seconds = 0.0
    if runs:
        sample = sorted(runs, key=lambda key: work(specification, key))
        sample = [sample[len(sample) * i // 4] for i in (1, 2, 3)]
        rate = calibrate(Task(specification, execution.backend, execution.engines, ()), sample)
        units = sum(work(specification, key) for key in runs)
        seconds = units / (rate * execution.executor.parallelism())
    return Estimate(
        len(grid), len(grid) - len(left), len(left), len(runs) * specification.stop.max_iterations, seconds
    )
