"""The widths at which the Jacobian at random weights has full rank, without training."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from overparam import defaults
from overparam.components.whole import whole
from overparam.figures import boundary_line, phase_figure
from overparam.model.activations import ReLU
from overparam.model.initializations import Scaled
from overparam.model.network import jacobian, jacobian_gram
from overparam.model.problem import Problem, draw_problem
from overparam.reproductions.base import Figure, Reproduction, Setup
from overparam.studies import ParameterCount, PhaseDiagram, Study, parse_range

__all__ = ["JacobianRank", "has_full_rank"]

_CERTAIN = 1e-9


@dataclass(frozen=True)
class JacobianRank(Figure):
    """P(rank J(W₀) = n) over k and d for ReLU, beside kd = n; nothing is trained.

    Attributes
    ----------
    trials : int
        Realizations per cell.
    grid : str
        Values of k and of d.
    n : int
        Number of samples.
    """

    name: ClassVar[str] = "jacobian-rank"
    title: ClassVar[str] = "Probability that J(W₀) has rank n"
    source: ClassVar[str] = "Karhadkar, Murray, Tseran & Montúfar, arXiv:2305.19510"
    claim: ClassVar[str] = (
        "The source: for mildly overparameterized ReLU networks there is a phase transition from most "
        "regions of the weights having a Jacobian of full rank to many having a deficient one. Rank n needs "
        "kd ≥ n."
    )
    trials: int = defaults.TRIALS
    grid: str = "1:25"
    n: int = 100

    def __post_init__(self) -> None:
        object.__setattr__(self, "trials", whole("trials", self.trials, 1))
        object.__setattr__(self, "n", whole("n", self.n, 1))
        parse_range(self.grid)

    def reproduced(self, setup: Setup, studies: Mapping[str, Study]) -> Reproduction:
        """Return the diagram, computed here."""
        axis = sorted(set(parse_range(self.grid)))
        successes = np.array([[self._count(k, d, setup.seed) for d in axis] for k in axis], dtype=np.int64)
        diagram = PhaseDiagram(
            self.n,
            tuple(axis),
            tuple(axis),
            successes,
            np.full_like(successes, self.trials),
            ParameterCount(pairs=False),
        )
        lines = [
            f"rank J(W₀) = n, {boundary_line(diagram)}",
            "Rank: singular values above max(n, kd)·ε·σmax in float64, ε = 2.2e-16. W₀ is i.i.d. N(0, 1) and "
            "v = ±1/√k, so that every unit acts.",
            "A sample for which no unit is active, with probability 2⁻ᵏ, makes a row of zeros: up to about "
            f"k = log₂ n = {math.log2(self.n):.1f} the rank is mostly below n at any d.",
        ]
        numbers = {
            "n": self.n,
            "k": axis,
            "d": axis,
            "trials": self.trials,
            "full_rank": successes.tolist(),
            "boundary_kd_over_n": diagram.boundary().quantiles()[1],
        }
        picture = phase_figure(
            [diagram], [f"relu, n = {self.n}"], quantity=r"probability that $J(W_0)$ has rank $n$"
        )
        return Reproduction(lines, numbers, {self.name: picture})

    def _count(self, k: int, d: int, seed: int) -> int:
        """Return the number of trials of a cell with full rank; 0 if there are fewer than n parameters."""
        if k * d < self.n:
            return 0
        draws = (
            draw_problem(self.n, d, k, seed=seed, trial=trial, initialization=Scaled())
            for trial in range(self.trials)
        )
        return sum(map(has_full_rank, draws))


def has_full_rank(problem: Problem) -> bool:
    """Whether all n singular values of J(W₀) are above max(n, kd)·ε·σmax, for ReLU."""
    arrays = (problem.X, problem.W0, problem.v, ReLU())
    eigenvalues = np.linalg.eigvalsh(jacobian_gram(*arrays))
    # Far above the rounding error n·ε·σ²max, so that J with its n × kd entries is not needed.
    if eigenvalues[0] > _CERTAIN * eigenvalues[-1]:
        return True
    return int(np.linalg.matrix_rank(jacobian(*arrays))) == problem.n
