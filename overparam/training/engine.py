"""The contract of engines: who carries out a training, once it is said what is trained and where."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from overparam.activations.base import Activation
from overparam.arrays import Array
from overparam.backends import Backend, DType, backend_of
from overparam.components import Component
from overparam.faults import PluginFailure, calling
from overparam.optimizers.base import Optimizer
from overparam.problems import Problem
from overparam.training.outcome import Outcome
from overparam.whole import whole

__all__ = ["DIVERGENCE_LIMIT", "Engine", "Job", "StopRule", "choose_engine"]

DIVERGENCE_LIMIT = 1e8
"""A relative residual above this is divergence: single precision has lost the labels by then."""

_LARGEST_TOLERANCE = np.finfo(np.float64).max


@dataclass(frozen=True)
class StopRule:
    """When a training stops (Section 4).

    Attributes
    ----------
    max_iterations : int
        Updates at most; the iterate after the last one is checked too.
    tolerance : float
        Success at the first iterate with ‖f(W) − y‖/‖y‖ < tolerance, the initial one included.
    """

    max_iterations: int = 15_000
    tolerance: float = 2.5e-3

    def __post_init__(self) -> None:
        object.__setattr__(self, "max_iterations", whole("max_iterations", self.max_iterations))
        if not (isinstance(self.tolerance, Real) and 0.0 < self.tolerance <= _LARGEST_TOLERANCE):
            raise ValueError(f"tolerance must be a positive number, got {self.tolerance}")
        object.__setattr__(self, "tolerance", float(self.tolerance))

    def squared_tolerance(self, dtype: DType) -> float:
        """The tolerance squared, or the next number of this data type that can be compared with.

        The square of a tolerance may be too small or too large for a float. Then no squared residual lies
        between it and the smallest or the largest one.
        """
        limits = np.finfo(dtype)
        least, most = float(limits.smallest_subnormal), float(limits.max)
        if self.tolerance >= math.sqrt(most):
            return most
        return max(self.tolerance**2, least)


@dataclass(frozen=True)
class Job:
    """Trainings to carry out, all alike but for their problems.

    Attributes
    ----------
    problems : sequence of Problem
        Single problems of one n; k and d may differ.
    activation, optimizer : components
    stop : StopRule
    backend : Backend
        Where it is computed.
    dtype : "float32" or "float64"
    record_every : int or None
        Keep a History point every so many iterations, and at the end.
    """

    problems: Sequence[Problem]
    activation: Activation
    optimizer: Optimizer
    stop: StopRule
    backend: Backend
    dtype: DType
    record_every: int | None = None

    def __post_init__(self) -> None:
        if self.record_every is not None:
            object.__setattr__(self, "record_every", whole("record_every", self.record_every, 1))
        if len(sizes := {problem.n for problem in self.problems}) > 1:
            raise ValueError(f"the problems of a job must have one n, got {sorted(sizes)}")

    def label_norms(self) -> NDArray[np.float64]:
        """‖y‖ of every problem, what the relative residual is relative to.

        Raises
        ------
        ValueError
            Where one of them is zero or not finite.
        """
        norms = np.array([np.linalg.norm(_on_host(p.y)) for p in self.problems])
        for norm in norms:
            if not (norm > 0.0 and math.isfinite(norm)):
                raise ValueError(f"‖y‖ is {norm:g}: the relative residual ‖f − y‖/‖y‖ is undefined")
        return norms


def _on_host(array: Array) -> NDArray[np.float64]:
    return backend_of(array).to_numpy(array).astype(np.float64)


@dataclass(frozen=True)
class Engine(Component):
    """Carries out whole trainings.

    No engine may let a training's rounding depend on what else is in the job: the same problem has
    the same outcome, bit for bit, alone and in any company.

    Attributes
    ----------
    most_trials : int
        Trials of a sweep that a job should hold at most.
    """

    kind: ClassVar[str] = "engine"
    most_trials: ClassVar[int] = 2000

    @abstractmethod
    def can_run(self, job: Job) -> Literal[True] | str:
        """Return True, or a sentence that says why this engine cannot do the job."""

    @abstractmethod
    def should_run(self, job: Job) -> Literal[True] | str:
        """Return True, or a sentence that says why another engine would be faster."""

    def preparation(self, job: Job) -> str | None:
        """Say what takes seconds before the first such training, as compiling does; None if nothing."""
        return None

    @abstractmethod
    def run(self, job: Job) -> Iterator[tuple[int, Outcome]]:
        """Train, and yield each problem's position and outcome as it finishes."""


def choose_engine(engines: Sequence[Engine], job: Job) -> tuple[Engine, list[str]]:
    """Return the first engine that can and should run the job, and what the earlier ones objected.

    Parameters
    ----------
    engines : sequence of Engine
        Fastest first; the portable engine, which can run everything, last.
    job : Job
    """
    objections: list[str] = []
    failures: list[PluginFailure] = []
    for engine in engines:
        # Where there is no other to turn to, what is faster does not matter.
        questions = (engine.can_run,) if engine is engines[-1] else (engine.can_run, engine.should_run)
        for question in questions:
            answer = _answer(engine, question, job, failures)
            if answer is not True:
                objections.append(f"{engine.name}: {answer}")
                break
        else:
            return engine, objections
    if failures:
        raise failures[0]
    raise ValueError("no engine can run this job: " + "; ".join(objections))


def _answer(
    engine: Engine, question: Callable[[Job], Literal[True] | str], job: Job, failures: list[PluginFailure]
) -> Literal[True] | str:
    """An engine's answer; one that raises has said no, and whose failure that is goes to `failures`."""
    try:
        with calling(job.activation, job.optimizer, engine):
            return question(job)
    except Exception as error:
        if isinstance(error, PluginFailure):
            failures.append(error)
        raised = error.__cause__ or error
        return f"it failed to say ({type(raised).__name__}: {raised})"
