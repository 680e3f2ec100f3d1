"""The success grid of Polaczyk & Cyranka, by their criterion and by that of Section 4."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from overparam import defaults
from overparam.components.whole import whole
from overparam.figures import boundary_line, phase_figure
from overparam.methods import Optimizer
from overparam.model.activations import ReLU
from overparam.model.data import Cube, Rademacher
from overparam.reproductions.base import Figure, Reproduction, Setup
from overparam.runs import Recipe, StopRule
from overparam.studies import Grid, PhaseDiagram, Specification, Study, parse_range
from overparam.sweeps import Asked

__all__ = ["PolaczykFigure2"]

_THRESHOLD, _RATE = 2.5e-3, 0.15


@dataclass(frozen=True)
class PolaczykFigure2(Figure):
    """Figure 2 of Polaczyk & Cyranka: ReLU, momentum, data from a cube; by their criterion and the paper's.

    Attributes
    ----------
    trials : int
        Realizations per cell.
    grid : str
        Values of k and of d.
    max_iterations : int
        Largest number of updates of a training run.
    n : int
        Number of samples.
    """

    name: ClassVar[str] = "polaczyk-fig2"
    title: ClassVar[str] = "Success over k and d with momentum, by two criteria"
    source: ClassVar[str] = "Polaczyk & Cyranka, arXiv:2201.12052, Figure 2, and its public code"
    claim: ClassVar[str] = (
        "The source counts a run as a success where MSE/√n < 2.5e-3 after 50,000 updates: at n = 200 a "
        "relative residual below 0.188, which is 75 times looser than the 2.5e-3 of Section 4. Its step 0.15 "
        "is on the mean of squares, which is 2·0.15/n here. It draws one data set a cell and 10 "
        "initializations; here every trial draws its own data."
    )
    trials: int = defaults.TRIALS
    grid: str = "2:60:2"
    max_iterations: int = 50_000
    n: int = 200

    def __post_init__(self) -> None:
        object.__setattr__(self, "trials", whole("trials", self.trials, 1))
        object.__setattr__(self, "n", whole("n", self.n, 1))
        parse_range(self.grid)
        StopRule(self.max_iterations)

    @property
    def loose(self) -> float:
        """Their criterion as a bound on ‖f − y‖/‖y‖: MSE/√n < 2.5e-3, and ‖y‖² = n."""
        return math.sqrt(_THRESHOLD * math.sqrt(self.n))

    def sweeps(self, setup: Setup) -> Mapping[str, Asked]:
        """Return one study: runs stop by Section 4's criterion; their last residual decides the other."""
        step = 2.0 * _RATE / self.n
        recipe = Recipe(
            activation=ReLU(),
            optimizer=setup.resolve(Optimizer, f"momentum:step_size={step!r},momentum=0.9"),
            stop=StopRule(self.max_iterations),
            dtype=setup.sweep_dtype,
        )
        axis = parse_range(self.grid)
        return {
            self.name: Asked(
                Specification(seed=setup.seed, data=Cube(), labels=Rademacher(), recipe=recipe),
                Grid.product([self.n], axis, axis, trials=self.trials),
            )
        }

    def reproduced(self, setup: Setup, studies: Mapping[str, Study]) -> Reproduction:
        """Return the results of the same runs by both criteria."""
        study = studies[self.name]
        strict = study.diagram(self.n)
        loose = self._by_their_criterion(study, strict)
        named = {
            f"their criterion, ‖f − y‖/‖y‖ < {self.loose:.3g}": loose,
            f"Section 4's, ‖f − y‖/‖y‖ < {_THRESHOLD:g}": strict,
        }
        lines = [f"{name}: {boundary_line(diagram)}" for name, diagram in named.items()]
        criteria = [
            {
                "below": bound,
                "successes": int(diagram.successes.sum()),
                "trials": int(diagram.trials.sum()),
                "boundary_kd_over_n": diagram.boundary().quantiles()[1],
            }
            for bound, diagram in ((self.loose, loose), (_THRESHOLD, strict))
        ]
        return Reproduction(
            lines, {"n": self.n, "criteria": criteria}, {self.name: phase_figure([*named.values()], [*named])}
        )

    def _by_their_criterion(self, study: Study, strict: PhaseDiagram) -> PhaseDiagram:
        rows = {k: i for i, k in enumerate(strict.k)}
        columns = {d: j for j, d in enumerate(strict.d)}
        successes = np.zeros_like(strict.successes)
        for row in study:
            asked = row.n == self.n and row.k in rows and row.d in columns
            if asked and row.relative_residual is not None and row.relative_residual < self.loose:
                successes[rows[row.k], columns[row.d]] += 1
        return PhaseDiagram(self.n, strict.k, strict.d, successes, strict.trials, strict.count)
