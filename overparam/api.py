"""The library's front door: the functions of the command line, for scripts and notebooks.

Components are given as objects or as the strings that the command line takes.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias, overload

from overparam import defaults, plugins
from overparam.arrays.backends import Backend, DType, backend_of, dtype_of
from overparam.components import Description
from overparam.components.whole import whole_numbers
from overparam.figures.progress import progress_shown
from overparam.methods import Layers, Optimizer
from overparam.model import problem as problems
from overparam.model.activations import Activation
from overparam.model.data import DataGenerator, Labels
from overparam.model.initializations import Initialization
from overparam.model.losses import Loss
from overparam.model.problem import Problem
from overparam.plugins import Registry, default_registry
from overparam.runs import Engine, Job, Outcome, Recipe, StopRule, Training, choose_engine, recipe_of
from overparam.studies import Grid, Study, StudyWarning, TrialKey, load_study, parse_range
from overparam.sweeps import AXES, Execution, Executor, Progress, Replay, asked_of, replay_trial, run_sweep

__all__ = [
    "describe",
    "draw_problem",
    "engines_named",
    "load_study",
    "prepare_training",
    "replay",
    "sweep",
    "train",
]

Axis: TypeAlias = int | Sequence[int] | str
"""Values of n, k or d."""


def describe(what: str | None = None) -> list[Description]:
    """Return the components that can be named, with their parameters and the package that brings each.

    Those of first-party packages that are not installed are among them.

    Parameters
    ----------
    what : str, optional
        A kind, such as "activations", or a name, such as "gd"; everything unless given.

    Returns
    -------
    list of Description
        Each with kind, name, distribution, version, installed, summary and parameters.

    Raises
    ------
    ValueError
        For a word that is neither a kind nor a name.

    Examples
    --------
    >>> import overparam as op
    >>> [each.name for each in op.describe("labels")]
    ['gaussian', 'rademacher', 'file']
    """
    return plugins.describe(default_registry(), what)


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
    """Draw the problem of one trial: data, labels and initial weights.

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


@overload
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
) -> Outcome: ...


@overload
def train(
    problem: Sequence[Problem],
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
) -> list[Outcome]: ...


def train(
    problem: Problem | Sequence[Problem],
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
    problem : Problem, or sequence of Problem
        Arrays of any standard namespace, computed where they live unless `backend` says otherwise;
        with leading batch axes they are a stack of problems. The problems of a sequence have one n and one
        kind of arrays; their k and d may differ.
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
        A list for a sequence, and for a problem with batch axes, first axis slowest. Types cannot tell
        whether arrays have batch axes: for a type checker give `problem.singles()`.

    Raises
    ------
    ValueError
        For unknown components, labels that the loss is not defined for, or an engine that cannot run this.
    """
    registry = default_registry()
    problems = [problem] if isinstance(problem, Problem) else list(problem)
    if not problems:
        return []
    recipe = recipe_of(
        registry.resolve,
        activation=activation,
        loss=loss,
        optimizer=optimizer,
        layers=layers,
        stop=StopRule(max_iterations, tolerance),
        dtype=dtype or dtype_of(problems[0].X),
    )
    singles = [single for each in problems for single in each.singles()]
    outcomes = prepare_training(registry, singles, recipe, record_every, backend, engine).run()
    return outcomes[0] if isinstance(problem, Problem) and not problem.batch_shape else outcomes


def prepare_training(
    registry: Registry,
    problems: Sequence[Problem],
    recipe: Recipe,
    record_every: int | None,
    backend: str | Backend | None,
    engine: str,
) -> Training:
    """Choose where and by which engine single problems are trained."""
    place = backend_of(problems[0].X) if backend is None else registry.resolve(Backend, backend)
    place.require()
    job = Job(problems, recipe, place, record_every)
    chosen, objections = choose_engine(engines_named(registry, engine), job)
    return Training(job, chosen, tuple(objections))


def engines_named(registry: Registry, name: str) -> list[Engine]:
    """Return the engines to ask, fastest first: all for "auto", else the one of that name."""
    if name == "auto":
        return registry.engines()
    if name.rpartition("/")[2] not in registry.choices(Engine):
        raise registry.unknown(Engine, name, "auto")
    return [registry.find(Engine, name)()]


def sweep(
    study: str | Path,
    *,
    n: Axis | None = None,
    k: Axis | None = None,
    d: Axis | None = None,
    trials: int | None = None,
    seed: int | None = None,
    activation: str | Activation | None = None,
    loss: str | Loss | None = None,
    initialization: str | Initialization | None = None,
    optimizer: str | Optimizer | None = None,
    layers: Layers | None = None,
    data: str | DataGenerator | None = None,
    labels: str | Labels | None = None,
    max_iterations: int | None = None,
    tolerance: float | None = None,
    dtype: DType | None = None,
    backend: str | Backend = "numpy",
    engine: str = "auto",
    executor: str | Executor = defaults.EXECUTOR,
    progress: bool | Callable[[Progress], None] | None = None,
) -> Study:
    """Run or resume a phase diagram; every finished trial is kept in the file `study`.

    What is not given is the study's own where there is one: `op.sweep("mine.study", trials=20)` adds trials
    to all its cells, and `op.sweep("mine.study", k="26:30")` adds cells. For a new study it is the default
    that ``overparam sweep --help`` names.

    Parameters
    ----------
    study : path
        The study's file; created if missing, resumed if present.
    n, k, d : int, sequence of int, or str
        The grid's axes; a range is also written as on the command line: "2:40:2", "5,10".
    trials : int
        Independent realizations a cell.
    seed, activation, loss, initialization, optimizer, layers, data, labels, max_iterations, tolerance
        As in `train` and `draw_problem`.
    dtype, backend, engine, executor
        How and where it is computed.
    progress : bool or callable, optional
        Whether to show how it goes: in a notebook by the diagram that fills, else on standard error. Unless
        given, it is shown in notebooks and on terminals. A function is called with every `Progress` instead.

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
    given: dict[str, object] = {
        "n": None if n is None else _axis(n),
        "k": None if k is None else _axis(k),
        "d": None if d is None else _axis(d),
        "trials": trials,
        "seed": seed,
        "activation": activation,
        "loss": loss,
        "initialization": initialization,
        "optimizer": optimizer,
        "layers": layers,
        "data": data,
        "labels": labels,
        "max_iterations": max_iterations,
        "tolerance": tolerance,
        "dtype": dtype,
    }
    said = {name: value for name, value in given.items() if value is not None}
    asked = asked_of(
        Path(study), registry.resolve, said, _product, cells_said=not said.keys().isdisjoint(AXES)
    )
    execution = Execution(place, tuple(engines_named(registry, engine)), registry.resolve(Executor, executor))
    with nullcontext(progress) if callable(progress) else progress_shown(Path(study), progress) as show:

        def report(told: Progress) -> None:
            for note in told.notes:
                warnings.warn(note, StudyWarning, stacklevel=2)
            show(told)

        run_sweep(Path(study), asked.specification, asked.grid, execution, report)
    return load_study(study)


def _product(sizes: Mapping[str, Any]) -> Grid:
    return Grid.product(sizes["n"], sizes["k"], sizes["d"], trials=sizes["trials"])


def _axis(given: Axis) -> tuple[int, ...]:
    return parse_range(given) if isinstance(given, str) else whole_numbers("an axis", given)


def replay(
    study: str | Path | Study,
    *,
    n: int,
    k: int,
    d: int,
    trial: int = 0,
    record_every: int | None = None,
    engine: str = "auto",
) -> Replay:
    """Train one trial of a study again, and compare with what the study holds.

    It is trained on the backend, in the data type and by the engine that the study's session had, where they
    are here; its notes say where they are not.

    Parameters
    ----------
    study : path or Study
    n, k, d, trial : int
        Which trial.
    record_every : int, optional
        Keep a point of the outcome's history every so many iterations.
    engine : str
        Train by the engine of this name instead.

    Returns
    -------
    Replay
        With `outcome`, `stored`, `equal` and `notes`.

    Raises
    ------
    StudyError
        Where the study does not hold the trial, or its data or its components are others by now.
    ValueError
        Where a component of the study is not installed.
    """
    registry = default_registry()
    return replay_trial(
        study if isinstance(study, Study) else load_study(study),
        TrialKey(*whole_numbers("n, k, d and trial", (n, k, d, trial))),
        registry.resolve,
        partial(engines_named, registry),
        record_every=record_every,
        engine=engine,
    )
