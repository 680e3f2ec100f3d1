"""The contract of engines: who carries out a training run, once it is said what is trained and where."""

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
    """Training runs that differ in their problems only: problems, recipe and backend.

    Attributes
    ----------
    problems : sequence of Problem
        Single problems of one n; k and d may differ.
    recipe : Recipe
        What is trained and how.
    backend : Backend
        Where it is computed.
    record_every : int or None
        Keep a History point every so many iterations, and at the end.
    watches : tuple of Watch
        Each makes an observer for every run.
    keeper : Keeper or None
        Keeps the state of runs that take long, and has that of runs which were killed.
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
        """Whether anybody looks at the runs on their way."""
        return self.record_every is not None or bool(self.watches)

    def scales(self) -> NDArray[np.float64]:
        """What every problem's misses are relative to: ‖y‖ for the squared loss.

        Raises
        ------
        ValueError
            For labels that the loss is not defined for.
        """
        return np.array([self.loss.scale(on_host(problem.y)) for problem in self.problems])


def on_host(array: Array) -> NDArray[np.float64]:
    """An array of any library as NumPy's, in double precision."""
    return backend_of(array).to_numpy(array).astype(np.float64)


@dataclass(frozen=True)
class Engine(Component):
    """Base of the engines, which carry out whole training runs.

    No engine may let a run's rounding depend on what else is in the job: the same problem has
    the same outcome, bit for bit, alone and in any company.

    Attributes
    ----------
    most_trials : int
        Trials of a sweep that a job should hold at most.
    resumes : bool
        Whether its loops hand over the state of their runs and take it back, so that a run which was killed
        ends as if it had not been, in every bit.
    """

    kind: ClassVar[str] = "engine"
    most_trials: ClassVar[int] = 2000
    resumes: ClassVar[bool] = False

    @abstractmethod
    def objection(self, job: Job) -> str | None:
        """Return why this engine cannot do the job, None where it can."""

    def reservation(self, job: Job) -> str | None:
        """Return why another engine would be faster, None where this one should do the job."""
        return None

    def preparation(self, job: Job) -> str | None:
        """Say what takes seconds before the first such run, as compiling does; None if nothing."""
        return None

    @abstractmethod
    def run(self, job: Job) -> Iterator[tuple[int, Outcome]]:
        """Train, and yield each problem's position and outcome as it finishes."""


def choose_engine(engines: Sequence[Engine], job: Job, *, fastest: bool = True) -> tuple[Engine, list[str]]:
    """Return the first engine that can and should run the job, and what the earlier ones objected.

    Parameters
    ----------
    engines : sequence of Engine
        Fastest first; the portable engine, which can run everything, last.
    job : Job
    fastest : bool
        Whether an engine that another would outrun is passed over.
    """
    objections: list[str] = []
    failures: list[PluginFailure] = []
    for engine in engines:
        # Where there is no other to turn to, what is faster does not matter.
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
    """An engine's answer; one that raises has said no, and whose failure that is goes to `failures`."""
    try:
        with calling(*job.recipe.components.values(), engine):
            return question(job)
    except Exception as error:
        if isinstance(error, PluginFailure):
            failures.append(error)
        raised = error.__cause__ or error
        return f"it failed to say ({type(raised).__name__}: {raised})"
