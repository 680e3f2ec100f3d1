"""The contract of training methods: start, step, and a description of what the method can train."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from overparam.components import Component
from overparam.methods.point import Layers, Point
from overparam.model.activations.base import Activation
from overparam.model.losses.base import Loss
from overparam.model.problem import Problem

if TYPE_CHECKING:
    from overparam.methods.first_order import FirstOrder

__all__ = ["Move", "Optimizer"]


class Move(NamedTuple):
    """Result of one step of a method.

    Attributes
    ----------
    point : Point
        The next iterate; the previous one if the step was rejected.
    state : object
        State that the method passes to its next step.
    ended : bool
        Whether the method has finished. A last move with `ended` is not counted as an update.
    rank : int or None
        The numerical rank of the features, if a solver has computed it.
    """

    point: Point
    state: Any
    ended: bool = False
    rank: int | None = None


@dataclass(frozen=True)
class Optimizer(Component):
    """A training method: `start` once, then `step` until the stop rule or the method itself ends the run.

    The driver owns the loop: it counts steps, computes the measure, ends runs and keeps the history.

    Attributes
    ----------
    layers : tuple of "hidden", "output", "both"
        What the method can train; the first one is the default.
    any_loss : bool
        False for a method that needs the squared loss.
    solves : bool
        True for a method that ends with a solution: its runs have the status "solved".
    """

    kind: ClassVar[str] = "optimizer"
    layers: ClassVar[tuple[Layers, ...]] = ("hidden", "output", "both")
    any_loss: ClassVar[bool] = True
    solves: ClassVar[bool] = False

    @abstractmethod
    def start(self, point: Point) -> Any:
        """Return the state before the first step."""

    @abstractmethod
    def step(self, point: Point, state: Any) -> Move:
        """Return the next point and state; a method may reject its own step and keep the point."""

    def objection(self, activation: Activation, loss: Loss, layers: Layers) -> str | None:
        """Return why the method cannot train this network with this loss, or None if it can."""
        return None

    def elementwise(self) -> FirstOrder | None:
        """Return the method itself if its rule is elementwise, so that it runs in batches; otherwise None."""
        return None

    def step_size_for(self, problem: Problem, activation: Activation) -> float | None:
        """η for one problem, a positive number; None for a method without a step size."""
        return None

    def updates_between_checks(self) -> int:
        """Return the number of updates between two checks of the stop rule: 1, as in Section 4."""
        return 1

    def row_blocks(self, n: int, rng: np.random.Generator) -> Iterator[NDArray[np.int64]] | None:
        """Row numbers of the samples in each update, in blocks (updates, rows); None for full gradients."""
        return None

    def independent_rows(self) -> bool:
        """Whether `row_blocks` draws each row uniformly and independently of all others.

        If so, the conditional mean of an update's gradient, given the past, is ∇L/n. A class that redefines
        `row_blocks` must redefine this as well.
        """
        return False

    def extra_cost(self, n: int, k: int, d: int) -> float:
        """Floating-point operations of a step in addition to one gradient."""
        return 0.0

    def expected_updates(self, budget: int, ratio: float) -> float:
        """Estimated updates of a run, from the budget and `ratio`, effective parameters over n.

        For gradient descent: the whole budget below the boundary of Figure 2, fewer above.
        """
        share = _FRACTION / (ratio / _BOUNDARY) ** 2 if ratio > _BOUNDARY else 1.0
        return max(1.0, min(1.0, share) * budget)


_BOUNDARY, _FRACTION = 1.4, 0.9
"""For 2⌊k/2⌋d/n < 1.4 runs use the whole budget; at r times that ratio they use 0.9/r² of it. On the four
panels of Figure 2 the total work of all runs is within a fifth of this estimate (0.92 to 1.19 of it)."""
