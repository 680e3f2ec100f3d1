"""Gradient descent with smooth activations: Theorems 2.1 and 6.2, Corollary 2.2.

Explicit constants, from the proof of Theorem 6.2: (6.18) √(kd) ≥ 32B(1 + (1+δ)B)κ̃n, which implies the
condition of Lemma 6.7, and α = ‖v‖√λ/(2√2). Theorem 6.10 gives the rate for the *squared* misfit,
¼α‖W − W₀‖ and 4/α; the statements read as twice the rate and half the radius (docs/theory/errata.md). Both
are evaluated.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from overparam.model.activations import Softplus
from overparam.model.data import Sphere
from overparam.quantities.intervals import Interval, power, quotient
from overparam.theory.probes import Trajectory
from overparam.theory.setting import Setting
from overparam.theory.theorems.assertion import ClaimKind, Growth
from overparam.theory.theorems.base import Conclusion, Hypothesis, Theorem
from overparam.theory.theorems.comparisons import at_least, equal, largest_constant, notes, worst
from overparam.theory.theorems.promises import (
    WITH_THEIR_STEP,
    called,
    geometric_bound,
    geometric_decay,
    misfit_probability,
    neighbourhood,
    output_weights,
    path_length,
    relative_step,
    step_hypothesis,
    step_note,
    wants_gradient_descent,
    wants_output_weights,
    wants_samples,
    wants_smooth,
)

__all__ = [
    "Corollary22",
    "Theorem21",
    "Theorem62",
    "least_width",
    "smooth_step",
    "sphere_promises",
    "width_hypothesis",
]

_NO_DATA = "needs the data generator sphere"


def _largest_step(setting: Setting) -> float:
    """n/(2B²‖y‖²‖X‖²)."""
    root = setting.B * setting.label_norm * setting.spectral_norm_X
    return quotient(setting.n, 2.0 * root * root)


def smooth_step(setting: Setting) -> Hypothesis:
    """η ≤ n/(2B²‖y‖²‖X‖²)."""
    return step_hypothesis(setting, "η ≤ n/(2B²‖y‖²‖X‖²)", _largest_step(setting))


def _least_root(setting: Setting, lower: Interval, nu: float = 1.0) -> Interval:
    """The right side of (6.18), a bound on √(kd)."""
    factor = 32.0 * nu * setting.B * (1.0 + (1.0 + setting.delta) * setting.B)
    scale = factor * math.sqrt(setting.d / setting.n) * setting.spectral_norm_X * setting.n
    return lower.through(lambda one: quotient(scale, one))


def least_width(setting: Setting, lower: Interval, nu: float = 1.0) -> float:
    """Return the k of (6.18), for the lower end of `lower`."""
    return power(float(_least_root(setting, lower, nu).high), 2.0) / setting.d


def width_hypothesis(
    setting: Setting, statement: str, lower: Interval, note: str, nu: float = 1.0
) -> Hypothesis:
    """√(kd) ≥ 32νB(1 + (1+δ)B)·√(d/n)‖X‖n/lower: (6.18), and (2.2) with μ²σ²min(X∗X) for λ."""
    right = _least_root(setting, lower, nu)
    unproved = "" if setting.constants.bound.declared else setting.constants.bound.note
    return at_least(statement, setting.root_parameters, right, notes(note, unproved))


def _decay(setting: Setting, lower: Interval) -> Interval:
    """1 − η̄·lower/(32B²‖X‖²)."""
    root = setting.B * setting.spectral_norm_X
    rate = quotient(relative_step(smooth_step(setting)), 32.0 * root * root)
    return lower.through(lambda one: max(1.0 - rate * one, 0.0))


@dataclass(frozen=True)
class _Version:
    """Promises as stated, or as proved: (1 − rate)^{τ·exponent} and √weight."""

    label: str
    shown: str
    exponent: float
    weight: float


_VERSIONS = (_Version("as stated", "τ", 1.0, 32.0), _Version("as proved", "{τ/2}", 0.5, 128.0))


def _promises(
    setting: Setting, run: Trajectory, lower: Interval, vacuous: str, root: str
) -> Sequence[Conclusion]:
    """The three conclusions with `lower` for λ(X), as stated and as proved."""
    return [one for version in _VERSIONS for one in _three(setting, run, lower, vacuous, root, version)]


def _three(
    setting: Setting, run: Trajectory, lower: Interval, vacuous: str, root: str, version: _Version
) -> Sequence[Conclusion]:
    """Rate, neighbourhood and path length."""
    square = "λ" if root == "√λ" else "μ²σ²"
    scale, factor = setting.label_norm / math.sqrt(setting.n), math.sqrt(version.weight)
    weight = lower.through(lambda one: scale * math.sqrt(one) / factor)
    note, label = notes(vacuous, step_note(smooth_step(setting))), version.label
    near = f"{root}/√{version.weight:g}·‖y‖/√n·‖W_τ − W₀‖_F + ‖f(W_τ) − y‖ ≤ ‖f(W₀) − y‖, {label}"
    return [
        geometric_decay(
            f"‖f(W_τ) − y‖ ≤ (1 − η̄{square}/(32B²‖X‖²))^{version.shown} ‖f(W₀) − y‖, {label}",
            run,
            _decay(setting, lower).through(lambda one: power(one, version.exponent)),
            vacuous=bool(vacuous),
            note=note,
        ),
        neighbourhood(near, run, weight, vacuous=bool(vacuous), note=note),
        path_length(
            f"Σ‖W_{{τ+1}} − W_τ‖_F ≤ √{version.weight:g}·√n/‖y‖·‖f(W₀) − y‖/({root}), {label}",
            run,
            weight.through(lambda one: quotient(run.residual[0], one)),
            vacuous=bool(vacuous),
            note=note,
        ),
    ]


def _bound(setting: Setting, run: Trajectory, lower: Interval) -> NDArray[np.float64] | None:
    """The proved rate, or None if it promises nothing."""
    if not lower.positive:
        return None
    return geometric_bound(run, math.sqrt(float(_decay(setting, lower).high)))


@dataclass(frozen=True)
class Theorem21(Theorem):
    """Theorem 2.1."""

    name: ClassVar[str] = "theorem-2-1"
    title: ClassVar[str] = "Theorem 2.1"
    statement: ClassVar[str] = (
        "With a smooth activation and √(kd) at least a constant times κ(X)n, gradient descent from a W₀ with "
        "i.i.d. N(0, 1) entries converges geometrically to an interpolating network near W₀, along a short "
        "path."
    )
    reference: ClassVar[str] = "Section 2.1, (2.2); constants from (6.18) and Lemma 6.4"
    gaussian_start: ClassVar[bool] = True
    claimed: ClassVar[ClaimKind | None] = "exact"
    even_width: ClassVar[bool] = True
    formula: ClassVar[str] = "kd = (32B(1 + (1+δ)B)κ(X)n/μ²)²"
    caveat: ClassVar[str] = WITH_THEIR_STEP

    def objection(self, setting: Setting) -> str | None:
        """Require gradient descent on a smooth φ with a finite B."""
        return wants_gradient_descent(setting) or wants_smooth(setting)

    def reservation(self, setting: Setting) -> str | None:
        """Require the paper's output weights."""
        return wants_output_weights(setting)

    def width(self, setting: Setting) -> float:
        """Return the k of its width condition, with its explicit constant."""
        return least_width(setting, setting.quadratic_interval)

    def hypotheses(self, setting: Setting, run: Trajectory) -> Sequence[Hypothesis]:
        """Evaluate (2.2) with its explicit constant, the step, and v."""
        return [
            width_hypothesis(
                setting,
                "(2.2) √(kd) ≥ 32B(1 + (1+δ)B)/μ²·κ(X)n, its constant from (6.18)",
                setting.quadratic_interval,
                setting.quadratic_note,
            ),
            smooth_step(setting),
            *output_weights(setting),
        ]

    def conclusions(self, setting: Setting, run: Trajectory) -> Sequence[Conclusion]:
        """Evaluate rate, neighbourhood and path length with μ²σ²min(X∗X)."""
        return _promises(setting, run, setting.quadratic_interval, setting.quadratic_note, "μσ")

    def residual_bound(self, setting: Setting, run: Trajectory) -> NDArray[np.float64] | None:
        """Return the bound with μ²σ²min(X∗X) in its rate, as proved."""
        return _bound(setting, run, setting.quadratic_interval)

    def probability(self, setting: Setting) -> float:
        """Return 1 − 1/n − e^{−δ²n/(2‖X‖²)}."""
        return 1.0 - 1.0 / setting.n - misfit_probability(setting, 0.5)


@dataclass(frozen=True)
class Theorem62(Theorem):
    """Theorem 6.2."""

    name: ClassVar[str] = "theorem-6-2"
    title: ClassVar[str] = "Theorem 6.2"
    statement: ClassVar[str] = (
        "Theorem 2.1 with the smallest eigenvalue λ(X) of the network's covariance in place of its lower "
        "bound μ²σ²min(X∗X); W₀ has i.i.d. N(0, 1) entries."
    )
    reference: ClassVar[str] = "Section 6.2, (6.2); constants from (6.18)"
    gaussian_start: ClassVar[bool] = True
    claimed: ClassVar[ClaimKind | None] = "exact"
    even_width: ClassVar[bool] = True
    formula: ClassVar[str] = "kd = (32B(1 + (1+δ)B)κ̃(X)n)²"
    caveat: ClassVar[str] = WITH_THEIR_STEP

    def objection(self, setting: Setting) -> str | None:
        """Require gradient descent on a smooth φ with a finite B."""
        return wants_gradient_descent(setting) or wants_smooth(setting)

    def reservation(self, setting: Setting) -> str | None:
        """Require the paper's output weights."""
        return wants_output_weights(setting)

    def width(self, setting: Setting) -> float:
        """Return the k of its width condition, with its explicit constant."""
        return least_width(setting, setting.lambda_interval)

    def hypotheses(self, setting: Setting, run: Trajectory) -> Sequence[Hypothesis]:
        """Evaluate (6.18), the step, and v."""
        return [
            width_hypothesis(
                setting,
                "(6.18) √(kd) ≥ 32B(1 + (1+δ)B)κ̃(X)n",
                setting.lambda_interval,
                setting.lambda_note,
            ),
            smooth_step(setting),
            *output_weights(setting),
        ]

    def conclusions(self, setting: Setting, run: Trajectory) -> Sequence[Conclusion]:
        """Evaluate rate, neighbourhood and path length with λ(X)."""
        return _promises(setting, run, setting.lambda_interval, setting.lambda_note, "√λ")

    def residual_bound(self, setting: Setting, run: Trajectory) -> NDArray[np.float64] | None:
        """Return the bound with λ(X) in its rate, as proved."""
        return _bound(setting, run, setting.lambda_interval)

    def probability(self, setting: Setting) -> float:
        """Return 1 − 1/n − e^{−δ²n/(2‖X‖²)}."""
        return 1.0 - 1.0 / setting.n - misfit_probability(setting, 0.5)


@dataclass(frozen=True)
class Corollary22(Theorem):
    """Corollary 2.2."""

    name: ClassVar[str] = "corollary-2-2"
    title: ClassVar[str] = "Corollary 2.2"
    statement: ClassVar[str] = (
        "For softplus and data uniform on the sphere, d ≤ n ≤ cd², gradient descent with the theorem's step "
        "and W₀ with i.i.d. N(0, 1) entries converges at a rate of 1 − c₁d/n, within a distance of order √n, "
        "once √(kd) ≥ Cn."
    )
    reference: ClassVar[str] = "Section 2.1, (2.3)–(2.5), Appendix E; no constant is given"
    gaussian_start: ClassVar[bool] = True
    claimed: ClassVar[ClaimKind | None] = "order"
    growth: ClassVar[Growth | None] = Growth(n=2.0)
    caveat: ClassVar[str] = f"for d ≤ n ≤ cd²; {WITH_THEIR_STEP}"

    def objection(self, setting: Setting) -> str | None:
        """Require gradient descent, softplus, uniform data."""
        if reason := wants_gradient_descent(setting):
            return reason
        if type(setting.activation) is not Softplus:
            return f"it is about softplus; the activation is {called(setting.activation, Softplus)}"
        return None if type(setting.data) is Sphere else f"it is about uniform data and {_NO_DATA}"

    def reservation(self, setting: Setting) -> str | None:
        """Require the paper's output weights, and n ≥ d."""
        return wants_output_weights(setting) or wants_samples(setting)

    def hypotheses(self, setting: Setting, run: Trajectory) -> Sequence[Hypothesis]:
        """Evaluate (2.3), d ≤ n ≤ cd², the step, and v."""
        step, largest = smooth_step(setting), _largest_step(setting)
        return [
            largest_constant("(2.3) √(kd) ≥ Cn", setting.root_parameters, float(setting.n)),
            at_least("n ≥ d", float(setting.n), float(setting.d)),
            largest_constant("d² ≥ Cn, C = 1/c", float(setting.d**2), float(setting.n)),
            equal("η = n/(2B²‖y‖²‖X‖²)", step.left, largest, largest),
            *output_weights(setting),
        ]

    def conclusions(self, setting: Setting, run: Trajectory) -> Sequence[Conclusion]:
        """Evaluate the constants c₁ and c₃ for which (2.4) and (2.5) just hold on the run."""
        return sphere_promises(setting, run)


def sphere_promises(setting: Setting, run: Trajectory) -> Sequence[Conclusion]:
    """(2.4) and (2.5), of Corollaries 2.2 and 2.4: the constants for which they just hold."""
    y, n, d = setting.label_norm, setting.n, setting.d
    relative = run.residual / (3.0 * y)
    start = worst("‖f(W₀) − y‖ ≤ 3‖y‖, (2.4) at τ = 0", relative[:1], np.ones(1), run.iterations[:1])
    found = [start]
    if len(run.iterations) > 1:
        per_step = np.exp(np.log(np.maximum(relative[1:], 1e-300)) / run.iterations[1:])
        rates = (1.0 - per_step) * n / d
        at = int(np.argmin(rates))
        found.append(
            Conclusion(
                "(2.4) ‖f(W_τ) − y‖ ≤ 3(1 − c₁d/n)^τ‖y‖",
                float(rates[at]),
                int(run.iterations[1 + at]),
                bool(rates[at] > 0.0),
                "c₁ is not given: the number is the largest for which this holds; it must be positive",
            )
        )
    radius = run.distance / math.sqrt(n) + run.residual / y
    at = int(np.argmax(radius))
    found.append(
        Conclusion(
            "(2.5) ‖W_τ − W₀‖_F + c₂√n/‖y‖·‖f(W_τ) − y‖ ≤ c₃√n, with c₂ = 1",
            float(radius[at]),
            int(run.iterations[at]),
            None,
            "c₃ is not given: the number is the smallest for which this holds",
        )
    )
    return found
