"""The result of a training run: status, outcome and history."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overparam.markup import table

__all__ = ["History", "Outcome", "Status"]


class Status(StrEnum):
    """Final status of a training run.

    A failed training run is data, not an exception: a phase diagram counts these statuses.
    """

    CONVERGED = "converged"
    """The relative residual fell below the tolerance."""
    BUDGET_EXHAUSTED = "budget_exhausted"
    """The residual stayed above the tolerance for all allowed updates."""
    DIVERGED = "diverged"
    """The residual exceeded every bound, or is not a number."""
    SOLVED = "solved"
    """A direct solver returned; the relative residual is the quality of its solution."""
    EMPTY = "empty"
    """k = 0 or d = 0: nothing to train, so no run."""


@dataclass(frozen=True)
class History:
    """Quantities along the path, at regular iterations.

    Attributes
    ----------
    iterations : ndarray of int, shape (m,)
    relative_residual : ndarray, shape (m,)
        ‖f(W_τ) − y‖/‖y‖.
    distance_from_initialization : ndarray, shape (m,)
        ‖W_τ − W₀‖_F.
    path_length : ndarray, shape (m,)
        Σ_{t<τ} ‖W_{t+1} − W_t‖_F.
    """

    iterations: NDArray[np.int64]
    relative_residual: NDArray[np.float64]
    distance_from_initialization: NDArray[np.float64]
    path_length: NDArray[np.float64]


@dataclass(frozen=True)
class Outcome:
    """Result of one training run.

    Attributes
    ----------
    status : Status
    iterations : int
        Updates made; for a converged training run the first iterate below the tolerance.
    relative_residual : float
        ‖f(W) − y‖/‖y‖ at the end; may be inf or nan for a diverged training run.
    distance_from_initialization : float
        ‖W − W₀‖_F.
    path_length : float
        Σ ‖W_{τ+1} − W_τ‖_F over the path.
    effective_parameters : int
        Trained parameters that can act: 2⌊k/2⌋d for W, k for the output layer.
    success : bool
        Whether the relative residual at the end is below the tolerance.
    seconds : float
        This training run's share of the wall time of its batches.
    W, v : ndarray, shapes (k, d) and (k,)
        The final weights, on the host.
    engine : str
        The engine that carried out the run.
    rank : int or None
        For a direct solver, the numerical rank of Φ.
    history : History or None
        If one was requested.
    """

    status: Status
    iterations: int
    relative_residual: float
    distance_from_initialization: float
    path_length: float
    effective_parameters: int
    success: bool
    seconds: float
    W: NDArray[Any] = field(repr=False)
    v: NDArray[Any] = field(repr=False)
    engine: str = ""
    rank: int | None = None
    history: History | None = field(default=None, repr=False)

    def __repr__(self) -> str:
        return (
            f"Outcome({self.status}, iterations={self.iterations}, relative_residual="
            f"{self.relative_residual:.6g}, distance_from_initialization="
            f"{self.distance_from_initialization:.6g}, engine={self.engine!r})"
        )

    def _repr_html_(self) -> str:
        """Everything except the arrays."""
        left_out = ("W", "v", "history")
        rows = [(name.replace("_", " "), value) for name, value in vars(self).items() if name not in left_out]
        return table("Outcome", rows)
