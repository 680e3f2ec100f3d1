"""Helpers for pictures made of characters: the curve as cells, and sparse labels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from overparam.studies.diagram import PhaseDiagram

__all__ = ["on_capacity_curve", "reaches_capacity", "tick_labels"]


def reaches_capacity(diagram: PhaseDiagram) -> NDArray[np.bool_]:
    """Return where kd ≥ n, shape (len(k), len(d))."""
    return np.asarray(np.multiply.outer(diagram.k, diagram.d) >= diagram.n)


def on_capacity_curve(diagram: PhaseDiagram) -> NDArray[np.bool_]:
    """Return the first cells with kd ≥ n, upwards in k or in d, shape (len(k), len(d))."""
    reached = reaches_capacity(diagram)
    first = np.zeros_like(reached)
    first[1:, :] |= ~reached[:-1, :]
    first[:, 1:] |= ~reached[:, :-1]
    return reached & first


def tick_labels(values: Sequence[int], apart: int) -> list[str]:
    """Return a label for each value; most are empty, so that labels do not collide.

    Parameters
    ----------
    values : sequence of int
        The values in order, one cell each.
    apart : int
        The smallest distance between labels, in cells.

    Returns
    -------
    list of str
        Multiples of the smallest of 1, 2, 5, 10, 20, … that avoids collisions; if the values have no such
        step, labels at a regular spacing.
    """
    for step in (m * 10**e for e in range(len(str(values[-1]))) for m in (1, 2, 5)):
        chosen = [i for i, value in enumerate(values) if value % step == 0]
        if len(chosen) > 1 and min(np.diff(chosen)) >= apart:
            break
    else:
        chosen = list(range(0, len(values), max(apart, 1)))
    return [str(value) if i in chosen else "" for i, value in enumerate(values)]
