"""Observers of training runs: the history, and others on request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from overparam.model.problem import Problem
from overparam.runs.outcome import History

__all__ = ["Look", "Observer", "Recorder", "Watch"]


@dataclass(frozen=True)
class Look:
    """One observed iterate of a training run.

    Attributes
    ----------
    iteration : int
        τ.
    measure : float
        The loss's measure: ‖f(W_τ) − y‖/‖y‖ for the squared loss.
    distance : float
        ‖θ_τ − θ₀‖, Euclidean over the trained parameters.
    path_length : float
        Σ_{t<τ} ‖θ_{t+1} − θ_t‖.
    W, v : ndarray, shapes (k, d) and (k,)
        On the host.
    last : bool
        Whether the run ends here.
    """

    iteration: int
    measure: float
    distance: float
    path_length: float
    W: NDArray[Any]
    v: NDArray[Any]
    last: bool


class Observer(Protocol):
    """Observer of one training run; receives the iterates that it requests, and the last one."""

    def next_after(self, iteration: int) -> int | None:
        """Return the first iterate after `iteration` that it requests; −1 means before the start."""

    def see(self, look: Look) -> None:
        """Receive an iterate."""


Watch: TypeAlias = Callable[[Problem], Observer]
"""Function that creates the observer of one problem's run."""


class Recorder:
    """The history of one training run: a point every `every` iterations, and the last one."""

    def __init__(self, every: int) -> None:
        self._every = every
        self._points: list[tuple[int, float, float, float]] = []

    def next_after(self, iteration: int) -> int:
        """Return the next multiple of `every`."""
        return (iteration // self._every + 1) * self._every

    def see(self, look: Look) -> None:
        """Append a point."""
        self._points.append((look.iteration, look.measure, look.distance, look.path_length))

    def history(self) -> History:
        """Return the points as arrays."""
        table = np.asarray(self._points, dtype=np.float64).reshape(-1, 4)
        return History(table[:, 0].astype(np.int64), table[:, 1], table[:, 2], table[:, 3])
