"""An engine that trains nothing, for tests of the code around engines."""

import os
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import numpy as np

from overparam.arrays.backends import NumPy
from overparam.runs import Engine, Outcome, Recipe, Status, StopRule
from overparam.studies import Specification
from overparam.sweeps import Execution, Serial


@dataclass(frozen=True)
class Fake(Engine):
    """Ends every training run at once with an outcome that depends only on its problem, and logs the run.

    Attributes
    ----------
    log : str
        A file that gets one line per training run; no file if empty.
    seconds : float
        Duration of each training run.
    poison : tuple of (k, d, trial)
        Training runs that raise an error.
    deadly : tuple of (k, d, trial)
        Training runs that end their process.
    """

    name: ClassVar[str] = "fake"
    log: str = ""
    seconds: float = 0.0
    poison: tuple[tuple[int, int, int], ...] = ()
    deadly: tuple[tuple[int, int, int], ...] = ()

    def objection(self, job):
        return None

    def run(self, job):
        for position, problem in enumerate(job.problems):
            _, n, k, d, trial = problem.key
            if (k, d, trial) in self.deadly:
                os._exit(9)
            if (k, d, trial) in self.poison:
                raise RuntimeError("poison")
            time.sleep(self.seconds)
            if self.log:
                with Path(self.log).open("a") as file:
                    file.write(f"{n} {k} {d} {trial}\n")
            yield position, outcome(problem)


@dataclass(frozen=True)
class Rising(Fake):
    """Like Fake, but the chance of success rises with kd; it is one half at kd = 1.5n."""

    name: ClassVar[str] = "rising"

    def run(self, job):
        for position, ended in super().run(job):
            _, n, k, d, trial = job.problems[position].key
            chance = np.random.default_rng([n, k, d, trial]).random()
            success = bool(chance < 1.0 / (1.0 + (1.5 * n / (k * d)) ** 12.0))
            status = Status.CONVERGED if success else Status.BUDGET_EXHAUSTED
            iterations = job.recipe.stop.max_iterations // (2 if success else 1)
            yield position, replace(ended, status=status, success=success, iterations=iterations)


def outcome(problem):
    """Return an outcome made of the problem's own numbers."""
    size = float(abs(problem.y[0]))
    status = [Status.CONVERGED, Status.BUDGET_EXHAUSTED, Status.DIVERGED][int(1e6 * size) % 3]
    return Outcome(
        status=status,
        iterations=int(1e6 * size) % 1000,
        relative_residual=np.inf if status is Status.DIVERGED else size,
        distance_from_initialization=float(abs(problem.W0[0, 0])),
        path_length=2.0 * size,
        effective_parameters=2 * (problem.k // 2) * problem.d,
        success=status is Status.CONVERGED,
        seconds=0.001,
        W=problem.W0,
        v=problem.v,
        engine="fake",
    )


def specification(**changed):
    """Return the specification of Figure 2 with some parts changed."""
    figure_2 = Specification(
        seed=0,
        recipe=Recipe(stop=StopRule(1500), dtype="float32"),
    )
    parts = {name: value for name, value in changed.items() if name in ("seed", "data", "labels")}
    recipe = replace(figure_2.recipe, **{name: changed[name] for name in changed if name not in parts})
    return replace(figure_2, recipe=recipe, **parts)


def execution(engine=None, executor=None):
    """Return the execution of a fake sweep."""
    return Execution(NumPy(), (engine or Fake(),), executor or Serial())


def trained(log):
    """Keys of the training runs in a log, in order."""
    return [tuple(map(int, line.split())) for line in Path(log).read_text().splitlines()]


def comparable(study):
    """The rows of a study without the wall times, which differ from run to run."""
    return [row._replace(seconds=0.0) for row in study.rows()]
