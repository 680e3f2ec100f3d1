"""The labels of a sweep: the default ones, and whether the data have labels."""

from __future__ import annotations

from overparam.model.data import DataGenerator, FileLabels, Gaussian, Labels
from overparam.model.data.labels import NO_LABELS
from overparam.model.problem import usual_labels
from overparam.studies.grid import Grid
from overparam.studies.specification import Specification

__all__ = ["labels_of_sweep", "require_labels"]


def labels_of_sweep(data: DataGenerator, grid: Grid, seed: int = 0) -> Labels:
    """Return the labels that come with the data, else Gaussian ones.

    Raises
    ------
    ValueError
        If this requires drawing data of the grid's first cell, and they cannot be drawn.
    """
    cell = next((cell for cell in grid.cells if cell.d), None)
    return Gaussian() if cell is None else usual_labels(data, cell.n, cell.d, seed)


def require_labels(specification: Specification, grid: Grid) -> None:
    """Refuse labels of the data if the data have none, before anything runs.

    Raises
    ------
    ValueError
    """
    if not isinstance(specification.labels, FileLabels):
        return
    if not isinstance(labels_of_sweep(specification.data, grid, specification.seed), FileLabels):
        raise ValueError(NO_LABELS)
