"""The contract of training methods: what every method does, and what it declares about itself."""

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
        The next iterate; the one before where the step was not taken.
    state : object
        What the method carries to its next step.
    ended : bool
        Whether the method has nothing more to do: this move is its last and is not counted as an update.
    rank : int or None
        The numerical rank of the features, where a solver has found it.
    """

    point: Point
    state: Any
    ended: bool = False
    rank: int | None = None


@dataclass(frozen=True)
class Optimizer(Component):
    """A training method: `start` once, then `step` until the stop rule or the method itself ends the run.

    The driver owns the loop: it counts the steps, measures, decides how a run ends and keeps its history.

    Attributes
    ----------
    layers : tuple of "hidden", "output", "both"
        What the method can train; the first is what it trains unless told otherwise.
    any_loss : bool
        False for a method that is about the squared loss.
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
        """Return the next point and state; a method may judge its own step and stay where it is."""

    def objection(self, activation: Activation, loss: Loss, layers: Layers) -> str | None:
        """Return why the method cannot train this, None where it can."""
        return None

    def elementwise(self) -> FirstOrder | None:
        """Return the method as one with an elementwise rule, which runs in batches; None for another."""
        return None

    def step_size_for(self, problem: Problem, activation: Activation) -> float | None:
        """η for one problem, a positive number; None for a method without step size."""
        return None

    def updates_between_checks(self) -> int:
        """Return how many updates lie between two checks of the stop rule: 1, as in Section 4."""
        return 1

    def row_blocks(self, n: int, rng: np.random.Generator) -> Iterator[NDArray[np.int64]] | None:
        """Rows that each update sees, in blocks (updates, rows); None for the full gradient."""
        return None

    def independent_rows(self) -> bool:
        """Whether `row_blocks` draws each row uniformly and independently of all others.

        The mean of an update's gradient, given all before it, is then ∇L/n. A class that redefines
        `row_blocks` has to say this again.
        """
        return False

    def extra_cost(self, n: int, k: int, d: int) -> float:
        """Floating-point operations of a step beside those of one gradient."""
        return 0.0

    def expected_updates(self, budget: int, ratio: float) -> float:
        """Guess of the updates of a run, from the budget and `ratio`, effective parameters over n.

        For gradient descent: the whole budget below the boundary of Figure 2, fewer above.
        """
        share = _FRACTION / (ratio / _BOUNDARY) ** 2 if ratio > _BOUNDARY else 1.0
        return max(1.0, min(1.0, share) * budget)


_BOUNDARY, _FRACTION = 1.4, 0.9
"""Below 2⌊k/2⌋d/n = 1.4 runs use up the budget, at a ratio r of that they take 0.9/r² of it. On the four
panels of Figure 2 the work of all runs is within a fifth of what this says (0.92 to 1.19 of it)."""
