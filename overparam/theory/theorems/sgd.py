"""Stochastic gradient descent: Theorem 2.6."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from overparam.methods import StochasticGradientDescent
from overparam.methods.sgd import NU
from overparam.quantities.intervals import quotient
from overparam.theory.probes import Trajectory
from overparam.theory.setting import Setting
from overparam.theory.theorems.base import Conclusion, Hypothesis, Theorem
from overparam.theory.theorems.comparisons import at_least, at_most, notes, worst
from overparam.theory.theorems.promises import (
    called,
    misfit_probability,
    output_weights,
    relative_step,
    step_note,
    wants_smooth,
)
from overparam.theory.theorems.smooth import least_width, width_hypothesis

__all__ = ["Theorem26"]


@dataclass(frozen=True)
class Theorem26(Theorem):
    """Theorem 2.6.

    Attributes
    ----------
    nu : float
        ν ≥ 3: a larger ν means a smaller step size and a more probable event; vacuous for ν ≤ 4.
    """

    name: ClassVar[str] = "theorem-2-6"
    title: ClassVar[str] = "Theorem 2.6"
    statement: ClassVar[str] = (
        "With a smooth activation and ν times the width of Theorem 2.1, stochastic gradient descent on one "
        "sample a step, from a W₀ with i.i.d. N(0, 1) entries, converges geometrically in mean square, near "
        "W₀."
    )
    reference: ClassVar[str] = "Section 2.3, (2.10), Appendix F; width constant from (6.18), times ν (errata)"
    gaussian_start: ClassVar[bool] = True
    even_width: ClassVar[bool] = True
    nu: float = NU

    def __post_init__(self) -> None:
        if not (math.isfinite(self.nu) and self.nu >= 3.0):
            raise ValueError(f"nu must be at least 3, got {self.nu}")

    def objection(self, setting: Setting) -> str | None:
        """Require SGD (2.9) with one sample per step, smooth φ with a finite B."""
        optimizer = setting.optimizer
        if type(optimizer) is not StochasticGradientDescent:
            other = called(optimizer, StochasticGradientDescent)
            return f"it is about stochastic gradient descent; the optimizer is {other}"
        if optimizer.batch_size != 1 or optimizer.sampling != "replacement":
            return "it is about one sample per step, drawn with replacement"
        return wants_smooth(setting)

    def width(self, setting: Setting) -> float:
        """Return the k of its width condition, with its explicit constant."""
        return least_width(setting, setting.quadratic_interval, self.nu)

    def hypotheses(self, setting: Setting, run: Trajectory) -> Sequence[Hypothesis]:
        """Evaluate (2.2) with ν, the step, and v."""
        return [
            width_hypothesis(
                setting,
                "(2.2) √(kd) ≥ 32νB(1 + (1+δ)B)/μ²·κ(X)n, its constant from (6.18) and the radius cν√n",
                setting.quadratic_interval,
                setting.quadratic_note,
                self.nu,
            ),
            self._step(setting),
            at_least("ν > 4, for the event to have any probability", self.nu, 4.0),
            *output_weights(setting),
        ]

    def conclusions(self, setting: Setting, run: Trajectory) -> Sequence[Conclusion]:
        """Evaluate (2.10) for this one run, and the constant of the neighbourhood."""
        step = self._step(setting)
        root = setting.B * setting.B * setting.spectral_norm_X
        scale = 144.0 * setting.n * self.nu * root * root
        lower = float(setting.quadratic_interval.value)
        rate = relative_step(step) * lower * lower / scale
        later = slice(1, None)  # at τ = 0 the two sides are one number
        bound = np.exp(run.iterations[later] * math.log1p(-rate)) * run.residual[0] ** 2
        radius = run.distance / (self.nu * math.sqrt(setting.n))
        at = int(np.argmax(radius))
        return [
            worst(
                "(2.10) E‖f(W_τ) − y‖²1_E ≤ (1 − η̄μ⁴σ⁴/(144nνB⁴‖X‖²))^τ ‖f(W₀) − y‖²",
                run.residual[later] ** 2,
                bound,
                run.iterations[later],
                vacuous=bool(setting.quadratic_note),
                told=False,
                note=notes(
                    "no verdict: the promise is about the mean over runs, and this is one run",
                    setting.quadratic_note,
                    step_note(step),
                ),
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
        """Return 1 − 1/n − e^{−δ²n/(2‖X‖²)} − (4/ν)(3B‖X‖/(μσ))^{1/(kd)}, over W₀ and samples."""
        lower = float(setting.quadratic_interval.low)
        if lower == 0.0:
            return -math.inf
        ratio = 3.0 * setting.B * setting.spectral_norm_X / math.sqrt(lower)
        lost = 4.0 / self.nu * math.pow(ratio, 1.0 / (setting.k * setting.d))
        return 1.0 - 1.0 / setting.n - misfit_probability(setting, 0.5) - lost

    def _step(self, setting: Setting) -> Hypothesis:
        root = setting.B * setting.B * setting.label_norm * setting.spectral_norm_X
        largest = setting.quadratic_interval.through(
            lambda one: quotient(one * setting.n, 9.0 * self.nu * root * root)
        )
        size = math.nan if setting.step_size is None else setting.step_size
        return at_most("η ≤ μ²σ²n/(9νB⁴‖y‖²‖X‖²)", size, largest, setting.quadratic_note)
