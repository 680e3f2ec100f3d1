"""The library's front door: the functions of the command line, for scripts and notebooks.

Components are given as objects or as the strings that the command line takes.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from overparam import defaults
from overparam.arrays.backends import Backend, DType, backend_of, dtype_of
from overparam.components import unknown_name
from overparam.components.whole import whole, whole_numbers
from overparam.methods import Layers, Optimizer
from overparam.model import problem as problems
from overparam.model.activations import Activation
from overparam.model.data import DataGenerator, Labels
from overparam.model.initializations import Initialization
from overparam.model.losses import Loss
from overparam.model.problem import Problem
from overparam.plugins import Registry, default_registry
from overparam.runs import Engine, Job, Outcome, Recipe, StopRule, choose_engine, conduct, recipe_of
from overparam.studies import Grid, Specification, Study, StudyWarning, load_study
from overparam.sweeps import Design, Execution, Executor, Progress, labels_of_sweep, run_sweep

__all__ = [
    "Training",
    "draw_problem",
    "engines_named",
    "load_study",
    "prepare_training",
    "sweep",
    "train",
]


def draw_problem(
    n: int,
    d: int,
    k: int,
    *,
    seed: int = 0,
    trial: int = 0,
    data: str | DataGenerator = defaults.DATA,
    labels: str | Labels | None = None,
    initialization: str | Initialization = defaults.INITIALIZATION,
) -> Problem:
    """Draw the problem of one trial, as `overparam.model.problem.draw_problem` does.

    Parameters
    ----------
    n, d, k : int
        Samples, inputs, hidden units; each at least 1.
    seed, trial : int
        Non-negative; with (n, k, d) they name the instance.
    data, labels, initialization : str or component
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
        initialization=registry.resolve(Initialization, initialization),
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
    activation: str | Activation = defaults.ACTIVATION,
    loss: str | Loss = defaults.LOSS,
    optimizer: str | Optimizer = defaults.OPTIMIZER,
    layers: Layers | None = None,
    max_iterations: int = defaults.MAX_ITERATIONS,
    tolerance: float = defaults.TOLERANCE,
    record_every: int | None = None,
    backend: str | Backend | None = None,
    dtype: DType | None = None,
    engine: str = "auto",
) -> Outcome | list[Outcome]:
    """Train a problem's network from its initial weights, by the stop rule of Section 4.

    Parameters
    ----------
    problem : Problem
        Arrays of any standard namespace, computed where they live unless `backend` says otherwise;
        with leading batch axes they are a stack of problems.
    activation, loss, optimizer : str or component
    layers : "hidden", "output" or "both", optional
        What is trained: W, v or both; what the optimizer trains by default unless given.
    max_iterations : int
        Updates at most.
    tolerance : float
        Success at the first iterate whose measure, ‖f(W) − y‖/‖y‖ for the squared loss, is below it.
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
        For unknown components, labels that the loss is not defined for, or an engine that cannot run this.
    """
    registry = default_registry()
    recipe = recipe_of(
        registry.resolve,
        activation=activation,
        loss=loss,
        optimizer=optimizer,
        layers=layers,
        stop=StopRule(max_iterations, tolerance),
        dtype=dtype or dtype_of(problem.X),
    )
    outcomes = prepare_training(registry, problem, recipe, record_every, backend, engine).run()
    return outcomes if problem.batch_shape else outcomes[0]


def prepare_training(
    registry: Registry,
    problem: Problem,
    recipe: Recipe,
    record_every: int | None,
    backend: str | Backend | None,
    engine: str,
) -> Training:
    """Choose where and by which engine a problem is trained."""
    place = backend_of(problem.X) if backend is None else registry.resolve(Backend, backend)
    place.require()
    job = Job(problem.singles(), recipe, place, record_every)
    chosen, objections = choose_engine(engines_named(registry, engine), job)
    return Training(job, chosen, tuple(objections))


def engines_named(registry: Registry, name: str) -> list[Engine]:
    """Return the engines to ask, fastest first: all for "auto", else the one of that name."""
    if name == "auto":
        return registry.engines()
    if name.rpartition("/")[2] not in (known := registry.choices(Engine)):
        raise unknown_name("engine", name, ["auto", *known])
    return [registry.find(Engine, name)()]


def sweep(
    study: str | Path,
    *,
    n: int | Sequence[int] = 100,
    k: int | Sequence[int] | None = None,
    d: int | Sequence[int] = range(1, 26),
    trials: int = defaults.TRIALS,
    seed: int = 0,
    activation: str | Activation = defaults.ACTIVATION,
    loss: str | Loss = defaults.LOSS,
    initialization: str | Initialization = defaults.INITIALIZATION,
    optimizer: str | Optimizer = defaults.OPTIMIZER,
    layers: Layers | None = None,
    data: str | DataGenerator = defaults.DATA,
    labels: str | Labels | None = None,
    max_iterations: int = defaults.MAX_ITERATIONS,
    tolerance: float = defaults.TOLERANCE,
    dtype: DType = defaults.SWEEP_DTYPE,
    backend: str | Backend = "numpy",
    engine: str = "auto",
    executor: str | Executor = "serial",
    design: str | Design = defaults.DESIGN,
) -> Study:
    """Run, or go on with, a phase diagram; everything finished is kept in the file `study`.

    Parameters
    ----------
    study : path
        The study's file, made where there is none.
    n, k, d : int or sequence of int
        The grid's axes. The widths k are 1 to 25 unless given; for the design "boundary" they are limits, and
        none unless given.
    trials : int
        Independent realizations a cell of the design "grid".
    seed, activation, loss, initialization, optimizer, layers, data, labels, max_iterations, tolerance
        As in `train` and `draw_problem`.
    dtype, backend, engine, executor
        How and where it is computed.
    design : str or Design
        Which trials come next: "grid", all of them, or "boundary:error=0.05", those that tell most of where
        half of the training runs succeed.

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
    widths = range(1, 26) if k is None else k
    grid = Grid.product(_axis(n), _axis(widths), _axis(d), trials=trials)
    generator = registry.resolve(DataGenerator, data)
    specification = Specification(
        seed=whole("seed", seed, most=None),
        data=generator,
        labels=registry.resolve(Labels, labels)
        if labels is not None
        else labels_of_sweep(generator, grid, seed),
        recipe=recipe_of(
            registry.resolve,
            activation=activation,
            loss=loss,
            initialization=initialization,
            optimizer=optimizer,
            layers=layers,
            stop=StopRule(max_iterations, tolerance),
            dtype=dtype,
        ),
    )
    execution = Execution(place, tuple(engines_named(registry, engine)), registry.resolve(Executor, executor))
    plan = registry.resolve(Design, design)
    run_sweep(Path(study), specification, grid, execution, _warn_of_notes, design=plan, limited=k is not None)
    return load_study(study)


def _warn_of_notes(progress: Progress) -> None:
    for note in progress.notes:
        warnings.warn(note, StudyWarning, stacklevel=2)


def _axis(given: int | Sequence[int]) -> tuple[int, ...]:
    return whole_numbers("an axis", given)
