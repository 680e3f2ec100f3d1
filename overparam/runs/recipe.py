"""The recipe: all settings of a training run except its problem, as one value."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from numbers import Real
from typing import NamedTuple

from overparam import defaults
from overparam.arrays.backends import DType
from overparam.components import Component, Resolve
from overparam.components.whole import whole
from overparam.methods import GradientDescent, Layers, Optimizer
from overparam.model.activations import Activation, Softplus
from overparam.model.initializations import Initialization, Paper
from overparam.model.losses import Loss, Squared
from overparam.runs.outcome import Status

__all__ = ["DIVERGENCE_LIMIT", "Bounds", "Recipe", "StopRule", "recipe_of"]

DIVERGENCE_LIMIT = 1e8
"""A measure above this counts as divergence: single precision has then lost the labels."""

_LIMITS: Mapping[DType, tuple[float, float]] = {
    "float32": (2.0**-126, (2.0 - 2.0**-23) * 2.0**127),
    "float64": (2.0**-1022, sys.float_info.max),
}
"""Smallest normal and largest number of each data type."""


class Bounds(NamedTuple):
    """Bounds on Σ miss²/scale²: a training run continues while it is between them, inclusive.

    Attributes
    ----------
    low, high : float
        Below `low` the run has converged; above `high`, or not a number, it has diverged.
    """

    low: float
    high: float

    def status(self, total: float) -> Status | None:
        """Return the final status of a run with this total, or None if the run continues."""
        if total < self.low:
            return Status.CONVERGED
        return None if total <= self.high else Status.DIVERGED


@dataclass(frozen=True)
class StopRule:
    """When a training run stops (Section 4).

    Attributes
    ----------
    max_iterations : int
        Largest number of updates; the iterate after the last one is checked too.
    tolerance : float
        The run succeeds at the first iterate, including the initial one, whose measure is below this;
        the measure is ‖f(W) − y‖/‖y‖ for the squared loss.
    """

    max_iterations: int = defaults.MAX_ITERATIONS
    tolerance: float = defaults.TOLERANCE

    def __post_init__(self) -> None:
        object.__setattr__(self, "max_iterations", whole("max_iterations", self.max_iterations))
        if not (isinstance(self.tolerance, Real) and 0.0 < self.tolerance <= sys.float_info.max):
            raise ValueError(f"tolerance must be a positive number, got {self.tolerance}")
        object.__setattr__(self, "tolerance", float(self.tolerance))


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """All settings of a training run except its problem.

    Attributes
    ----------
    activation, loss, initialization, optimizer : components
    layers : "hidden", "output" or "both"
        What is trained.
    stop : StopRule
    dtype : "float32" or "float64"

    Raises
    ------
    ValueError
        If the optimizer cannot train these layers, or with this loss.
    """

    activation: Activation = field(default_factory=Softplus)
    loss: Loss = field(default_factory=Squared)
    initialization: Initialization = field(default_factory=Paper)
    layers: Layers = "hidden"
    optimizer: Optimizer = field(default_factory=GradientDescent)
    stop: StopRule = field(default_factory=StopRule)
    dtype: DType = defaults.TRAIN_DTYPE

    def __post_init__(self) -> None:
        optimizer = self.optimizer
        if self.layers not in optimizer.layers:
            raise ValueError(
                f"{optimizer.name} trains layers={' or '.join(optimizer.layers)}, not {self.layers!r}"
            )
        if not optimizer.any_loss and type(self.loss) is not Squared:
            raise ValueError(f"{optimizer.name} needs the squared loss, got {self.loss.name}")
        if reason := optimizer.objection(self.activation, self.loss, self.layers):
            raise ValueError(reason)

    @property
    def components(self) -> dict[str, Component]:
        """The recipe's components, by the name of their option."""
        return {
            "activation": self.activation,
            "loss": self.loss,
            "initialization": self.initialization,
            "optimizer": self.optimizer,
        }

    @property
    def budget(self) -> int:
        """Largest number of steps: the stop rule's; always one for a direct solver."""
        return max(self.stop.max_iterations, 1) if self.optimizer.solves else self.stop.max_iterations

    def until(self, max_iterations: int) -> Recipe:
        """Return the same recipe with another budget."""
        return replace(self, stop=StopRule(max_iterations, self.stop.tolerance))

    def bounds(self, n: int) -> Bounds:
        """Return the bounds on Σ miss²/scale² between which a run with n samples continues."""
        # The squared tolerance may under- or overflow; no total lies beyond the least or largest float.
        least, most = _LIMITS[self.dtype]
        low = most if self.stop.tolerance >= math.sqrt(most) else self.loss.threshold(self.stop.tolerance, n)
        return Bounds(min(max(low, least), most), DIVERGENCE_LIMIT**self.loss.exponent)

    def measure(self, total: float) -> float:
        """Return the loss's measure from Σ miss²/scale²; nan if that is not a number."""
        if self.loss.exponent == 1:
            return total
        return math.sqrt(total) if total >= 0.0 else math.nan

    def effective_parameters(self, k: int, d: int, acting: int) -> int:
        """Return how many trained parameters can act; `acting` of the k output weights are not zero."""
        return {"hidden": acting * d, "output": k, "both": k * d + k}[self.layers]


def recipe_of(
    resolve: Resolve,
    *,
    activation: str | Activation = defaults.ACTIVATION,
    loss: str | Loss = defaults.LOSS,
    initialization: str | Initialization = defaults.INITIALIZATION,
    optimizer: str | Optimizer = defaults.OPTIMIZER,
    layers: Layers | None = None,
    stop: StopRule,
    dtype: DType,
) -> Recipe:
    """Return the recipe for these names or components; the default layers are the optimizer's own."""
    method = resolve(Optimizer, optimizer)
    return Recipe(
        activation=resolve(Activation, activation),
        loss=resolve(Loss, loss),
        initialization=resolve(Initialization, initialization),
        optimizer=method,
        layers=layers or method.layers[0],
        stop=stop,
        dtype=dtype,
    )
