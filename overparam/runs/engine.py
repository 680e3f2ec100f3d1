"""The contract of engines: jobs, the engines that carry them out, and the choice of one."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from overparam.arrays import Array
from overparam.arrays.backends import Backend, DType, backend_of
from overparam.components import Component
from overparam.components.faults import PluginFailure, calling
from overparam.components.whole import whole
from overparam.methods import Layers, Optimizer
from overparam.model.activations import Activation
from overparam.model.losses import Loss
from overparam.model.problem import Problem
from overparam.runs.observers import Watch
from overparam.runs.outcome import Outcome
from overparam.runs.recipe import Recipe, StopRule
from overparam.runs.snapshot import Keeper

__all__ = ["Engine", "Job", "choose_engine"]


@dataclass(frozen=True)
class Job:
    """Training runs that differ only in their problems: problems, recipe and backend.

    Attributes
    ----------
    problems : sequence of Problem
        Single problems of one n; k and d may differ.
    recipe : Recipe
        What is trained, and how.
    backend : Backend
        Array library and device.
    record_every : int or None
        Store a History point every `record_every` iterations, and at the end.
    watches : tuple of Watch
        Each creates an observer for every run.
    keeper : Keeper or None
        Stores the state of long runs, and provides that of runs that were killed.
    """

    problems: Sequence[Problem]
    recipe: Recipe
    backend: Backend
    record_every: int | None = None
    watches: tuple[Watch, ...] = ()
    keeper: Keeper | None = None

    def __post_init__(self) -> None:
        if self.record_every is not None:
            object.__setattr__(self, "record_every", whole("record_every", self.record_every, 1))
        if len(sizes := {problem.n for problem in self.problems}) > 1:
            raise ValueError(f"the problems of a job must have one n, got {sorted(sizes)}")

    @property
    def activation(self) -> Activation:
        """The recipe's activation."""
        return self.recipe.activation

    @property
    def loss(self) -> Loss:
        """The recipe's loss."""
        return self.recipe.loss

    @property
    def optimizer(self) -> Optimizer:
        """The recipe's optimizer."""
        return self.recipe.optimizer

    @property
    def layers(self) -> Layers:
        """What is trained."""
        return self.recipe.layers

    @property
    def stop(self) -> StopRule:
        """The recipe's stop rule."""
        return self.recipe.stop

    @property
    def dtype(self) -> DType:
        """The recipe's data type."""
        return self.recipe.dtype

    @property
    def observed(self) -> bool:
        """Whether an observer or a history needs iterates of the runs."""
        return self.record_every is not None or bool(self.watches)

    def scales(self) -> NDArray[np.float64]:
        """Scale of every problem's misses: ‖y‖ for the squared loss.

        Raises
        ------
        ValueError
            For labels for which the loss is not defined.
        """
        return np.array([self.loss.scale(on_host(problem.y)) for problem in self.problems])


def on_host(array: Array) -> NDArray[np.float64]:
    """Return an array of any library as a NumPy array, in double precision."""
    return backend_of(array).to_numpy(array).astype(np.float64)


@dataclass(frozen=True)
class Engine(Component):
    """Base of the engines, which carry out whole training runs.

    A run's rounding must not depend on the rest of the job: a problem has the same outcome, bit for bit,
    alone and together with others.

    Attributes
    ----------
    most_trials : int
        Most trials of a sweep per job.
    resumes : bool
        Whether its loops can save and restore the state of their runs, so that a run that was killed and
        resumed has the same outcome, bit for bit.
    """

    kind: ClassVar[str] = "engine"
    most_trials: ClassVar[int] = 2000
    resumes: ClassVar[bool] = False

    @abstractmethod
    def objection(self, job: Job) -> str | None:
        """Return why this engine cannot run the job, or None if it can."""

    def reservation(self, job: Job) -> str | None:
        """Return why another engine would be faster, or None if this one should run the job."""
        return None

    def preparation(self, job: Job) -> str | None:
        """Return a description of slow preparations before the first such run, such as compiling, or None."""
        return None

    @abstractmethod
    def run(self, job: Job) -> Iterator[tuple[int, Outcome]]:
        """Train; yield each problem's position and outcome as it finishes."""


def choose_engine(engines: Sequence[Engine], job: Job, *, fastest: bool = True) -> tuple[Engine, list[str]]:
    """Return the first engine that can and should run the job, and the objections of the earlier ones.

    Parameters
    ----------
    engines : sequence of Engine
        Fastest first. The portable engine, which runs every job, comes last.
    job : Job
    fastest : bool
        Whether to skip an engine if another one would be faster.
    """
    objections: list[str] = []
    failures: list[PluginFailure] = []
    for engine in engines:
        # Without another engine to choose, speed does not matter.
        alone = engine is engines[-1] or not fastest
        questions = (engine.objection,) if alone else (engine.objection, engine.reservation)
        for question in questions:
            answer = _answer(engine, question, job, failures)
            if answer is not None:
                objections.append(f"{engine.name}: {answer}")
                break
        else:
            return engine, objections
    if failures:
        raise failures[0]
    raise ValueError("no engine can run this job: " + "; ".join(objections))


def _answer(
    engine: Engine, question: Callable[[Job], str | None], job: Job, failures: list[PluginFailure]
) -> str | None:
    """An engine's answer. An exception counts as an objection, and its component is added to `failures`."""
    try:
        with calling(*job.recipe.components.values(), engine):
            return question(job)
    except Exception as error:
        if isinstance(error, PluginFailure):
            failures.append(error)
        raised = error.__cause__ or error
        return f"it failed to answer ({type(raised).__name__}: {raised})"
