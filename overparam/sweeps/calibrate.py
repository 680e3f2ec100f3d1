"""The speed of an engine on the machine where it will run, measured in a second or two."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Sequence

from overparam.runs import Job, choose_engine, conduct
from overparam.studies.grid import Cell
from overparam.sweeps.chunks import problem_bytes, working_set
from overparam.sweeps.cost import Cost
from overparam.sweeps.trials import Task, draw, job_for

__all__ = ["calibrate"]

_FEWEST = 4
_FIRST_UPDATES, _GROWTH = 16, 4
_SLOW_START, _LONGEST = 0.4, 20.0  # seconds


def calibrate(tasks: Sequence[Task], most: float = math.inf, seconds: float = 1.5) -> float:
    """Return the pace, from batches of each task trained with increasing numbers of updates.

    Parameters
    ----------
    tasks : sequence of Task
        Representatives of equal parts of the work. Each holds trials that would share a batch; none is empty.
    most : float
        Units of work: a run is not lengthened beyond this amount, because there is no more work.
    seconds : float
        Total time, without the start of the runs.

    Returns
    -------
    float
        Units of work per second, measured on the longest runs: short runs measure the start.
    """
    # For equal parts of work, the overall pace is the harmonic mean.
    return len(tasks) / sum(1.0 / _Measured(task).pace(seconds / (2 * len(tasks)), most) for task in tasks)


class _Measured:
    """A batch of one task, and the time that its runs take to start."""

    def __init__(self, task: Task) -> None:
        self._task, self._job = task, _job(task)
        self._seconds(1)  # engines that compile do it now
        _, self._start = self._seconds(1)
        if self._start > _SLOW_START and len(self._job.problems) > _FEWEST:
            self._job = _job(task, _FEWEST)
            _, self._start = self._seconds(1)

    def pace(self, seconds: float, most: float) -> float:
        """Return units of work per second, from runs of this length that also exceed their starting time."""
        updates, before, began = _FIRST_UPDATES, 0.0, time.perf_counter()
        while True:
            units, spent = self._seconds(updates)
            trained = spent - self._start
            enough = trained >= max(seconds, self._start) or time.perf_counter() - began > _LONGEST
            if (
                enough or units >= most or units <= before
            ):  # more updates than needed do not lengthen the runs
                return units / max(trained, 0.1 * spent)
            updates, before = updates * _GROWTH, units

    def _seconds(self, updates: int) -> tuple[float, float]:
        short = dataclasses.replace(self._job, recipe=self._job.recipe.until(updates))
        engine, _ = choose_engine(self._task.engines, short)
        cost, before = Cost(self._task.specification), time.perf_counter()
        units = sum(
            max(1, outcome.iterations) * cost.of_update(Cell(*self._task.keys[position][:3]))
            for position, outcome in conduct(engine, short)
        )
        return units, time.perf_counter() - before


def _job(task: Task, most: int | None = None) -> Job:
    """Return the job of one batch, full if there are enough trials."""
    each = problem_bytes(Cell(*task.keys[0][:3]), task.specification.recipe.dtype)
    fitting = max(working_set(task.backend) // each, _FEWEST)
    keys = task.keys[: fitting if most is None else most]
    return job_for(task, [draw(task.specification, key) for key in keys])
