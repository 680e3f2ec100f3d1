"""How fast an engine is where it will run, measured in a second or two."""

from __future__ import annotations

import dataclasses
import time

from overparam.sweeps.chunks import problem_bytes, working_set
from overparam.sweeps.cost import FIRST_GUESS, update_cost
from overparam.sweeps.grid import Cell, TrialKey
from overparam.sweeps.trials import Task, draw, job_for
from overparam.training import StopRule, choose_engine

__all__ = ["calibrate"]

_FEWEST, _MOST = 4, 512
_FIRST_UPDATES, _GROWTH = 16, 4


def calibrate(task: Task, seconds: float = 1.5) -> float:
    """Train batches of a few trials for ever more updates, about `seconds` in all, and return the pace.

    Parameters
    ----------
    task : Task
        Its keys stand for equal parts of the work; none is empty.
    seconds : float

    Returns
    -------
    float
        Units of work a second, measured on the longest runs: short ones measure the start.
    """
    for key in task.keys:
        _pace(task, key, 1)  # engines that compile do so now
    updates, rate, started = _FIRST_UPDATES, FIRST_GUESS, time.perf_counter()
    while time.perf_counter() - started < seconds / 2:
        # Equal parts of the work take the harmonic mean of their paces.
        rate = len(task.keys) / sum(1.0 / _pace(task, key, updates) for key in task.keys)
        updates *= _GROWTH
    return rate


def _pace(task: Task, key: TrialKey, updates: int) -> float:
    """Units of work a second of one batch of one size of problem."""
    cell = Cell(*key[:3])
    fitting = working_set(task.backend) // problem_bytes(cell, task.specification.dtype)
    copies = min(max(fitting, _FEWEST), _MOST)
    job = job_for(task, [draw(task.specification, key)] * copies)
    short = dataclasses.replace(job, stop=StopRule(updates, job.stop.tolerance))
    engine, _ = choose_engine(task.engines, short)
    before = time.perf_counter()
    done = sum(max(1, outcome.iterations) for _, outcome in engine.run(short))
    return done * update_cost(cell) / (time.perf_counter() - before)
