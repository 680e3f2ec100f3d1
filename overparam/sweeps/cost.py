"""What trials cost, before they are trained: for chunks of work, for the time left, for a dry run."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Sequence

from overparam.optimizers import DirectSolver
from overparam.sweeps.specification import Specification, TrialKey
from overparam.sweeps.trials import Task, draw, job_for
from overparam.training import StopRule, choose_engine

__all__ = ["FIRST_GUESS", "calibrate", "expected_updates", "work"]

_UNITS, _FLOPS_OF_A_VALUE, _OVERHEAD = 4.0, 40.0, 4000.0
"""An update of one training costs 4nkd flops in its two matrix products, about as much as 40 flops for each
of the nk activation values, and the same however small it is."""

_BOUNDARY = 1.7
"""kd/n at which about half the trainings of Figure 2 succeed within their budget."""

FIRST_GUESS = 3e9
"""Units of work a second, before anything is measured."""

_COPIES = 16


def expected_updates(specification: Specification, key: TrialKey) -> float:
    """Updates that a trial will take: the whole budget below the boundary of Figure 2, fewer above."""
    if isinstance(specification.optimizer, DirectSolver) or key.k == 0 or key.d == 0:
        return 1.0
    ratio = 2 * (key.k // 2) * key.d / (_BOUNDARY * key.n)
    budget = specification.stop.max_iterations
    return float(budget) if ratio <= 1.0 else max(1.0, 0.6 * budget / ratio**2)


def work(specification: Specification, key: TrialKey) -> float:
    """The cost of a trial in units of about a floating-point operation."""
    return expected_updates(specification, key) * _update(key)


def _update(key: TrialKey) -> float:
    n, k, d, _ = key
    return _UNITS * n * k * d + _FLOPS_OF_A_VALUE * n * k + _OVERHEAD


def calibrate(task: Task, keys: Sequence[TrialKey], seconds: float = 1.5) -> float:
    """Train copies of a few trials for ever more updates, about `seconds` in all, and return the pace.

    Parameters
    ----------
    task : Task
        Its own keys are not used.
    keys : sequence of TrialKey
        A sample of the trials to come, none of them empty.

    Returns
    -------
    float
        Units of work a second, measured on the longest runs: short ones measure the start.
    """
    updates, rate, started = 16, FIRST_GUESS, time.perf_counter()
    while time.perf_counter() - started < seconds / 2:
        units, before = 0.0, time.perf_counter()
        for key in keys:
            job = job_for(task, [draw(task.specification, key)] * _COPIES)
            short = dataclasses.replace(job, stop=StopRule(updates, job.stop.tolerance))
            engine, _ = choose_engine(task.engines, short)
            for _, outcome in engine.run(short):
                units += max(1, outcome.iterations) * _update(key)
        rate = units / (time.perf_counter() - before)
        updates *= 4
    return rate
