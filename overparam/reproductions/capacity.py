"""The effect of the budget of updates on gradient descent's distance from kd = n."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import ClassVar

from overparam.components import require_positive
from overparam.components.whole import whole
from overparam.figures import Curve, Panel, curves_figure
from overparam.methods import GradientDescent, Optimizer
from overparam.model.activations import Activation
from overparam.reproductions.base import Figure, Reproduction, Setup
from overparam.reproductions.crossed import curve_of, documents, searched, width_in_words
from overparam.runs import Recipe, StopRule
from overparam.studies import (
    Crossing,
    ParameterCount,
    Specification,
    Study,
    crossings,
    parse_range,
)
from overparam.sweeps import Asked, BoundarySearch

__all__ = ["Capacity"]

_SECOND_ORDER = "capacity-levenberg-marquardt"
_STEPS = 2000
"""Levenberg–Marquardt interpolates within tens of steps; more steps do not move its boundary."""


@dataclass(frozen=True)
class Capacity(Figure):
    """Boundary of Levenberg–Marquardt, and of gradient descent with two budgets of updates.

    Attributes
    ----------
    n : int
        Number of samples.
    d : str
        Input dimensions.
    activation : str
    budgets : tuple of int
        Updates of gradient descent, the smallest first.
    error : float
        Standard error of log k* to reach at every d.
    """

    name: ClassVar[str] = "capacity"
    title: ClassVar[str] = "The boundary of a second-order method and of gradient descent's budgets"
    source: ClassVar[str] = (
        "Oymak & Soltanolkotabi, arXiv:1902.04674, Section 4: success begins around kd = n"
    )
    claim: ClassVar[str] = (
        "The paper: gradient descent succeeds from around kd = n on. It was given 15,000 updates; a boundary "
        "that moves with the budget is the budget's, one that a second-order method shares is the capacity's."
    )
    n: int = 100
    d: str = "4:24:4"
    activation: str = "softplus"
    budgets: tuple[int, ...] = (15_000, 150_000)
    error: float = 0.05

    def __post_init__(self) -> None:
        object.__setattr__(self, "n", whole("n", self.n, 1))
        if 0 in parse_range(self.d):
            raise ValueError("d must be at least 1")
        budgets = tuple(sorted({whole("budgets", budget, 1) for budget in self.budgets}))
        if not budgets:
            raise ValueError("budgets must name at least one number of updates")
        object.__setattr__(self, "budgets", budgets)
        require_positive("error", self.error)

    def sweeps(self, setup: Setup) -> Mapping[str, Asked]:
        """Return a search for every budget, and one with Levenberg–Marquardt."""
        second_order = setup.resolve(Optimizer, "levenberg-marquardt")
        gd = GradientDescent()
        return {
            **{self._study(budget): self._asked(setup, gd, budget) for budget in self.budgets},
            # Near the boundary, rounding in float32 spoils its last steps.
            _SECOND_ORDER: self._asked(setup, second_order, _STEPS, float64=setup.dtype is None),
        }

    def _asked(self, setup: Setup, optimizer: Optimizer, budget: int, *, float64: bool = False) -> Asked:
        recipe = Recipe(
            activation=setup.resolve(Activation, self.activation),
            optimizer=optimizer,
            stop=StopRule(budget),
            dtype="float64" if float64 else setup.sweep_dtype,
        )
        columns = searched((self.n, d) for d in parse_range(self.d))
        specification = Specification(seed=setup.seed, recipe=recipe)
        return Asked(specification, columns, BoundarySearch(self.error))

    def _study(self, budget: int) -> str:
        return f"capacity-gd-{budget}"

    def reproduced(self, setup: Setup, studies: Mapping[str, Study]) -> Reproduction:
        """Return the boundary of every method at every d, and the shares of the gap."""
        found = {name: crossings(study) for name, study in studies.items()}
        labels = {self._study(budget): f"gd, {budget:,} updates" for budget in self.budgets}
        labels[_SECOND_ORDER] = "Levenberg–Marquardt"
        lines = [f"2⌊k/2⌋d/n at the boundary, {self.activation}, n = {self.n}, with 95 % intervals"]
        for name, label in labels.items():
            lines.append(f"{label}:")
            lines += [f"    d = {each.d:>3}  {width_in_words(each)}" for each in found[name]]
        shares = _shares(found, self._study(self.budgets[0]))
        for name, share in shares.items():
            lines.append(
                f"Of gd's distance from 2⌊k/2⌋d = n at {self.budgets[0]:,} updates (mean log over d), "
                f"{100.0 * share:.0f} % is gone with {labels[name]}."
            )
        inputs = sorted(set(parse_range(self.d)))
        count = ParameterCount()
        least = [float(count.least_width(self.n, d)) * d / self.n for d in inputs]
        ends = [float(inputs[0]), float(inputs[-1])]
        panel = Panel(
            f"{self.activation}, n = {self.n}",
            [curve_of(label, found[name], lambda each: float(each.d)) for name, label in labels.items()],
            [
                Curve("as many parameters as labels", ends, [1.0, 1.0]),
                Curve("least even k with n parameters", [float(d) for d in inputs], least),
            ],
        )
        picture = curves_figure(
            [panel], xlabel="input dimension $d$", ylabel=r"$2\lfloor k/2\rfloor d/n$ at the boundary"
        )
        numbers = {
            "boundaries": {name: documents(each) for name, each in found.items()},
            "share_of_gap": shares,
        }
        return Reproduction(lines, numbers, {self.name: picture})


def _shares(found: Mapping[str, list[Crossing]], first: str) -> dict[str, float]:
    """Return the share of the first boundary's mean log ratio that each other one removes, at common d."""
    ratios = {
        name: {each.d: each.effective_ratio for each in list_ if each.effective_ratio is not None}
        for name, list_ in found.items()
    }
    common = set.intersection(*(set(of) for of in ratios.values()))
    if not common:
        return {}
    means = {name: fmean(math.log(of[d]) for d in common) for name, of in ratios.items()}
    if means[first] <= 0.0:
        return {}
    return {name: 1.0 - mean / means[first] for name, mean in means.items() if name != first}
