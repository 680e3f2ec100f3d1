"""Stochastic gradient descent: Theorem 2.6."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from overparam.optimizers import StochasticGradientDescent
from overparam.theory.probes import Trajectory
from overparam.theory.setting import Setting
from overparam.theory.theorems.base import Conclusion, Hypothesis, Theorem, at_least, at_most, worst
from overparam.theory.theorems.promises import balanced_output, misfit_probability, wants_smooth
from overparam.theory.theorems.smooth import Theorem21

__all__ = ["Theorem26"]


@dataclass(frozen=True)
class Theorem26(Theorem):
    """Theorem 2.6.

    Attributes
    ----------
    nu : float
        ν ≥ 3: the larger, the smaller the step and the surer the event; it says nothing for ν ≤ 4.
    """

    name: ClassVar[str] = "theorem-2-6"
    title: ClassVar[str] = "Theorem 2.6"
    statement: ClassVar[str] = (
        "With a smooth activation and the width of Theorem 2.1, stochastic gradient descent on one sample a "
        "step converges geometrically in mean square, near the start."
    )
    reference: ClassVar[str] = "Section 2.3, (2.10), Appendix F; width constant from (6.18)"
    nu: float = 8.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.nu) and self.nu >= 3.0):
            raise ValueError(f"nu must be at least 3, got {self.nu}")

    def applies_to(self, setting: Setting) -> Literal[True] | str:
        """SGD (2.9) with one sample a step, smooth φ with a finite B."""
        optimizer = setting.optimizer
        if not isinstance(optimizer, StochasticGradientDescent):
            return f"it is about stochastic gradient descent; the optimizer is {optimizer.name}"
        if optimizer.batch_size != 1 or optimizer.sampling != "replacement":
            return "it is about one sample a step, drawn with replacement"
        return wants_smooth(setting) or True

    def hypotheses(self, setting: Setting) -> Sequence[Hypothesis]:
        """(2.2), and the step."""
        return [
            Theorem21().hypotheses(setting)[0],
            at_most("η ≤ μ²σ²n/(9νB⁴‖y‖²‖X‖²)", self._size(setting), self._largest_step(setting)),
            at_least("ν > 4, for the event to have any probability", self.nu, 4.0),
            balanced_output(setting),
        ]

    def conclusions(self, setting: Setting, run: Trajectory) -> Sequence[Conclusion]:
        """(2.10) on this one run, and the constant of the neighbourhood."""
        lower = setting.quadratic_bound
        step_bar = min(1.0, self._size(setting) / self._largest_step(setting)) if lower > 0.0 else 0.0
        scale = 144.0 * setting.n * self.nu * setting.B**4 * setting.spectral_norm_X**2
        rate = step_bar * lower**2 / scale
        later = slice(1, None)  # at τ = 0 the two sides are one number
        bound = np.exp(run.iterations[later] * math.log1p(-rate)) * run.residual[0] ** 2
        radius = run.distance / (self.nu * math.sqrt(setting.n))
        at = int(np.argmax(radius))
        return [
            worst(
                "(2.10) ‖f(W_τ) − y‖² ≤ (1 − η̄μ⁴σ⁴/(144nνB⁴‖X‖²))^τ ‖f(W₀) − y‖²",
                run.residual[later] ** 2,
                bound,
                run.iterations[later],
                note="the promise is about the mean over runs; this is one run",
            ),
            Conclusion(
                "‖W_τ − W₀‖_F ≤ cν√n",
                float(radius[at]),
                int(run.iterations[at]),
                None,
                "c is not given: the number is the smallest for which this holds",
            ),
        ]

    def probability(self, setting: Setting) -> float:
        """Over W₀ and the samples: 1 − 1/n − e^{−δ²n/(2‖X‖²)} − (4/ν)(3B‖X‖/(μσ))^{1/(kd)}."""
        if setting.quadratic_bound == 0.0:
            return -math.inf
        ratio = 3.0 * setting.B * setting.spectral_norm_X / math.sqrt(setting.quadratic_bound)
        lost = 4.0 / self.nu * math.pow(ratio, 1.0 / (setting.k * setting.d))
        return 1.0 - 1.0 / setting.n - misfit_probability(setting, 0.5) - lost

    @staticmethod
    def _size(setting: Setting) -> float:
        return math.nan if setting.step_size is None else setting.step_size

    def _largest_step(self, setting: Setting) -> float:
        scale = 9.0 * self.nu * setting.B**4 * setting.label_norm**2 * setting.spectral_norm_X**2
        return setting.quadratic_bound * setting.n / scale
