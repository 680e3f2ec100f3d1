"""The estimate of a sweep: trials done, trials left and the time they will take."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from overparam.arrays.backends import Backend
from overparam.components.faults import calling
from overparam.runs import Engine
from overparam.studies.grid import Cell, Grid, TrialKey
from overparam.studies.specification import Specification
from overparam.studies.study import load_study
from overparam.studies.tallies import Tally
from overparam.sweeps.calibrate import calibrate
from overparam.sweeps.chunks import block_of
from overparam.sweeps.cost import Cost
from overparam.sweeps.designs import Design, Request
from overparam.sweeps.dispatch import parallelism, start
from overparam.sweeps.execution import Execution
from overparam.sweeps.room import require_memory
from overparam.sweeps.rounds import chosen, request_of
from overparam.sweeps.trials import Task
from overparam.sweeps.usual import require_labels

__all__ = ["Estimate", "dry_run"]

_SAMPLES = 3


@dataclass(frozen=True)
class Estimate:
    """Estimate of a sweep: trials, updates and wall time.

    Attributes
    ----------
    trials, done, left : int
    most_updates : int
        If no trial left stops early.
    seconds : float
        Expected wall time, from a calibration of the engine and a model of where training runs succeed.
    """

    trials: int
    done: int
    left: int
    most_updates: int
    seconds: float


def dry_run(
    path: Path,
    specification: Specification,
    grid: Grid,
    execution: Execution,
    *,
    design: Design | None = None,
    limited: bool = True,
) -> Estimate:
    """Return the trials left and the expected wall time, from a calibration on the executor's workers.

    The arguments are those of `run_sweep`. For a design in rounds, the trials left are those it expects.
    """
    require_labels(specification, grid)
    require_memory(path, grid, execution.executor)
    study = load_study(path) if path.exists() else None
    if design is None or not design.in_rounds:
        done = study.done(grid) if study else {}
        left = {cell: len(grid.trials_of(cell)) - done.get(cell, 0) for cell in grid.cells}
    else:
        request = request_of(specification, grid, design, limited)
        done, left = _foreseen(design, request, study.tallies() if study else {})
    runs = {cell: count for cell, count in left.items() if count and cell.k and cell.d}
    seconds = 0.0
    if runs:
        cost = Cost(specification)
        units = {cell: count * cost.of(cell) for cell, count in runs.items()}
        tasks = [
            Task(specification, execution.backend, execution.engines, _alike(cell, runs, execution.backend))
            for cell in _where_the_work_is(units)
        ]
        work = sum(units.values())
        seconds = work / _measure(tasks, execution, work)
    return Estimate(
        trials=sum(left.values()) + sum(done.values()),
        done=sum(done.values()),
        left=sum(left.values()),
        most_updates=sum(runs.values()) * specification.recipe.stop.max_iterations,
        seconds=seconds,
    )


def _foreseen(
    design: Design, request: Request, tallies: Mapping[Cell, Tally]
) -> tuple[dict[Cell, int], dict[Cell, int]]:
    """Return the trials of a design in rounds so far, and those that it expects."""
    done = {cell: tally.trials for cell, tally in tallies.items() if request.covers(cell)}
    following = chosen(design, request, tallies)
    left = Counter({cell: max(0, target - done.get(cell, 0)) for cell, target in following.items()})
    with calling(design):
        left.update(design.expected(request, tallies))
    return done, dict(left)


def _where_the_work_is(units: Mapping[Cell, float]) -> list[Cell]:
    """Return cells in the middle of equal parts of the work, from the cheapest to the most expensive."""
    cells, sample, passed = sorted(units, key=lambda cell: units[cell]), list[Cell](), 0.0
    total = sum(units.values())
    for cell in cells:
        passed += units[cell]
        while len(sample) < _SAMPLES and passed >= total * (len(sample) + 0.5) / _SAMPLES:
            sample.append(cell)
    return sample


def _alike(cell: Cell, runs: Mapping[Cell, int], backend: Backend) -> tuple[TrialKey, ...]:
    """Return trials left that would share a batch with a cell's; only their number matters."""
    block = block_of(cell)
    beside = [other for other in runs if block_of(other) == block]
    if backend.leaves_host_free:  # a device trains cells of one n together
        others = (other for other in runs if other.n == cell.n and block_of(other) != block)
        beside += sorted(others, key=lambda other: abs(other.k * other.d - cell.k * cell.d))
    beside.sort(key=lambda other: other != cell)
    keys = (TrialKey(*other, trial) for other in beside for trial in range(runs[other]))
    return tuple(islice(keys, Engine.most_trials))


def _measure(tasks: Sequence[Task], execution: Execution, work: float) -> float:
    """Return the pace of all workers running at once: they share the machine's memory and clock."""
    executor = execution.executor
    if (pool := start(executor)) is None:
        return calibrate(tasks, work)
    try:
        futures = [pool.submit(calibrate, tasks, work) for _ in range(parallelism(executor))]
        return sum(future.result() for future in futures)
    finally:
        executor.abandon(pool)
