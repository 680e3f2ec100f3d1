"""Gradient descent with the ReLU: Theorems 2.3, 2.5 and 6.3, Corollary 2.4.

Explicit constants, from the proof of Theorem 6.3: 12(1+δ)√(2n)/√λ ≤ m₀³/(2k), m₀² = kλ/(200‖X‖²), is
k ≥ C(1+δ)²n‖X‖⁶/λ⁴ with C = 1152·200³, which implies the condition of Lemma 6.7. Lemma 6.4 replaces λ by
σ²/(2π), and (I.1) by δ/(100n²).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from overparam.model.data import Sphere
from overparam.quantities.intervals import Interval, power, quotient
from overparam.theory.probes import Trajectory
from overparam.theory.setting import Setting
from overparam.theory.theorems.assertion import ClaimKind, Growth
from overparam.theory.theorems.base import Conclusion, Hypothesis, Theorem
from overparam.theory.theorems.comparisons import at_least, equal, largest_constant, notes
from overparam.theory.theorems.covariance import separation_bound, separation_hypothesis
from overparam.theory.theorems.promises import (
    WITH_THEIR_STEP,
    geometric_bound,
    geometric_decay,
    misfit_probability,
    neighbourhood,
    output_weights,
    relative_step,
    step_hypothesis,
    step_note,
    wants_gradient_descent,
    wants_output_weights,
    wants_relu,
    wants_samples,
)
from overparam.theory.theorems.smooth import sphere_promises

__all__ = ["WIDTH_CONSTANT", "Corollary24", "Theorem23", "Theorem25", "Theorem63", "relu_step"]

WIDTH_CONSTANT = 1152.0 * 200.0**3
"""C of (6.3)."""


def _largest_step(setting: Setting) -> float:
    """n/(3‖y‖²‖X‖²)."""
    root = setting.label_norm * setting.spectral_norm_X
    return quotient(setting.n, 3.0 * root * root)


def relu_step(setting: Setting) -> Hypothesis:
    """η ≤ n/(3‖y‖²‖X‖²)."""
    return step_hypothesis(setting, "η ≤ n/(3‖y‖²‖X‖²)", _largest_step(setting))


def _applies(setting: Setting) -> str | None:
    return wants_gradient_descent(setting) or wants_relu(setting)


def _least_width(setting: Setting, lower: Interval) -> Interval:
    """The right side of (6.3)."""
    scale = WIDTH_CONSTANT * power(1.0 + setting.delta, 2) * setting.n * power(setting.spectral_norm_X, 6)
    return lower.through(lambda one: quotient(scale, power(one, 4)))


def _least_root(setting: Setting) -> Interval:
    """The right side of (2.6), a bound on √(kd): (n²/d)κ³σ² = √(nd)‖X‖³/σ⁴, with σ²/(2π) for λ."""
    constant = 4.0 * math.pi**2 * math.sqrt(WIDTH_CONSTANT) * (1.0 + setting.delta)
    scale = constant * math.sqrt(setting.n * setting.d) * power(setting.spectral_norm_X, 3)
    square = setting.quadratic_interval.through(lambda one: 2.0 * math.pi * one)
    return square.through(lambda one: quotient(scale, power(one, 2)))


def _width(setting: Setting, statement: str, lower: Interval, note: str = "") -> Hypothesis:
    """(6.3) with `lower` for λ(X)."""
    return at_least(statement, float(setting.k), _least_width(setting, lower), note)


def _decay(setting: Setting, lower: Interval) -> Interval:
    """1 − η̄·lower/(24‖X‖²)."""
    rate = relative_step(relu_step(setting)) / (24.0 * setting.spectral_norm_X**2)
    return lower.through(lambda one: max(1.0 - rate * one, 0.0))


def _rate(setting: Setting, run: Trajectory, lower: Interval, vacuous: str, bound: str) -> Conclusion:
    note = notes(vacuous, step_note(relu_step(setting)))
    statement = f"‖f(W_τ) − y‖ ≤ (1 − {bound})^τ ‖f(W₀) − y‖"
    return geometric_decay(statement, run, _decay(setting, lower), vacuous=bool(vacuous), note=note)


def _nearby(setting: Setting, run: Trajectory, lower: Interval, vacuous: str, weight: str) -> Conclusion:
    scale = setting.label_norm / math.sqrt(setting.n) / (6.0 * math.sqrt(2.0))
    return neighbourhood(
        f"{weight}·‖W_τ − W₀‖_F + ‖f(W_τ) − y‖ ≤ ‖f(W₀) − y‖",
        run,
        lower.through(lambda one: scale * math.sqrt(one)),
        vacuous=bool(vacuous),
        note=notes(vacuous, step_note(relu_step(setting))),
    )


def _bound(setting: Setting, run: Trajectory, lower: Interval) -> NDArray[np.float64] | None:
    """The rate, or None if it promises nothing."""
    if not lower.positive:
        return None
    return geometric_bound(run, float(_decay(setting, lower).high))


@dataclass(frozen=True)
class Theorem63(Theorem):
    """Theorem 6.3."""

    name: ClassVar[str] = "theorem-6-3"
    title: ClassVar[str] = "Theorem 6.3"
    statement: ClassVar[str] = (
        "With the ReLU and k at least a constant times n‖X‖⁶/λ⁴(X), gradient descent from a W₀ with "
        "i.i.d. N(0, 1) entries converges geometrically to an interpolating network near W₀."
    )
    reference: ClassVar[str] = "Section 6.2, (6.3); constant from Section 6.7"
    gaussian_start: ClassVar[bool] = True
    claimed: ClassVar[ClaimKind | None] = "exact"
    even_width: ClassVar[bool] = True
    formula: ClassVar[str] = "k = 1152·200³(1+δ)²n‖X‖⁶/λ⁴"
    caveat: ClassVar[str] = WITH_THEIR_STEP

    def objection(self, setting: Setting) -> str | None:
        """Require gradient descent on the ReLU."""
        return _applies(setting)

    def reservation(self, setting: Setting) -> str | None:
        """Require the paper's output weights."""
        return wants_output_weights(setting)

    def width(self, setting: Setting) -> float:
        """Return the k of its width condition, with its explicit constant."""
        return float(_least_width(setting, setting.lambda_interval).high)

    def hypotheses(self, setting: Setting, run: Trajectory) -> Sequence[Hypothesis]:
        """Evaluate (6.3) with its explicit constant, the step, and v."""
        return [
            _width(
                setting,
                "(6.3) k ≥ 1152·200³(1+δ)²n‖X‖⁶/λ⁴, its constant from 6.7",
                setting.lambda_interval,
                setting.lambda_note,
            ),
            relu_step(setting),
            *output_weights(setting),
        ]

    def conclusions(self, setting: Setting, run: Trajectory) -> Sequence[Conclusion]:
        """Evaluate rate and neighbourhood."""
        lower, vacuous = setting.lambda_interval, setting.lambda_note
        return [
            _rate(setting, run, lower, vacuous, "η̄λ/(24‖X‖²)"),
            _nearby(setting, run, lower, vacuous, "√λ/(6√2)·‖y‖/√n"),
        ]

    def residual_bound(self, setting: Setting, run: Trajectory) -> NDArray[np.float64] | None:
        """Return the bound with λ(X) in its rate."""
        return _bound(setting, run, setting.lambda_interval)

    def probability(self, setting: Setting) -> float:
        """Return 1 − 2/n − e^{−δ²n/‖X‖²}."""
        return 1.0 - 2.0 / setting.n - misfit_probability(setting, 1.0)


@dataclass(frozen=True)
class Theorem23(Theorem):
    """Theorem 2.3."""

    name: ClassVar[str] = "theorem-2-3"
    title: ClassVar[str] = "Theorem 2.3"
    statement: ClassVar[str] = (
        "With the ReLU and √(kd) at least a constant times (n²/d)κ³(X)σ²min(X∗X), gradient descent from a "
        "W₀ with i.i.d. N(0, 1) entries converges geometrically to an interpolating network near W₀."
    )
    reference: ClassVar[str] = "Section 2.2, (2.6); constant from Sections 6.3 and 6.7"
    gaussian_start: ClassVar[bool] = True
    claimed: ClassVar[ClaimKind | None] = "exact"
    even_width: ClassVar[bool] = True
    formula: ClassVar[str] = "kd = (4π²√(1152·200³)(1+δ)(n²/d)κ³σ²min(X∗X))²"
    caveat: ClassVar[str] = WITH_THEIR_STEP

    def objection(self, setting: Setting) -> str | None:
        """Require gradient descent on the ReLU."""
        return _applies(setting)

    def reservation(self, setting: Setting) -> str | None:
        """Require the paper's output weights."""
        return wants_output_weights(setting)

    def width(self, setting: Setting) -> float:
        """Return the k of its width condition, with its explicit constant."""
        return power(float(_least_root(setting).high), 2.0) / setting.d

    def hypotheses(self, setting: Setting, run: Trajectory) -> Sequence[Hypothesis]:
        """Evaluate (2.6) with its explicit constant, the step, and v."""
        return [
            at_least(
                "(2.6) √(kd) ≥ 4π²√(1152·200³)(1+δ)(n²/d)κ³σ²min(X∗X), its constant from 6.7",
                setting.root_parameters,
                _least_root(setting),
                setting.quadratic_note,
            ),
            relu_step(setting),
            *output_weights(setting),
        ]

    def conclusions(self, setting: Setting, run: Trajectory) -> Sequence[Conclusion]:
        """Evaluate rate and neighbourhood with σ²/(2π) for λ."""
        lower, vacuous = setting.quadratic_interval, setting.quadratic_note
        return [
            _rate(setting, run, lower, vacuous, "η̄σ²/(48π‖X‖²)"),
            _nearby(setting, run, lower, vacuous, "σ/(12√π)·‖y‖/√n"),
        ]

    def residual_bound(self, setting: Setting, run: Trajectory) -> NDArray[np.float64] | None:
        """Return the bound with σ²/(2π) in its rate."""
        return _bound(setting, run, setting.quadratic_interval)

    def probability(self, setting: Setting) -> float:
        """Return 1 − 1/n − e^{−δ²n/‖X‖²} − ne^{−n}."""
        n = setting.n
        return 1.0 - 1.0 / n - misfit_probability(setting, 1.0) - n * math.exp(-n)


@dataclass(frozen=True)
class Theorem25(Theorem):
    """Theorem 2.5."""

    name: ClassVar[str] = "theorem-2-5"
    title: ClassVar[str] = "Theorem 2.5"
    statement: ClassVar[str] = (
        "With the ReLU and δ-separated samples, gradient descent from a W₀ with i.i.d. N(0, 1) entries "
        "converges geometrically once k is at least a constant times n⁹‖X‖⁶/δ⁴."
    )
    reference: ClassVar[str] = "Section 2.2, (2.8), Appendix I; constants from (I.1) and Section 6.7"
    gaussian_start: ClassVar[bool] = True
    claimed: ClassVar[ClaimKind | None] = "exact"
    even_width: ClassVar[bool] = True
    formula: ClassVar[str] = "k = 1152·200³·10⁸(1+ν)²n⁹‖X‖⁶/δ⁴"
    caveat: ClassVar[str] = WITH_THEIR_STEP

    def objection(self, setting: Setting) -> str | None:
        """Require gradient descent on the ReLU."""
        return _applies(setting)

    def reservation(self, setting: Setting) -> str | None:
        """Require the paper's output weights."""
        return wants_output_weights(setting)

    def width(self, setting: Setting) -> float:
        """Return the k of its width condition, with its explicit constant."""
        return float(_least_width(setting, separation_bound(setting)).high)

    def hypotheses(self, setting: Setting, run: Trajectory) -> Sequence[Hypothesis]:
        """Evaluate Assumption 1, (2.8) with its explicit constant, the step, and v."""
        return [
            separation_hypothesis(setting, "Assumption 1: min(‖xᵢ − xⱼ‖, ‖xᵢ + xⱼ‖) ≥ δ > 0"),
            _width(
                setting,
                "(2.8) k ≥ 1152·200³·10⁸(1+ν)²n⁹‖X‖⁶/δ⁴, from 6.7 and (I.1)",
                separation_bound(setting),
                self._vacuous(setting),
            ),
            relu_step(setting),
            *output_weights(setting),
        ]

    def conclusions(self, setting: Setting, run: Trajectory) -> Sequence[Conclusion]:
        """Evaluate the rate with δ/(100n²) for λ: c = 1/2400."""
        lower, vacuous = separation_bound(setting), self._vacuous(setting)
        return [_rate(setting, run, lower, vacuous, "η̄δ/(2400n²‖X‖²)")]

    def residual_bound(self, setting: Setting, run: Trajectory) -> NDArray[np.float64] | None:
        """Return the bound with δ/(100n²) in its rate."""
        return _bound(setting, run, separation_bound(setting))

    def probability(self, setting: Setting) -> float:
        """Return 1 − 2/n − e^{−ν²n/‖X‖²}."""
        return 1.0 - 2.0 / setting.n - misfit_probability(setting, 1.0)

    @staticmethod
    def _vacuous(setting: Setting) -> str:
        return "" if separation_bound(setting).positive else "vacuous: δ is zero within its error"


@dataclass(frozen=True)
class Corollary24(Theorem):
    """Corollary 2.4."""

    name: ClassVar[str] = "corollary-2-4"
    title: ClassVar[str] = "Corollary 2.4"
    statement: ClassVar[str] = (
        "For the ReLU, data uniform on the sphere, d ≤ n ≤ cd², and W₀ with i.i.d. N(0, 1) entries, gradient "
        "descent converges at a rate of 1 − c₁d/n, within a distance of order √n, once √(kd) ≥ Cn²/d."
    )
    reference: ClassVar[str] = (
        "Section 2.2, (2.7); no constant is given; its step lacks Theorem 2.3's factor 3"
    )
    gaussian_start: ClassVar[bool] = True
    claimed: ClassVar[ClaimKind | None] = "order"
    growth: ClassVar[Growth | None] = Growth(n=4.0, d=-2.0)
    caveat: ClassVar[str] = f"for d ≤ n ≤ cd²; {WITH_THEIR_STEP}"

    def objection(self, setting: Setting) -> str | None:
        """Require gradient descent, the ReLU, uniform data."""
        if (answer := _applies(setting)) is not None:
            return answer
        if type(setting.data) is Sphere:
            return None
        return "it is about uniform data: it needs the data generator sphere"

    def reservation(self, setting: Setting) -> str | None:
        """Require the paper's output weights, and n ≥ d."""
        return wants_output_weights(setting) or wants_samples(setting)

    def hypotheses(self, setting: Setting, run: Trajectory) -> Sequence[Hypothesis]:
        """Evaluate (2.7), d ≤ n ≤ cd², the step of Theorem 2.3, and v."""
        n, d, step, largest = setting.n, setting.d, relu_step(setting), _largest_step(setting)
        return [
            largest_constant("(2.7) √(kd) ≥ Cn²/d", setting.root_parameters, n**2 / d),
            at_least("n ≥ d", float(n), float(d)),
            largest_constant("d² ≥ Cn, C = 1/c", float(d**2), float(n)),
            equal("η = n/(3‖y‖²‖X‖²), as in Theorem 2.3", step.left, largest, largest),
            *output_weights(setting),
        ]

    def conclusions(self, setting: Setting, run: Trajectory) -> Sequence[Conclusion]:
        """Evaluate the constants c₁ and c₃ for which its two bounds just hold on the run."""
        return sphere_promises(setting, run)
