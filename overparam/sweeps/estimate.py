"""A sweep foreseen: what is done, what is left and how long it will take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from overparam.sweeps.calibrate import calibrate
from overparam.sweeps.cost import Cost
from overparam.sweeps.dispatch import start
from overparam.sweeps.grid import Cell, Grid, TrialKey
from overparam.sweeps.runner import Execution
from overparam.sweeps.specification import Specification
from overparam.sweeps.study import load_study
from overparam.sweeps.trials import Task

__all__ = ["Estimate", "dry_run"]

_SAMPLES = 3


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
    """Count the trials left, calibrate the executor's workers on a few of them and foresee the wall time."""
    done = load_study(path).done(grid) if path.exists() else {}
    left = {cell: len(grid.trials_of(cell)) - done.get(cell, 0) for cell in grid.cells}
    runs = {cell: count for cell, count in left.items() if count and cell.k and cell.d}
    seconds = 0.0
    if runs:
        cost = Cost(specification)
        units = {cell: count * cost.of(cell) for cell, count in runs.items()}
        keys = tuple(TrialKey(*cell, 0) for cell in _where_the_work_is(units))
        rate = _measure(Task(specification, execution.backend, execution.engines, keys), execution)
        seconds = sum(units.values()) / rate
    return Estimate(
        trials=sum(left.values()) + sum(done.values()),
        done=sum(done.values()),
        left=sum(left.values()),
        most_updates=sum(runs.values()) * specification.stop.max_iterations,
        seconds=seconds,
    )


def _where_the_work_is(units: Mapping[Cell, float]) -> list[Cell]:
    """Cells in the middle of equal parts of the work, from the cheapest to the most expensive."""
    cells, sample, passed = sorted(units, key=lambda cell: units[cell]), list[Cell](), 0.0
    total = sum(units.values())
    for cell in cells:
        passed += units[cell]
        while len(sample) < _SAMPLES and passed >= total * (len(sample) + 0.5) / _SAMPLES:
            sample.append(cell)
    return sample


def _measure(task: Task, execution: Execution) -> float:
    """The pace of all workers at once: they share the machine's memory and clock."""
    executor = execution.executor
    if (pool := start(executor)) is None:
        return calibrate(task)
    try:
        return sum(
            future.result()
            for future in [pool.submit(calibrate, task) for _ in range(executor.parallelism())]
        )
    finally:
        executor.abandon(pool)
