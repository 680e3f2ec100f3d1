"""The library's front door: the functions of the command line, for scripts and notebooks.

Components are given as objects or as the strings that the command line takes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from overparam import problems
from overparam.activations import Activation
from overparam.backends import Backend, DType, backend_of
from overparam.components import unknown_name
from overparam.data import DataGenerator, Labels
from overparam.optimizers import Optimizer
from overparam.plugins import Registry, default_registry
from overparam.problems import Problem
from overparam.sweeps import (
    Execution,
    Executor,
    Grid,
    Specification,
    Study,
    labels_of_sweep,
    load_study,
    run_sweep,
)
from overparam.training import Engine, Job, Outcome, StopRule, choose_engine, conduct
from overparam.whole import whole, whole_numbers

__all__ = ["Training", "draw_problem", "load_study", "prepare_training", "sweep", "train"]


def draw_problem(
    n: int,
    d: int,
    k: int,
    *,
    seed: int = 0,
    trial: int = 0,
    data: str | DataGenerator = "sphere",
    labels: str | Labels | None = None,
) -> Problem:
    """Draw the problem of one trial, as `overparam.problems.draw_problem` does.

    Parameters
    ----------
    n, d, k : int
        Samples, inputs, hidden units; each at least 1.
    seed, trial : int
        Non-negative; with (n, k, d) they name the instance.
    data, labels : str or component
        The labels are the data's own where they bring some, else Gaussian, unless they are named.

    Returns
    -------
    Problem
        NumPy float64 arrays: X (n, d), y (n,), W0 (k, d), v (k,).

    Raises
    ------
    ValueError
        For a size below 1, a negative seed or trial, an unknown component or data that cannot be drawn.
    """
    registry = default_registry()
    return problems.draw_problem(
        n,
        d,
        k,
        seed=seed,
        trial=trial,
        data=registry.resolve(DataGenerator, data),
        labels=None if labels is None else registry.resolve(Labels, labels),
    )


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


def train(
    problem: Problem,
    *,
    activation: str | Activation = "softplus",
    optimizer: str | Optimizer = "gd",
    max_iterations: int = 15_000,
    tolerance: float = 2.5e-3,
    record_every: int | None = None,
    backend: str | Backend | None = None,
    dtype: DType | None = None,
    engine: str = "auto",
) -> Outcome | list[Outcome]:
    """Train W from the problem's W₀, or solve for the output layer, by the stop rule of Section 4.

    Parameters
    ----------
    problem : Problem
        Arrays of any standard namespace, computed where they live unless `backend` says otherwise;
        with leading batch axes they are a stack of problems.
    activation, optimizer : str or component
    max_iterations : int
        Updates at most.
    tolerance : float
        Success at the first iterate with ‖f(W) − y‖/‖y‖ below it.
    record_every : int, optional
        Keep a point of the outcome's history every so many iterations.
    backend : str or Backend, optional
    dtype : "float32" or "float64", optional
        The problem's own unless given.
    engine : str
        "auto" takes the fastest engine that can.

    Returns
    -------
    Outcome, or list of Outcome
        A list, first batch axis slowest, where the problem has batch axes.

    Raises
    ------
    ValueError
        For unknown components, labels that are all zero, or an engine that cannot run this.
    """
    outcomes = prepare_training(
        default_registry(),
        problem,
        activation=activation,
        optimizer=optimizer,
        stop=StopRule(max_iterations, tolerance),
        record_every=record_every,
        backend=backend,
        dtype=dtype,
        engine=engine,
    ).run()
    return outcomes if problem.batch_shape else outcomes[0]


def prepare_training(
    registry: Registry,
    problem: Problem,
    *,
    activation: str | Activation,
    optimizer: str | Optimizer,
    stop: StopRule,
    record_every: int | None,
    backend: str | Backend | None,
    dtype: DType | None,
    engine: str,
) -> Training:
    """Resolve the names of `train` and choose the engine; the arguments are those of `train`."""
    place = backend_of(problem.X) if backend is None else registry.resolve(Backend, backend)
    place.require()
    job = Job(
        problem.singles(),
        registry.resolve(Activation, activation),
        registry.resolve(Optimizer, optimizer),
        stop,
        place,
        dtype or _dtype_of(problem),
        record_every,
    )
    chosen, objections = choose_engine(engines_named(registry, engine), job)
    return Training(job, chosen, tuple(objections))


def engines_named(registry: Registry, name: str) -> list[Engine]:
    """Return the engines to ask, fastest first: all for "auto", else the one of that name."""
    engines = registry.engines()
    if name == "auto":
        return engines
    if not (chosen := [engine for engine in engines if engine.name == name]):
        raise unknown_name("engine", name, ["auto", *(engine.name for engine in engines)])
    return chosen


def sweep(
    study: str | Path,
    *,
    n: int | Sequence[int] = 100,
    k: int | Sequence[int] = range(1, 26),
    d: int | Sequence[int] = range(1, 26),
    trials: int = 10,
    seed: int = 0,
    activation: str | Activation = "softplus",
    optimizer: str | Optimizer = "gd",
    data: str | DataGenerator = "sphere",
    labels: str | Labels | None = None,
    max_iterations: int = 15_000,
    tolerance: float = 2.5e-3,
    dtype: DType = "float32",
    backend: str | Backend = "numpy",
    engine: str = "auto",
    executor: str | Executor = "serial",
) -> Study:
    """Run, or go on with, a phase diagram; everything finished is kept in the file `study`.

    Parameters
    ----------
    study : path
        The study's file, made where there is none.
    n, k, d : int or sequence of int
        The grid's axes.
    trials : int
        Independent realizations a cell.
    seed, activation, optimizer, data, labels, max_iterations, tolerance
        As in `train` and `draw_problem`.
    dtype, backend, engine, executor
        How and where it is computed.

    Returns
    -------
    Study

    Raises
    ------
    StudyError
        Where the file is not a study, is of another specification, or cannot be written.
    ValueError
        For unknown components or impossible sizes.
    """
    registry = default_registry()
    place = registry.resolve(Backend, backend)
    place.require()
    grid = Grid.product(_axis(n), _axis(k), _axis(d), trials=trials)
    generator = registry.resolve(DataGenerator, data)
    specification = Specification(
        seed=whole("seed", seed, most=None),
        activation=registry.resolve(Activation, activation),
        optimizer=registry.resolve(Optimizer, optimizer),
        data=generator,
        labels=registry.resolve(Labels, labels)
        if labels is not None
        else labels_of_sweep(generator, grid, seed),
        stop=StopRule(max_iterations, tolerance),
        dtype=dtype,
    )
    execution = Execution(place, tuple(engines_named(registry, engine)), registry.resolve(Executor, executor))
    run_sweep(Path(study), specification, grid, execution)
    return load_study(study)


def _axis(given: int | Sequence[int]) -> tuple[int, ...]:
    return whole_numbers("an axis", given)


def _dtype_of(problem: Problem) -> DType:
    name = str(problem.X.dtype).rsplit(".", 1)[-1]
    if name not in ("float32", "float64"):
        raise ValueError(f"X must be float32 or float64, it is {name}: convert it, or give dtype=")
    return "float32" if name == "float32" else "float64"
