"""Running an engine, and holding it to its job."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from numbers import Integral, Real

import numpy as np

from overparam.components.faults import PluginFailure, calling
from overparam.model.problem import Problem
from overparam.runs.engine import Engine, Job
from overparam.runs.outcome import Outcome, Status

__all__ = ["Training", "conduct"]

_END = object()


@dataclass(frozen=True)
class Training:
    """A job with the engine that will do it.

    Attributes
    ----------
    job : Job
    engine : Engine
    objections : tuple of str
        Why faster engines, asked first, do not do it.
    """

    job: Job
    engine: Engine
    objections: tuple[str, ...]

    def run(self) -> list[Outcome]:
        """Carry it out; one outcome a problem, in the job's order."""
        outcomes = dict(conduct(self.engine, self.job))
        return [outcomes[position] for position in range(len(self.job.problems))]


def conduct(engine: Engine, job: Job) -> Iterator[tuple[int, Outcome]]:
    """Run a job, and yield each problem's position and outcome once.

    Raises
    ------
    PluginFailure
        Where a component raises, or the engine yields anything but one outcome for every problem.
    """
    components = (*job.recipe.components.values(), engine, job.backend)
    left = set(range(len(job.problems)))
    with calling(*components):
        yielded = iter(engine.run(job))
    try:
        while True:
            with calling(*components):
                item = next(yielded, _END)
            if item is _END:
                break
            position, outcome = _answer(engine, item)
            if position not in left:
                raise PluginFailure.of(engine, f"gave an outcome for position {position}, not asked for")
            if (objection := _objection(outcome, job.problems[position])) is not None:
                raise PluginFailure.of(engine, f"gave an outcome that is none: {objection}")
            left.remove(position)
            yield position, outcome
    finally:
        if hasattr(yielded, "close"):  # a generator has threads or a device to give back
            with calling(*components):
                yielded.close()
    if left:
        raise PluginFailure.of(engine, f"gave no outcome for {len(left)} of {len(job.problems)} problems")


def _answer(engine: Engine, item: object) -> tuple[int, Outcome]:
    if isinstance(item, tuple) and len(item) == 2:
        position, outcome = item
        if isinstance(position, Integral) and isinstance(outcome, Outcome):
            return int(position), outcome
    raise PluginFailure.of(engine, f"must yield positions with outcomes, it yielded a {type(item).__name__}")


def _objection(outcome: Outcome, problem: Problem) -> str | None:
    """What an outcome of this problem cannot be; attributes only, since this is asked for every trial."""
    if not isinstance(outcome.status, Status):
        return f"its status is {outcome.status!r}"
    if not isinstance(outcome.success, bool | np.bool_):
        return f"its success is {outcome.success!r}"
    for name in ("iterations", "effective_parameters"):
        if not isinstance(count := getattr(outcome, name), Integral) or count < 0:
            return f"its {name} are {count!r}"
    for name in ("relative_residual", "distance_from_initialization", "path_length", "seconds"):
        if not isinstance(value := getattr(outcome, name), Real):
            return f"its {name} is {value!r}"
    for name, shape in (("W", (problem.k, problem.d)), ("v", (problem.k,))):
        if tuple(getattr(getattr(outcome, name), "shape", ())) != shape:
            return f"its {name} is not of shape {shape}"
    return None
