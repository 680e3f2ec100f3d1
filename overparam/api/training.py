"""One problem, drawn and trained: `draw_problem` and `train`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import overload

from overparam import defaults
from overparam.arrays.backends import Backend, DType, backend_of, dtype_of
from overparam.methods import Layers, Optimizer
from overparam.model import problem as problems
from overparam.model.activations import Activation
from overparam.model.data import DataGenerator, Labels
from overparam.model.initializations import Initialization
from overparam.model.losses import Loss
from overparam.model.problem import Problem
from overparam.plugins import Registry, default_registry
from overparam.runs import Engine, Job, Outcome, Recipe, StopRule, Training, choose_engine, recipe_of

__all__ = ["draw_problem", "engines_named", "prepare_training", "train"]


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
        Numbers of samples, inputs and hidden units; each at least 1.
    seed, trial : int
        Non-negative; together with (n, k, d) they identify the instance.
    data, labels, initialization : str or component
        By default the labels are those that come with the data, or Gaussian if none do.

    Returns
    -------
    Problem
        NumPy float64 arrays: X (n, d), y (n,), W0 (k, d), v (k,).

    Raises
    ------
    ValueError
        For a size below 1, a negative seed or trial, an unknown component or data that cannot be drawn.

    Examples
    --------
    >>> import overparam as op
    >>> problem = op.draw_problem(n=20, d=5, k=8, seed=0, trial=3)
    >>> problem.X.shape, problem.y.shape, problem.W0.shape, problem.v.shape
    ((20, 5), (20,), (8, 5), (8,))
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
        Arrays of any standard namespace, computed on their own device unless `backend` is given; arrays with
        leading batch axes are a stack of problems. The problems of a sequence must have the same n and the
        same kind of arrays; their k and d may differ.
    activation, loss, optimizer : str or component
    layers : "hidden", "output" or "both", optional
        Trained weights: W, v or both; by default the optimizer's own choice.
    max_iterations : int
        Largest number of updates.
    tolerance : float
        A run succeeds at the first iterate whose measure, ‖f(W) − y‖/‖y‖ for the squared loss, is below it.
    record_every : int, optional
        Record a point of the outcome's history every so many iterations.
    backend : str or Backend, optional
    dtype : "float32" or "float64", optional
        By default that of the problem.
    engine : str
        "auto" takes the fastest engine that can run the problem.

    Returns
    -------
    Outcome, or list of Outcome
        A list for a sequence, and for a problem with batch axes, first axis slowest. The types do not show
        whether arrays have batch axes: for a type checker, pass `problem.singles()`.

    Raises
    ------
    ValueError
        For unknown components, labels that the loss is not defined for, or an engine that cannot run this.

    Examples
    --------
    >>> import overparam as op
    >>> outcome = op.train(op.draw_problem(n=10, d=10, k=20), max_iterations=2000)
    >>> outcome.success, outcome.relative_residual < 0.0025
    (True, True)
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
    """Return a training run of single problems, with its backend and engine chosen."""
    place = backend_of(problems[0].X) if backend is None else registry.resolve(Backend, backend)
    place.require()
    job = Job(problems, recipe, place, record_every)
    chosen, objections = choose_engine(engines_named(registry, engine), job)
    return Training(job, chosen, tuple(objections))


def engines_named(registry: Registry, name: str) -> list[Engine]:
    """Return the candidate engines, fastest first: all for "auto", else the one with that name."""
    if name == "auto":
        return registry.engines()
    if name.rpartition("/")[2] not in registry.choices(Engine):
        raise registry.unknown(Engine, name, "auto")
    return [registry.find(Engine, name)()]
