"""Collects the points of one training's history."""

from __future__ import annotations

import numpy as np

from overparam.training.outcome import History

__all__ = ["Recorder"]


class Recorder:
    """Points along one training; `every` is None where none were asked for."""

    def __init__(self, every: int | None) -> None:
        self._every = every
        self._points: list[tuple[int, float, float, float]] = []

    def add(
        self,
        iteration: int,
        relative_residual: float,
        distance_from_initialization: float,
        path_length: float,
    ) -> None:
        """Append a point."""
        self._points.append((iteration, relative_residual, distance_from_initialization, path_length))

    def history(self) -> History | None:
        """Return the points as arrays."""
        if self._every is None:
            return None
        table = np.asarray(self._points, dtype=np.float64).reshape(-1, 4)
        return History(table[:, 0].astype(np.int64), table[:, 1], table[:, 2], table[:, 3])
