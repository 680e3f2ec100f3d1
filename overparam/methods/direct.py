"""Direct solvers of the output layer."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from overparam.arrays import Array
from overparam.components.faults import PluginFailure
from overparam.methods.base import Move, Optimizer
from overparam.methods.point import Layers, Point
from overparam.model.activations.base import Activation
from overparam.model.problem import Problem

__all__ = ["DirectSolver", "OutputLayer"]


class OutputLayer(NamedTuple):
    """Output weights found by a direct solver.

    Attributes
    ----------
    v : array, shape (..., k)
    rank : array of int, shape (...)
        Numerical rank of Φ = φ(XWᵀ); Φ has full row rank where it is n.
    residual : array, shape (..., n)
        Φv − y.
    """

    v: Array
    rank: Array
    residual: Array


@dataclass(frozen=True)
class DirectSolver(Optimizer):
    """A method that solves for the output weights in one step, with W₀ fixed (Section 3)."""

    layers: ClassVar[tuple[Layers, ...]] = ("output",)
    any_loss: ClassVar[bool] = False
    solves: ClassVar[bool] = True

    @abstractmethod
    def solve(self, problem: Problem, activation: Activation) -> OutputLayer:
        """Return the solution of min_v ‖φ(XW₀ᵀ)v − y‖ for one problem or a stack."""

    def start(self, point: Point) -> Any:
        """Return None: the solver has no state."""

    def step(self, point: Point, state: Any) -> Move:
        """Return the solution as the last move."""
        network = point.network
        solution = self.solve(Problem(network.X, network.y, point.W, point.v), network.activation)
        wanted = (point.v.shape, network.y.shape)
        if not isinstance(solution, OutputLayer) or (solution.v.shape, solution.residual.shape) != wanted:
            k, n = point.v.shape[0], network.y.shape[0]
            raise PluginFailure.of(self, f"must return {k} output weights and {n} residuals")
        return Move(point.at((solution.v,)), None, ended=True, rank=int(solution.rank))

    def expected_updates(self, budget: int, ratio: float) -> float:
        """One."""
        return 1.0
