"""Runs an engine and checks its outcomes."""

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
    """A job with the engine chosen for it.

    Attributes
    ----------
    job : Job
    engine : Engine
    objections : tuple of str
        Reasons of faster engines for not running the job.
    """

    job: Job
    engine: Engine
    objections: tuple[str, ...]

    def run(self) -> list[Outcome]:
        """Return one outcome per problem, in the job's order."""
        outcomes = dict(conduct(self.engine, self.job))
        return [outcomes[position] for position in range(len(self.job.problems))]


def conduct(engine: Engine, job: Job) -> Iterator[tuple[int, Outcome]]:
    """Run a job; yield each problem's position and outcome once.

    Raises
    ------
    PluginFailure
        If a component raises, or the engine does not yield exactly one outcome per problem.
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
                raise PluginFailure.of(engine, f"returned an outcome for position {position}, not in the job")
            if (objection := _objection(outcome, job.problems[position])) is not None:
                raise PluginFailure.of(engine, f"returned an invalid outcome: {objection}")
            left.remove(position)
            yield position, outcome
    finally:
        if hasattr(yielded, "close"):  # a generator may hold threads or a device
            with calling(*components):
                yielded.close()
    if left:
        raise PluginFailure.of(engine, f"returned no outcome for {len(left)} of {len(job.problems)} problems")


def _answer(engine: Engine, item: object) -> tuple[int, Outcome]:
    if isinstance(item, tuple) and len(item) == 2:
        position, outcome = item
        if isinstance(position, Integral) and isinstance(outcome, Outcome):
            return int(position), outcome
    raise PluginFailure.of(engine, f"must yield positions with outcomes, it yielded a {type(item).__name__}")


def _objection(outcome: Outcome, problem: Problem) -> str | None:
    """Fault of an outcome for this problem, or None; cheap attribute checks, since they run every trial."""
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
