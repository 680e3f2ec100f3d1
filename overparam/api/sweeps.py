"""Phase diagrams and their trials: `sweep` and `replay`."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from overparam import defaults
from overparam.api.training import engines_named
from overparam.arrays.backends import Backend, DType
from overparam.components.whole import whole_numbers
from overparam.figures.progress import progress_shown
from overparam.methods import Layers, Optimizer
from overparam.model.activations import Activation
from overparam.model.data import DataGenerator, Labels
from overparam.model.initializations import Initialization
from overparam.model.losses import Loss
from overparam.plugins import default_registry
from overparam.studies import Grid, Study, StudyWarning, TrialKey, load_study, parse_range
from overparam.sweeps import (
    AXES,
    Design,
    Execution,
    Executor,
    Progress,
    Replay,
    asked_of,
    replay_trial,
)

__all__ = ["replay", "sweep"]

Axis: TypeAlias = int | Sequence[int] | str
"""Values of n, k or d."""


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
    design: str | Design | None = None,
    checkpoint_every: float = defaults.CHECKPOINT_EVERY,
    progress: bool | Callable[[Progress], None] | None = None,
) -> Study:
    """Run or resume a phase diagram; every finished trial is saved in the file `study`.

    If the study exists, arguments that are not given are taken from it: `op.sweep("mine.study", trials=20)`
    adds trials to all its cells, and `op.sweep("mine.study", k="26:30")` adds cells. For a new study they
    have the defaults that ``overparam sweep --help`` lists.

    Parameters
    ----------
    study : path
        The study's file; created if missing, resumed if present.
    n, k, d : int, sequence of int, or str
        The grid's axes; ranges may be written as on the command line: "2:40:2", "5,10". For the design
        "boundary", k gives the smallest and the largest width; by default there are no limits.
    trials : int
        Independent realizations per cell, for the design "grid".
    seed, activation, loss, initialization, optimizer, layers, data, labels, max_iterations, tolerance
        As in `train` and `draw_problem`.
    dtype, backend, engine, executor
        How and where the trials are computed.
    design : str or Design, optional
        Which trials are trained next: "grid" trains all of them; "boundary:error=0.05" trains the most
        informative ones about the width at which half of the training runs succeed.
    checkpoint_every : float
        Seconds between checkpoints. The state of a longer training run is saved beside the study at this
        interval, so that a killed sweep loses at most so much of it; 0 saves none.
    progress : bool or callable, optional
        Whether to show progress: in a notebook as a growing diagram, else on standard error. By default it is
        shown in notebooks and on terminals. A function is called with every `Progress` instead.

    Returns
    -------
    Study

    Raises
    ------
    StudyError
        If the file is not a study, has another specification, or cannot be written.
    ValueError
        For unknown components or impossible sizes.

    Examples
    --------
    >>> import overparam as op
    >>> study = op.sweep("a.study", n=6, k=[2, 8], d=[1, 4], trials=2, max_iterations=200, progress=False)
    >>> study.diagram(6).trials.tolist()
    [[2, 2], [2, 2]]
    >>> study = op.sweep("a.study", trials=3, progress=False)  # one more for every cell
    >>> study.diagram(6).trials.tolist()
    [[3, 3], [3, 3]]
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
        "design": design,
    }
    said = {name: value for name, value in given.items() if value is not None}
    asked = asked_of(Path(study), registry.resolve, said, _product, axes_said={*AXES} & said.keys())
    engines = tuple(engines_named(registry, engine))
    execution = Execution(place, engines, registry.resolve(Executor, executor), checkpoint_every)
    with nullcontext(progress) if callable(progress) else progress_shown(Path(study), progress) as show:

        def report(told: Progress) -> None:
            for note in told.notes:
                warnings.warn(note, StudyWarning, stacklevel=2)
            show(told)

        asked.train(Path(study), execution, report)
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
    """Train one trial of a study again, and compare the outcome with the stored one.

    Backend, data type and engine are those of the session that trained it, if they are available here;
    otherwise the notes say so.

    Parameters
    ----------
    study : path or Study
    n, k, d, trial : int
        Which trial.
    record_every : int, optional
        Record a point of the outcome's history every so many iterations.
    engine : str
        Name of another engine to train with.

    Returns
    -------
    Replay
        With `outcome`, `stored`, `equal` and `notes`.

    Raises
    ------
    StudyError
        If the study does not hold the trial, or its data or components have changed since.
    ValueError
        If a component of the study is not installed.

    Examples
    --------
    >>> import overparam as op
    >>> study = op.sweep("a.study", n=6, k=4, d=3, trials=2, max_iterations=50, progress=False)
    >>> again = op.replay(study, n=6, k=4, d=3, trial=1)
    >>> again.equal, again.outcome.iterations == again.stored.iterations
    (True, True)
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
