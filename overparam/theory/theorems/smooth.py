"""Gradient descent with smooth activations: Theorems 2.1 and 6.2, Corollary 2.2.

Explicit constants, from the proof of Theorem 6.2: (6.18) √(kd) ≥ 32B(1 + (1+δ)B)κ̃n, which implies the
condition of Lemma 6.7, and α = ‖v‖√λ/(2√2). The proof gets from Theorem 6.10 the rate for the *squared*
misfit, ¼α‖W − W₀‖ and 4/α; the statements read as twice the rate and half the radius (docs/errata.md), so
both are evaluated.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from overparam.activations import Softplus
from overparam.data import Sphere
from overparam.theory.probes import Trajectory
from overparam.theory.setting import Setting
from overparam.theory.theorems.base import (
    Conclusion,
    Hypothesis,
    Theorem,
    at_least,
    largest_constant,
    worst,
)
from overparam.theory.theorems.promises import (
    balanced_output,
    geometric_bound,
    geometric_decay,
    misfit_probability,
    neighbourhood,
    path_length,
    step_hypothesis,
    wants_gradient_descent,
    wants_smooth,
)

__all__ = ["Corollary22", "Theorem21", "Theorem62"]

_NO_DATA = "needs to know the data generator, and it to be sphere"


def _step(setting: Setting) -> Hypothesis:
    scale = 2.0 * setting.B**2 * setting.label_norm**2 * setting.spectral_norm_X**2
    return step_hypothesis(setting, "η ≤ n/(2B²‖y‖²‖X‖²)", setting.n / scale)


def _factor(setting: Setting) -> float:
    """32B(1 + (1+δ)B) of (6.18)."""
    return 32.0 * setting.B * (1.0 + (1.0 + setting.delta) * setting.B)


def _bound_note(setting: Setting) -> str:
    return "" if setting.constants.bound.declared else setting.constants.bound.note


def _decay(setting: Setting, lower: float) -> float:
    """1 − η̄·lower/(32B²‖X‖²)."""
    rate = _relative_step(setting) * lower / (32.0 * setting.B**2 * setting.spectral_norm_X**2)
    return max(1.0 - rate, 0.0)


def _promises(setting: Setting, run: Trajectory, lower: float, root: str) -> Sequence[Conclusion]:
    """The three conclusions with `lower` in the place of λ(X), as stated and as the proof gives them."""
    note = "" if lower > 0.0 else f"vacuous: {root} is 0"
    square = "λ" if root == "√λ" else "μ²σ²"
    decay = _decay(setting, lower)
    scale = setting.label_norm / math.sqrt(setting.n) * math.sqrt(max(lower, 0.0))
    found = []
    for label, exponent, power, weight in (("as stated", "τ", 1.0, 32.0), ("as proved", "{τ/2}", 0.5, 128.0)):
        longest = math.sqrt(weight) * run.residual[0] / scale if scale > 0.0 else math.inf
        near = f"{root}/√{weight:g}·‖y‖/√n·‖W_τ − W₀‖_F + ‖f(W_τ) − y‖ ≤ ‖f(W₀) − y‖, {label}"
        found += [
            geometric_decay(
                f"‖f(W_τ) − y‖ ≤ (1 − η̄{square}/(32B²‖X‖²))^{exponent} ‖f(W₀) − y‖, {label}",
                run,
                decay**power,
                note=note,
            ),
            neighbourhood(near, run, scale / math.sqrt(weight), note=note),
            path_length(
                f"Σ‖W_{{τ+1}} − W_τ‖_F ≤ √{weight:g}·√n/‖y‖·‖f(W₀) − y‖/({root}), {label}",
                run,
                longest,
                note=note,
            ),
        ]
    return found


def _relative_step(setting: Setting) -> float:
    """η̄ of the step taken; a step beyond the theorem's counts as the theorem's."""
    bound = _step(setting)
    return min(1.0, bound.ratio) if math.isfinite(bound.ratio) else 0.0


@dataclass(frozen=True)
class Theorem21(Theorem):
    """Theorem 2.1."""

    name: ClassVar[str] = "theorem-2-1"
    title: ClassVar[str] = "Theorem 2.1"
    statement: ClassVar[str] = (
        "With a smooth activation and √(kd) at least a constant times κ(X)n, gradient descent from a random "
        "start converges geometrically to an interpolating network near the start, along a short path."
    )
    reference: ClassVar[str] = "Section 2.1, (2.2); constants from (6.18) and Lemma 6.4"

    def applies_to(self, setting: Setting) -> Literal[True] | str:
        """Gradient descent on a smooth φ with a finite B."""
        return wants_gradient_descent(setting) or wants_smooth(setting) or True

    def hypotheses(self, setting: Setting) -> Sequence[Hypothesis]:
        """(2.2) with its explicit constant, and the step."""
        mu = abs(setting.constants.mu.value)
        right = (
            math.inf
            if setting.quadratic_bound == 0.0
            else _factor(setting) / mu**2 * setting.kappa * setting.n
        )
        note = "; ".join(filter(None, [setting.khatri_rao.note, _bound_note(setting)]))
        return [
            at_least(
                "(2.2) √(kd) ≥ 32B(1 + (1+δ)B)/μ²·κ(X)n, its constant from (6.18)",
                setting.root_parameters,
                right,
                note,
            ),
            _step(setting),
            balanced_output(setting),
        ]

    def conclusions(self, setting: Setting, run: Trajectory) -> Sequence[Conclusion]:
        """Rate, neighbourhood and path length with μ²σ²min(X∗X)."""
        return _promises(setting, run, setting.quadratic_bound, "μσ")

    def residual_bound(self, setting: Setting, run: Trajectory) -> NDArray[np.float64]:
        """The rate with μ²σ²min(X∗X), as proved."""
        return geometric_bound(run, math.sqrt(_decay(setting, setting.quadratic_bound)))

    def probability(self, setting: Setting) -> float:
        """1 − 1/n − e^{−δ²n/(2‖X‖²)}."""
        return 1.0 - 1.0 / setting.n - misfit_probability(setting, 0.5)


@dataclass(frozen=True)
class Theorem62(Theorem):
    """Theorem 6.2."""

    name: ClassVar[str] = "theorem-6-2"
    title: ClassVar[str] = "Theorem 6.2"
    statement: ClassVar[str] = (
        "Theorem 2.1 with the smallest eigenvalue λ(X) of the network's covariance in the place of its lower "
        "bound μ²σ²min(X∗X)."
    )
    reference: ClassVar[str] = "Section 6.2, (6.2); constants from (6.18)"

    def applies_to(self, setting: Setting) -> Literal[True] | str:
        """Gradient descent on a smooth φ with a finite B."""
        return wants_gradient_descent(setting) or wants_smooth(setting) or True

    def hypotheses(self, setting: Setting) -> Sequence[Hypothesis]:
        """(6.18) and the step."""
        return [
            at_least(
                "(6.18) √(kd) ≥ 32B(1 + (1+δ)B)κ̃(X)n",
                setting.root_parameters,
                _factor(setting) * setting.kappa_tilde * setting.n,
                _bound_note(setting),
            ),
            _step(setting),
            balanced_output(setting),
        ]

    def conclusions(self, setting: Setting, run: Trajectory) -> Sequence[Conclusion]:
        """Rate, neighbourhood and path length with λ(X)."""
        return _promises(setting, run, setting.lambda_.value, "√λ")

    def residual_bound(self, setting: Setting, run: Trajectory) -> NDArray[np.float64]:
        """The rate with λ(X), as proved."""
        return geometric_bound(run, math.sqrt(_decay(setting, setting.lambda_.value)))

    def probability(self, setting: Setting) -> float:
        """1 − 1/n − e^{−δ²n/(2‖X‖²)}."""
        return 1.0 - 1.0 / setting.n - misfit_probability(setting, 0.5)


@dataclass(frozen=True)
class Corollary22(Theorem):
    """Corollary 2.2."""

    name: ClassVar[str] = "corollary-2-2"
    title: ClassVar[str] = "Corollary 2.2"
    statement: ClassVar[str] = (
        "For softplus and data uniform on the sphere, d ≤ n ≤ cd², gradient descent with the theorem's step "
        "converges at a rate of 1 − c₁d/n, within a distance of order √n, once √(kd) ≥ Cn."
    )
    reference: ClassVar[str] = "Section 2.1, (2.3)–(2.5), Appendix E; no constant is given"

    def applies_to(self, setting: Setting) -> Literal[True] | str:
        """Gradient descent, softplus, uniform data."""
        if reason := wants_gradient_descent(setting):
            return reason
        if not isinstance(setting.activation, Softplus):
            return f"it is about softplus; the activation is {setting.activation.name}"
        return True if isinstance(setting.data, Sphere) else f"it is about uniform data and {_NO_DATA}"

    def hypotheses(self, setting: Setting) -> Sequence[Hypothesis]:
        """(2.3), d ≤ n ≤ cd², and the step."""
        return [
            largest_constant("(2.3) √(kd) ≥ Cn", setting.root_parameters, float(setting.n)),
            at_least("n ≥ d", float(setting.n), float(setting.d)),
            largest_constant("d² ≥ Cn, C = 1/c", float(setting.d**2), float(setting.n)),
            _step(setting),
        ]

    def conclusions(self, setting: Setting, run: Trajectory) -> Sequence[Conclusion]:
        """The constants c₁ and c₃ for which (2.4) and (2.5) just hold on the run."""
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
