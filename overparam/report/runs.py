"""Replayed training runs on both sides of the boundary, each beside the linearized prediction."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from overparam.components import ComponentError
from overparam.components.faults import OverparamError
from overparam.runs.recipe import DIVERGENCE_LIMIT
from overparam.studies import Cell, PhaseDiagram, Study, TrialKey, TrialRow
from overparam.sweeps import Replay
from overparam.theory.linearized import Prediction, prediction
from overparam.theory.setting import Setting

__all__ = ["Replayer", "Run", "replayed", "sides_of"]

_POINTS = 100
_LEAST_DRAWN = 1e-12  # lower end of a prediction, which falls for ever

Replayer = Callable[[Study, TrialKey, int], Replay]
"""Trains a trial again, and records a point of its history every so many iterations."""

Listed = Mapping[Cell, Sequence[TrialRow]]
"""Trials of some cells."""

Points = tuple[tuple[int, float], ...]


@dataclass(frozen=True)
class Run:
    """One trial, trained again.

    Attributes
    ----------
    cell : Cell
    trial : int
    status : str
    success : bool
    engine : str
    equal : bool
        Whether every stored value is reproduced.
    measure : str
        The quantity drawn, such as "relative residual".
    tolerance : float
    points, predicted : tuple of (iteration, value)
        The run and its prediction; the second is empty if no prediction is known.
    about_prediction : str
        What is predicted, or why there is no prediction.
    notes : tuple of str
    """

    cell: Cell
    trial: int
    status: str
    success: bool
    engine: str
    equal: bool
    measure: str
    tolerance: float
    points: Points
    predicted: Points
    about_prediction: str
    notes: tuple[str, ...]


def replayed(
    study: Study, diagram: PhaseDiagram, listed: Listed, count: int, replay: Replayer
) -> tuple[list[Run], list[str]]:
    """Train up to `count` trials of a diagram again; return them, and notes on trials that could not be."""
    runs: list[Run] = []
    notes: list[str] = []
    for key in islice(_around_the_boundary(diagram, listed), count):
        try:
            runs.append(_run(study, key, replay))
        except (ComponentError, OverparamError, ValueError, ImportError) as error:
            reason = " ".join(str(error).split())
            notes.append(f"k = {key.k}, d = {key.d}, trial {key.trial} could not be trained again: {reason}")
            if isinstance(error, ComponentError):
                break  # the same holds for all trials of this study
    return runs, notes


def sides_of(diagram: PhaseDiagram) -> list[tuple[Cell, Cell]]:
    """Return the cells below and above the boundary, if both exist; d in the middle of the diagram first."""
    boundary = diagram.boundary()
    sides = zip(boundary.d, boundary.below, boundary.above, strict=True)
    crossed = [
        (Cell(diagram.n, below, d), Cell(diagram.n, above, d))
        for d, below, above in sides
        if below and above and d
    ]
    return [crossed[place] for place in _spread(len(crossed))]


def _around_the_boundary(diagram: PhaseDiagram, listed: Listed) -> Iterator[TrialKey]:
    """Return a failed trial below the boundary and a successful one above it."""
    for sides in sides_of(diagram):
        for cell, success in zip(sides, (0, 1), strict=True):
            fitting = [row.trial for row in listed.get(cell, ()) if row.success == success and row.iterations]
            if fitting:
                yield TrialKey(*cell, fitting[0])


def _spread(count: int) -> list[int]:
    """Return the places 0, …, count − 1: the middle first, then the quarters, and so on."""
    order: list[int] = []
    parts = 2
    while len(order) < count:
        for part in range(1, parts, 2):
            place = min(part * count // parts, count - 1)
            if place not in order:
                order.append(place)
        if parts > 2 * count:
            order += [place for place in range(count) if place not in order]
        parts *= 2
    return order


def _run(study: Study, key: TrialKey, replay: Replayer) -> Run:
    row, _ = study.trial(key)
    found = replay(study, key, max(1, row.iterations // _POINTS))
    outcome, recipe = found.outcome, found.specification.recipe
    points: Points = ()
    if outcome.history is not None:
        measured = outcome.history.relative_residual
        points = _drawable(outcome.history.iterations, measured)
    predicted, about = _predicted(found, np.asarray([iteration for iteration, _ in points], np.int64))
    return Run(
        Cell(key.n, key.k, key.d),
        key.trial,
        str(outcome.status),
        outcome.success,
        outcome.engine,
        found.equal,
        recipe.loss.measure,
        recipe.stop.tolerance,
        points,
        predicted,
        about,
        found.notes,
    )


def _predicted(found: Replay, iterations: NDArray[np.int64]) -> tuple[Points, str]:
    """Return the linearized prediction of ‖f − y‖/‖y‖, or the reason why none is known."""
    problem = found.training.job.problems[0]
    if not iterations.size:
        return (), "it has no iterations"
    try:
        setting = Setting(problem, found.specification.recipe, found.specification.data)
        known = prediction(setting, iterations)
    except ValueError as error:
        return (), str(error)
    if not isinstance(known, Prediction):
        return (), known
    relative = known.residuals / setting.label_norm
    return _drawable(iterations, relative, least=_LEAST_DRAWN), known.label.replace("$W_0$", "W₀")


def _drawable(iterations: NDArray[np.int64], values: NDArray[np.float64], least: float = 0.0) -> Points:
    """Return the points that a logarithmic axis can show."""
    return tuple(
        (int(iteration), float(f"{value:.4g}"))
        for iteration, value in zip(iterations, values, strict=True)
        if math.isfinite(value) and least < value <= DIVERGENCE_LIMIT
    )
