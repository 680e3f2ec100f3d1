"""Training of a sweep's trials on any worker: from a task to rows."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from overparam.arrays.backends import Backend
from overparam.components.faults import PluginFailure
from overparam.model.data.base import ContentChanged
from overparam.model.problem import Problem, draw_problem
from overparam.runs import Engine, Job, Outcome, Status, choose_engine, conduct
from overparam.studies.errors import StudyError
from overparam.studies.grid import TrialKey
from overparam.studies.schema import FAILED, TrialRow
from overparam.studies.specification import Specification
from overparam.sweeps.keeping import Place

__all__ = [
    "Drawn",
    "Task",
    "draw",
    "draw_task",
    "failed",
    "job_for",
    "pinned",
    "row_of",
    "run_task",
    "train_drawn",
]


@dataclass(frozen=True)
class Task:
    """A unit of work: small to send, some seconds to train. The worker draws the instances.

    Attributes
    ----------
    specification : Specification
    backend : Backend
    engines : tuple of Engine
        Candidates, fastest first.
    keys : tuple of TrialKey
        Trials with one n.
    place : Place or None
        The place of checkpoints of long runs; None saves none.
    """

    specification: Specification
    backend: Backend
    engines: tuple[Engine, ...]
    keys: tuple[TrialKey, ...]
    place: Place | None = None

    def only(self, keys: Sequence[TrialKey]) -> Task:
        """Return the same task for some of the keys."""
        return replace(self, keys=tuple(keys))


@dataclass(frozen=True)
class Drawn:
    """A task with drawn instances, and the rows of trials that need no training or cannot be trained."""

    task: Task
    problems: Mapping[TrialKey, Problem]
    rows: tuple[TrialRow, ...]


def run_task(task: Task) -> list[TrialRow]:
    """Train a task's trials and return their rows; the function that executors call."""
    return list(train_drawn(draw_task(task)))


def draw_task(task: Task) -> Drawn:
    """Draw a task's instances; one that cannot be drawn becomes a row with the status "failed".

    Raises
    ------
    StudyError
        If the source of the data has changed.
    """
    problems, rows = {}, []
    for key in task.keys:
        if key.k == 0 or key.d == 0:
            rows.append(_empty(key))
            continue
        try:
            problems[key] = draw(task.specification, key)
        except ContentChanged as error:
            raise StudyError(
                f"{error}: restore them and run the same command again; the saved trials are correct"
            ) from error
        except Exception as error:
            rows.append(failed(key, error))
    return Drawn(task, problems, tuple(rows))


def train_drawn(drawn: Drawn) -> Iterator[TrialRow]:
    """Train the drawn instances and yield each trial as it ends.

    A trial that raises is found by bisection, and becomes a row with the status "failed" and the reason.
    """
    yield from drawn.rows
    yield from _train_all(drawn.task, drawn.problems)


def _train_all(task: Task, problems: Mapping[TrialKey, Problem]) -> Iterator[TrialRow]:
    left = dict(problems)
    try:
        for key, row in _train(task, problems):
            del left[key]
            yield row
    except Exception as error:
        if not left:
            raise  # every trial has its row, and the engine still failed
        if len(left) == 1:
            yield failed(next(iter(left)), error)
            return
        keys = list(left)
        for half in (keys[: len(keys) // 2], keys[len(keys) // 2 :]):
            yield from _train_all(task, {key: left[key] for key in half})


def job_for(task: Task, problems: Sequence[Problem]) -> Job:
    """Return the training job of these problems."""
    return Job(problems, task.specification.recipe, task.backend)


def draw(specification: Specification, key: TrialKey) -> Problem:
    """Return a trial's instance."""
    n, k, d, trial = key
    return draw_problem(
        n,
        d,
        k,
        seed=specification.seed,
        trial=trial,
        data=specification.data,
        labels=specification.labels,
        initialization=specification.recipe.initialization,
    )


def pinned(specification: Specification, digest: object) -> Specification:
    """Return the same specification with data that must have this digest; None if data have none."""
    if not isinstance(digest, str):
        return specification
    return replace(specification, data=specification.data.pinned(digest))


def failed(key: TrialKey, error: BaseException | str) -> TrialRow:
    """Return the row of a trial that could not be trained."""
    named = isinstance(error, str | PluginFailure)
    text = str(error) if named else f"{type(error).__name__}: {error}"
    return TrialRow(*key, FAILED, 0, 0, None, None, None, 0, 0.0, " ".join(text.split()))


def _train(task: Task, problems: Mapping[TrialKey, Problem]) -> Iterator[tuple[TrialKey, TrialRow]]:
    if not problems:
        return
    keys = list(problems)
    job = job_for(task, list(problems.values()))
    engine, _ = choose_engine(task.engines, job)
    if task.place is not None:
        job = replace(job, keeper=task.place.keeper(task.specification, task.backend, engine, keys))
    for position, outcome in conduct(engine, job):
        yield keys[position], row_of(keys[position], outcome)


def row_of(key: TrialKey, outcome: Outcome) -> TrialRow:
    """Return the row of a trained trial."""
    return TrialRow(
        *key,
        str(outcome.status),
        int(outcome.success),
        outcome.iterations,
        _finite(outcome.relative_residual),
        _finite(outcome.distance_from_initialization),
        _finite(outcome.path_length),
        outcome.effective_parameters,
        outcome.seconds,
    )


def _empty(key: TrialKey) -> TrialRow:
    return TrialRow(*key, str(Status.EMPTY), 0, 0, None, None, None, 0, 0.0)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
