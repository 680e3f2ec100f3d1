"""Nonlinear least squares in general: Theorem 6.10, Corollary 6.11, Theorem 6.13."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from overparam.theory.probes import Trajectory
from overparam.theory.setting import Setting
from overparam.theory.theorems.base import Conclusion, Hypothesis, Theorem, at_least, worst
from overparam.theory.theorems.promises import (
    geometric_decay,
    neighbourhood,
    path_length,
    probed,
    step_hypothesis,
    wants_gradient_descent,
    wants_smooth,
)

__all__ = ["Corollary611", "Theorem610", "Theorem613"]


def _largest_jacobian(setting: Setting) -> float:
    """β of Lemma 6.6: √k B‖v‖_∞‖X‖."""
    return math.sqrt(setting.k) * setting.B * setting.v_largest * setting.spectral_norm_X


def _lipschitz(setting: Setting) -> float:
    """L of Lemma 6.8: B‖v‖_∞‖X‖."""
    return setting.B * setting.v_largest * setting.spectral_norm_X


def _largest_step(setting: Setting, alpha: float) -> float:
    """(1/2β²)·min(1, α²/(L‖f(θ₀) − y‖))."""
    limit = alpha**2 / (_lipschitz(setting) * setting.initial_misfit)
    return 0.5 / _largest_jacobian(setting) ** 2 * min(1.0, limit)


def _smooth_descent(setting: Setting) -> Literal[True] | str:
    return wants_gradient_descent(setting) or wants_smooth(setting) or _acts(setting) or True


def _acts(setting: Setting) -> str | None:
    return None if setting.v_largest > 0.0 else "v is zero: J is zero and nothing can be trained"


def _promises(setting: Setting, run: Trajectory, alpha: float, source: str) -> Sequence[Conclusion]:
    """(6.9), (6.10) and (6.11) with this α."""
    size = 0.0 if setting.step_size is None else setting.step_size
    note = source if alpha > 0.0 else f"{source}; vacuous: α is 0"
    path = 4.0 * run.residual[0] / alpha if alpha > 0.0 else math.inf
    return [
        geometric_decay(
            "(6.9) ‖f(θ_τ) − y‖² ≤ (1 − ηα²/2)^τ ‖f(θ₀) − y‖², by its root",
            run,
            math.sqrt(max(1.0 - 0.5 * size * alpha**2, 0.0)),
            note=note,
        ),
        neighbourhood("(6.10) ¼α‖θ_τ − θ₀‖ + ‖f(θ_τ) − y‖ ≤ ‖f(θ₀) − y‖", run, 0.25 * alpha, note=note),
        path_length("(6.11) Σ‖θ_{τ+1} − θ_τ‖ ≤ 4‖f(θ₀) − y‖/α", run, path, note=note),
    ]


@dataclass(frozen=True)
class Theorem610(Theorem):
    """Theorem 6.10.

    The largest α that Lemma 6.8 proves over the ball solves α = σmin(J(θ₀)) − 4L‖f(θ₀) − y‖/α. Where
    that has no solution the conclusions take the smallest σmin(J) that was met on the run instead.
    """

    name: ClassVar[str] = "theorem-6-10"
    title: ClassVar[str] = "Theorem 6.10"
    statement: ClassVar[str] = (
        "Gradient descent on a nonlinear least-squares problem whose Jacobian keeps its singular values in "
        "[α, β] over a ball around the start, and is Lipschitz, converges geometrically inside that ball."
    )
    reference: ClassVar[str] = "Section 6.6, (6.7)–(6.11); β from Lemma 6.6, L from Lemma 6.8"

    def applies_to(self, setting: Setting) -> Literal[True] | str:
        """Gradient descent on a smooth φ with a finite B."""
        return _smooth_descent(setting)

    def hypotheses(self, setting: Setting) -> Sequence[Hypothesis]:
        """(6.7) over the ball by Lemma 6.8, and the step."""
        sigma = setting.jacobian_at_start.sigma_min
        return [
            at_least(
                "(6.7) some α > 0 over the ball: σ²min(J(θ₀)) ≥ 16L‖f(θ₀) − y‖",
                sigma**2,
                16.0 * _lipschitz(setting) * setting.initial_misfit,
                "what Lemma 6.8 can prove of it",
            ),
            step_hypothesis(
                setting,
                "η ≤ min(1, α²/(L‖f(θ₀) − y‖))/(2β²)",
                _largest_step(setting, self._alpha(setting) or 0.5 * sigma),
            ),
        ]

    def conclusions(self, setting: Setting, run: Trajectory) -> Sequence[Conclusion]:
        """(6.9), (6.10), (6.11)."""
        if (alpha := self._alpha(setting)) is not None:
            return _promises(setting, run, alpha, f"α = {alpha:.3g}, by Lemma 6.8")
        alpha = float(np.min(probed(run, "sigma_min"))) if run.probes else 0.0
        return _promises(setting, run, alpha, f"α = {alpha:.3g}, the smallest σmin(J) met on the run")

    @staticmethod
    def _alpha(setting: Setting) -> float | None:
        sigma = setting.jacobian_at_start.sigma_min
        discriminant = sigma**2 - 16.0 * _lipschitz(setting) * setting.initial_misfit
        return 0.5 * (sigma + math.sqrt(discriminant)) if discriminant >= 0.0 and sigma > 0.0 else None


@dataclass(frozen=True)
class Corollary611(Theorem):
    """Corollary 6.11."""

    name: ClassVar[str] = "corollary-6-11"
    title: ClassVar[str] = "Corollary 6.11"
    statement: ClassVar[str] = (
        "Theorem 6.10 with σmin(J(θ₀)) ≥ 2α asked for at the start only, where the initial misfit is at most "
        "α²/(4L)."
    )
    reference: ClassVar[str] = "Section 6.6, (6.12), (6.13); α = σmin(J(θ₀))/2"

    def applies_to(self, setting: Setting) -> Literal[True] | str:
        """Gradient descent on a smooth φ with a finite B."""
        return _smooth_descent(setting)

    def hypotheses(self, setting: Setting) -> Sequence[Hypothesis]:
        """(6.13), and the step."""
        alpha = 0.5 * setting.jacobian_at_start.sigma_min
        return [
            at_least(
                "(6.13) α²/(4L) ≥ ‖f(θ₀) − y‖", alpha**2 / (4.0 * _lipschitz(setting)), setting.initial_misfit
            ),
            step_hypothesis(setting, "η ≤ min(1, α²/(L‖f(θ₀) − y‖))/(2β²)", _largest_step(setting, alpha)),
        ]

    def conclusions(self, setting: Setting, run: Trajectory) -> Sequence[Conclusion]:
        """(6.9), (6.10), (6.11)."""
        alpha = 0.5 * setting.jacobian_at_start.sigma_min
        return _promises(setting, run, alpha, f"α = {alpha:.3g}, half of σmin(J(θ₀))")


@dataclass(frozen=True)
class Theorem613(Theorem):
    """Theorem 6.13."""

    name: ClassVar[str] = "theorem-6-13"
    title: ClassVar[str] = "Theorem 6.13"
    statement: ClassVar[str] = (
        "Gradient descent on a least-squares problem that need not be smooth converges geometrically where "
        "the Jacobian changes by at most α/3 in a ball around the start."
    )
    reference: ClassVar[str] = "Section 6.7, Assumptions 2–4, (6.20), (6.21); β from Lemma 6.6"

    def applies_to(self, setting: Setting) -> Literal[True] | str:
        """Gradient descent on a φ with |φ′| ≤ B."""
        if reason := wants_gradient_descent(setting) or _acts(setting):
            return reason
        return True if math.isfinite(setting.B) else f"it needs |φ′| ≤ B; {setting.activation.name} has none"

    def hypotheses(self, setting: Setting) -> Sequence[Hypothesis]:
        """Assumption 2, and the step."""
        return [
            Hypothesis(
                "Assumption 2: σmin(J(θ₀)) = 2α > 0",
                setting.jacobian_at_start.sigma_min,
                setting.jacobian_at_start.floor,
                setting.jacobian_at_start.sigma_min > setting.jacobian_at_start.floor,
                "against its precision floor",
            ),
            step_hypothesis(setting, "η ≤ 1/(3β²)", 1.0 / (3.0 * _largest_jacobian(setting) ** 2)),
        ]

    def conclusions(self, setting: Setting, run: Trajectory) -> Sequence[Conclusion]:
        """Assumption 4 as far as the run went, (6.20) and (6.21)."""
        alpha = 0.5 * setting.jacobian_at_start.sigma_min
        radius = 3.0 * run.residual[0] / alpha if alpha > 0.0 else math.inf
        inside = [probe for probe in run.probes if probe.spectral_distance <= radius]
        changes = np.array([probe.jacobian_change for probe in inside])
        distances = probed(run, "spectral_distance")
        iterations = np.array([probe.iteration for probe in run.probes], dtype=np.int64)
        residuals = run.residual[np.searchsorted(run.iterations, iterations)]
        later = slice(1, None)  # at τ = 0 the two sides are one number
        return [
            worst(
                "Assumption 4 along the run: ‖J(θ_τ) − J(θ₀)‖ ≤ α/3 for ‖θ_τ − θ₀‖ ≤ 3‖f(θ₀) − y‖/α",
                changes,
                np.full(len(inside), alpha / 3.0),
                np.array([probe.iteration for probe in inside], dtype=np.int64),
            ),
            geometric_decay(
                "(6.20) ‖y − f(θ_τ)‖ ≤ (1 − ηα²)^τ ‖y − f(θ₀)‖",
                run,
                max(1.0 - (setting.step_size or 0.0) * alpha**2, 0.0),
            ),
            worst(
                "(6.21) (α/3)‖θ_τ − θ₀‖ + ‖y − f(θ_τ)‖ ≤ ‖y − f(θ₀)‖, spectral norm, where probed",
                (alpha / 3.0 * distances + residuals)[later],
                np.full_like(distances[later], run.residual[0]),
                iterations[later],
            ),
        ]
