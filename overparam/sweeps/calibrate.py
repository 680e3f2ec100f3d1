"""How fast an engine is where it will run, measured in a second or two."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Sequence

from overparam.runs import Job, choose_engine, conduct
from overparam.studies.grid import Cell
from overparam.sweeps.chunks import problem_bytes, working_set
from overparam.sweeps.cost import FIRST_GUESS, Cost
from overparam.sweeps.trials import Task, draw, job_for

__all__ = ["calibrate"]

_FEWEST = 4
_FIRST_UPDATES, _GROWTH = 16, 4


def calibrate(tasks: Sequence[Task], seconds: float = 1.5) -> float:
    """Train a batch of each task for ever more updates, about `seconds` in all, and return the pace.

    Parameters
    ----------
    tasks : sequence of Task
        They stand for equal parts of the work. Each holds trials that would share a batch, none empty.
    seconds : float

    Returns
    -------
    float
        Units of work a second, measured on the longest runs: short ones measure the start.
    """
    jobs = [_job(task) for task in tasks]
    for task, job in zip(tasks, jobs, strict=True):
        _pace(task, job, 1)  # engines that compile do so now
    updates, rate, started = _FIRST_UPDATES, FIRST_GUESS, time.perf_counter()
    while time.perf_counter() - started < seconds / 2:
        # Equal parts of the work take the harmonic mean of their paces.
        paces = [_pace(task, job, updates) for task, job in zip(tasks, jobs, strict=True)]
        rate = len(paces) / sum(1.0 / pace for pace in paces)
        updates *= _GROWTH
    return rate


def _job(task: Task) -> Job:
    """One batch, full if there are trials enough."""
    each = problem_bytes(Cell(*task.keys[0][:3]), task.specification.recipe.dtype)
    fitting = max(working_set(task.backend) // each, _FEWEST)
    return job_for(task, [draw(task.specification, key) for key in task.keys[:fitting]])


def _pace(task: Task, job: Job, updates: int) -> float:
    """Units of work a second."""
    short = dataclasses.replace(job, recipe=job.recipe.until(updates))
    engine, _ = choose_engine(task.engines, short)
    cost, before = Cost(task.specification), time.perf_counter()
    units = sum(
        max(1, outcome.iterations) * cost.of_update(Cell(*task.keys[position][:3]))
        for position, outcome in conduct(engine, short)
    )
    return units / (time.perf_counter() - before)
