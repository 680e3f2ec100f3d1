"""Nonlinear least squares in general: Theorem 6.10, Corollary 6.11, Theorem 6.13."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from overparam.quantities.intervals import interval, quotient, singular_value
from overparam.theory.probes import Trajectory
from overparam.theory.setting import Setting
from overparam.theory.theorems.base import Conclusion, Hypothesis, Theorem
from overparam.theory.theorems.comparisons import at_least, notes, worst
from overparam.theory.theorems.promises import (
    geometric_bound,
    geometric_decay,
    neighbourhood,
    path_length,
    probe_iterations,
    probed,
    step_hypothesis,
    wants_bound,
    wants_gradient_descent,
    wants_smooth,
)

__all__ = ["Corollary611", "Theorem610", "Theorem613"]

_REFUTED = 1e-6

_STEP = "η ≤ min(1, α²/(L‖f(θ₀) − y‖))/(2β²)"


def _largest_jacobian(setting: Setting) -> float:
    """β of Lemma 6.6: √k B‖v‖_∞‖X‖."""
    return math.sqrt(setting.k) * setting.B * setting.v_largest * setting.spectral_norm_X


def _lipschitz(setting: Setting) -> float:
    """L of Lemma 6.8: M‖v‖_∞‖X‖."""
    return setting.M * setting.v_largest * setting.spectral_norm_X


def _largest_step(setting: Setting, alpha: float) -> float:
    """(1/2β²)·min(1, α²/(L‖f(θ₀) − y‖))."""
    limit = quotient(alpha * alpha, _lipschitz(setting) * setting.initial_misfit)
    beta = _largest_jacobian(setting)
    return quotient(0.5 * min(1.0, limit), beta * beta)


def _smooth_descent(setting: Setting) -> str | None:
    return wants_gradient_descent(setting) or wants_smooth(setting) or _acts(setting)


def _acts(setting: Setting) -> str | None:
    return None if setting.v_largest > 0.0 else "v is zero: J is zero and nothing can be trained"


def _factor(setting: Setting, alpha: float) -> float:
    """√(1 − ηα²/2), the contraction factor of the residual in (6.9)."""
    return math.sqrt(max(1.0 - 0.5 * (setting.step_size or 0.0) * alpha * alpha, 0.0))


def _bound(setting: Setting, run: Trajectory, alpha: float) -> NDArray[np.float64] | None:
    """(6.9), or None if it promises nothing."""
    return geometric_bound(run, _factor(setting, alpha)) if alpha > 0.0 else None


def _promises(setting: Setting, run: Trajectory, alpha: float, source: str) -> Sequence[Conclusion]:
    """(6.9), (6.10) and (6.11) with this α."""
    vacuous = not alpha > 0.0
    note = f"vacuous: α is zero or cannot be distinguished from zero; {source}" if vacuous else source
    path = quotient(4.0 * run.residual[0], alpha)
    return [
        geometric_decay(
            "(6.9) ‖f(θ_τ) − y‖² ≤ (1 − ηα²/2)^τ ‖f(θ₀) − y‖², by its root",
            run,
            interval(_factor(setting, alpha)),
            vacuous=vacuous,
            note=note,
        ),
        neighbourhood(
            "(6.10) ¼α‖θ_τ − θ₀‖ + ‖f(θ_τ) − y‖ ≤ ‖f(θ₀) − y‖",
            run,
            interval(0.25 * alpha),
            vacuous=vacuous,
            note=note,
        ),
        path_length(
            "(6.11) Σ‖θ_{τ+1} − θ_τ‖ ≤ 4‖f(θ₀) − y‖/α", run, interval(path), vacuous=vacuous, note=note
        ),
    ]


@dataclass(frozen=True)
class Theorem610(Theorem):
    """Theorem 6.10.

    The largest α that Lemma 6.8 proves over the ball solves α = σmin(J(θ₀)) − 4L‖f(θ₀) − y‖/α. If this has no
    solution, the conclusions use the smallest σmin(J) on the run instead.
    """

    name: ClassVar[str] = "theorem-6-10"
    title: ClassVar[str] = "Theorem 6.10"
    statement: ClassVar[str] = (
        "Gradient descent on a nonlinear least-squares problem whose Jacobian keeps its singular values in "
        "[α, β] over a ball around the start, and is Lipschitz, converges geometrically inside that ball."
    )
    reference: ClassVar[str] = "Section 6.6, (6.7)–(6.11); β from Lemma 6.6, L from Lemma 6.8"

    def objection(self, setting: Setting) -> str | None:
        """Require gradient descent on a smooth φ with a finite B."""
        return _smooth_descent(setting)

    def hypotheses(self, setting: Setting, run: Trajectory) -> Sequence[Hypothesis]:
        """Evaluate (6.7) over the ball by Lemma 6.8, and the step."""
        sigma = setting.sigma_min_interval
        return [
            at_least(
                "(6.7) some α > 0 over the ball: σ²min(J(θ₀)) ≥ 16L‖f(θ₀) − y‖",
                sigma.through(lambda one: one * one),
                16.0 * _lipschitz(setting) * setting.initial_misfit,
                "the part that Lemma 6.8 can prove",
            ),
            step_hypothesis(
                setting, _STEP, _largest_step(setting, self._alpha(setting) or 0.5 * float(sigma.low))
            ),
        ]

    def conclusions(self, setting: Setting, run: Trajectory) -> Sequence[Conclusion]:
        """Evaluate (6.9), (6.10), (6.11)."""
        alpha, source = self._taken(setting, run)
        return _promises(setting, run, alpha, f"α = {alpha:.3g}, {source}")

    def residual_bound(self, setting: Setting, run: Trajectory) -> NDArray[np.float64] | None:
        """Return (6.9), or None if it promises nothing."""
        return _bound(setting, run, self._taken(setting, run)[0])

    def _taken(self, setting: Setting, run: Trajectory) -> tuple[float, str]:
        """The α of the conclusions, and its origin."""
        if (alpha := self._alpha(setting)) is not None:
            return alpha, "by Lemma 6.8"
        met = [float(singular_value(probe.sigma_min, probe.floor).low) for probe in run.probes]
        return min(met, default=0.0), "the smallest σmin(J) on the run"

    @staticmethod
    def _alpha(setting: Setting) -> float | None:
        sigma = float(setting.sigma_min_interval.low)
        discriminant = sigma**2 - 16.0 * _lipschitz(setting) * setting.initial_misfit
        return 0.5 * (sigma + math.sqrt(discriminant)) if discriminant >= 0.0 and sigma > 0.0 else None


@dataclass(frozen=True)
class Corollary611(Theorem):
    """Corollary 6.11."""

    name: ClassVar[str] = "corollary-6-11"
    title: ClassVar[str] = "Corollary 6.11"
    statement: ClassVar[str] = (
        "Theorem 6.10 with σmin(J(θ₀)) ≥ 2α required at the start only, if the initial misfit is at most "
        "α²/(4L)."
    )
    reference: ClassVar[str] = "Section 6.6, (6.12), (6.13); α = σmin(J(θ₀))/2"

    def objection(self, setting: Setting) -> str | None:
        """Require gradient descent on a smooth φ with a finite B."""
        return _smooth_descent(setting)

    def hypotheses(self, setting: Setting, run: Trajectory) -> Sequence[Hypothesis]:
        """Evaluate (6.12), (6.13), and the step."""
        alpha, scale = _half_sigma(setting), 4.0 * _lipschitz(setting)
        return [
            _start(setting, "(6.12) σmin(J(θ₀)) = 2α > 0"),
            at_least("(6.13) α²/(4L) ≥ ‖f(θ₀) − y‖", quotient(alpha * alpha, scale), setting.initial_misfit),
            step_hypothesis(setting, _STEP, _largest_step(setting, alpha)),
        ]

    def conclusions(self, setting: Setting, run: Trajectory) -> Sequence[Conclusion]:
        """Evaluate (6.9), (6.10), (6.11)."""
        alpha = _half_sigma(setting)
        return _promises(setting, run, alpha, f"α = {alpha:.3g}, half of σmin(J(θ₀))")

    def residual_bound(self, setting: Setting, run: Trajectory) -> NDArray[np.float64] | None:
        """Return (6.9), or None if it promises nothing."""
        return _bound(setting, run, _half_sigma(setting))


def _half_sigma(setting: Setting) -> float:
    """Return the largest α for which σmin(J(θ₀)) ≥ 2α is certain."""
    return 0.5 * float(setting.sigma_min_interval.low)


def _start(setting: Setting, statement: str) -> Hypothesis:
    """The condition σmin(J(θ₀)) > 0, as far as it can be decided."""
    spectrum, found = setting.jacobian_at_start, setting.sigma_min_interval
    exactly_zero = spectrum.sigma_min == 0.0 and spectrum.floor == 0.0
    holds = True if found.positive else False if exactly_zero else None
    note = "exactly zero: fewer parameters can act than there are samples" if exactly_zero else ""
    return Hypothesis(statement, float(found.low), 0.0, holds, note)


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

    def objection(self, setting: Setting) -> str | None:
        """Require gradient descent on a φ with |φ′| ≤ B."""
        return wants_gradient_descent(setting) or _acts(setting) or wants_bound(setting)

    def hypotheses(self, setting: Setting, run: Trajectory) -> Sequence[Hypothesis]:
        """Evaluate Assumption 2, Assumption 4 as far as it can be decided, and the step."""
        beta = _largest_jacobian(setting)
        return [
            _start(setting, "Assumption 2: σmin(J(θ₀)) = 2α > 0"),
            self._perturbation(setting, run),
            step_hypothesis(setting, "η ≤ 1/(3β²)", quotient(1.0, 3.0 * beta * beta)),
        ]

    def conclusions(self, setting: Setting, run: Trajectory) -> Sequence[Conclusion]:
        """Evaluate (6.20) and (6.21)."""
        alpha = _half_sigma(setting)
        vacuous = not alpha > 0.0
        note = f"α = {alpha:.3g}, half of σmin(J(θ₀))"
        note = f"vacuous: α is zero or cannot be distinguished from zero; {note}" if vacuous else note
        distances, iterations = probed(run, "spectral_distance"), probe_iterations(run)
        checked = np.isin(iterations, run.iterations) & (iterations > 0)
        residuals = run.residual[np.searchsorted(run.iterations, iterations[checked])]
        return [
            geometric_decay(
                "(6.20) ‖y − f(θ_τ)‖ ≤ (1 − ηα²)^τ ‖y − f(θ₀)‖",
                run,
                interval(self._factor(setting)),
                vacuous=vacuous,
                note=note,
            ),
            worst(
                "(6.21) (α/3)‖θ_τ − θ₀‖ + ‖y − f(θ_τ)‖ ≤ ‖y − f(θ₀)‖, spectral norm, where probed",
                alpha / 3.0 * distances[checked] + residuals,
                np.full_like(residuals, run.residual[0]),
                iterations[checked],
                vacuous=vacuous,
                note=note,
            ),
        ]

    def residual_bound(self, setting: Setting, run: Trajectory) -> NDArray[np.float64] | None:
        """Return (6.20), or None if it promises nothing."""
        return geometric_bound(run, self._factor(setting)) if _half_sigma(setting) > 0.0 else None

    @staticmethod
    def _factor(setting: Setting) -> float:
        return max(1.0 - (setting.step_size or 0.0) * _half_sigma(setting) ** 2, 0.0)

    @staticmethod
    def _perturbation(setting: Setting, run: Trajectory) -> Hypothesis:
        """Assumption 4: refuted by one probe inside the ball, proved by Lemma C.1 if M·R is small."""
        statement = "Assumption 4: ‖J(θ) − J(θ₀)‖ ≤ α/3 for ‖θ − θ₀‖ ≤ 3‖f(θ₀) − y‖/α, spectral norm"
        alpha = _half_sigma(setting)
        radius = quotient(3.0 * setting.initial_misfit, alpha)
        inside = probed(run, "spectral_distance") <= radius
        if not inside.any():
            return Hypothesis(statement, math.nan, alpha / 3.0, None, "no probe is inside the ball")
        changes = probed(run, "jacobian_change")[inside]
        at = int(np.argmax(changes))
        left, right = float(changes[at]), alpha / 3.0
        where = int(probe_iterations(run)[inside][at])
        if alpha > 0.0 and left > right * (1.0 + _REFUTED):
            return Hypothesis(statement, left, right, False, "refuted at a probe inside the ball", where)
        reach = _lipschitz(setting) * radius
        if alpha > 0.0 and reach <= right:
            note = f"proved: M‖v‖_∞‖X‖ times the radius is {reach:.3g} (Lemma C.1)"
            return Hypothesis(statement, left, right, True, note, where)
        note = "no probe inside the ball refutes it; it is about the whole ball, which no run shows"
        return Hypothesis(statement, left, right, None, notes(note), where)
