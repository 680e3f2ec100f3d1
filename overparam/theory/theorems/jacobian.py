"""Singular values of the Jacobian and their changes: Lemmas 6.6, 6.7, 6.8, 6.9 and 6.12."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from overparam.methods import Layers
from overparam.model.losses import Loss
from overparam.quantities.intervals import Interval, interval, power, quotient
from overparam.theory.probes import Trajectory
from overparam.theory.setting import Setting
from overparam.theory.theorems.base import Conclusion, Hypothesis, Theorem
from overparam.theory.theorems.comparisons import at_least, at_most, notes, worst
from overparam.theory.theorems.promises import (
    called,
    misfit_probability,
    probe_iterations,
    probed,
    small_balanced_output,
    wants_bound,
    wants_relu,
)

__all__ = ["Lemma66", "Lemma67", "Lemma68", "Lemma69", "Lemma612", "flip_budget"]


def flip_budget(setting: Setting) -> Interval:
    """m₀² = ‖v‖²λ(X)/(200‖v‖²_∞‖X‖²) of Lemma 6.9."""
    if setting.v_largest == 0.0:
        return interval(0.0)
    width = (setting.v_norm / setting.v_largest) ** 2
    return setting.lambda_interval.through(lambda one: width * one / (200.0 * setting.spectral_norm_X**2))


def _bounded(setting: Setting) -> str | None:
    if math.isfinite(setting.B):
        return None
    return f"it needs |φ′| ≤ B; {called(setting.activation)} has no such bound"


@dataclass(frozen=True)
class Lemma66(Theorem):
    """Lemma 6.6."""

    name: ClassVar[str] = "lemma-6-6"
    title: ClassVar[str] = "Lemma 6.6"
    statement: ClassVar[str] = "The Jacobian's spectral norm is at most √k B‖v‖_∞‖X‖, at any W."
    reference: ClassVar[str] = "Section 6.4, Appendix A.1"
    loss: ClassVar[type[Loss] | None] = None
    layers: ClassVar[Layers | None] = None

    def objection(self, setting: Setting) -> str | None:
        """Require |φ′| ≤ B."""
        return _bounded(setting)

    def conclusions(self, setting: Setting, run: Trajectory) -> Sequence[Conclusion]:
        """Evaluate ‖J(W_τ)‖ at the probes."""
        bound = math.sqrt(setting.k) * setting.B * setting.v_largest * setting.spectral_norm_X
        measured = probed(run, "spectral_norm")
        return [
            worst("‖J(W_τ)‖ ≤ √k B‖v‖_∞‖X‖", measured, np.full_like(measured, bound), probe_iterations(run))
        ]


@dataclass(frozen=True)
class Lemma67(Theorem):
    """Lemma 6.7."""

    name: ClassVar[str] = "lemma-6-7"
    title: ClassVar[str] = "Lemma 6.7"
    statement: ClassVar[str] = (
        "At a W₀ with i.i.d. N(0, 1) entries, once ‖v‖/‖v‖_∞ is large enough, the Jacobian's smallest "
        "singular value is at least ‖v‖√λ/√2."
    )
    reference: ClassVar[str] = "Section 6.4, Appendix A.2"
    loss: ClassVar[type[Loss] | None] = None
    layers: ClassVar[Layers | None] = None
    gaussian_start: ClassVar[bool] = True
    even_width: ClassVar[bool] = True

    def objection(self, setting: Setting) -> str | None:
        """Require |φ′| ≤ B and v ≠ 0."""
        if setting.v_largest == 0.0:
            return "v is zero: J is zero"
        return wants_bound(setting)

    def width(self, setting: Setting) -> float:
        """Return 20 log n·‖X‖²B²/λ, its condition for the v of Theorem 2.1."""
        return power(float(self._least_root(setting).high), 2.0)

    def hypotheses(self, setting: Setting, run: Trajectory) -> Sequence[Hypothesis]:
        """Evaluate ‖v‖/‖v‖_∞ ≥ √(20 log n)‖X‖B/√λ."""
        right = self._least_root(setting)
        ratio = setting.v_norm / setting.v_largest
        note = notes(setting.lambda_note, "k ≥ 20 log n·‖X‖²B²/λ for even k")
        return [at_least("‖v‖/‖v‖_∞ ≥ √(20 log n)‖X‖B/√λ", ratio, right, note)]

    def conclusions(self, setting: Setting, run: Trajectory) -> Sequence[Conclusion]:
        """Evaluate σmin(J(W₀)) ≥ ‖v‖√λ/√2."""
        bound = setting.lambda_interval.through(lambda one: setting.v_norm * math.sqrt(0.5 * one))
        return [
            worst(
                "σmin(J(W₀)) ≥ ‖v‖√λ/√2",
                bound,
                setting.sigma_min_interval,
                None,
                vacuous=bool(setting.lambda_note),
                rounding=0.0,
                note=setting.lambda_note,
            )
        ]

    def probability(self, setting: Setting) -> float:
        """Return 1 − 1/n."""
        return 1.0 - 1.0 / setting.n

    @staticmethod
    def _least_root(setting: Setting) -> Interval:
        """√(20 log n)‖X‖B/√λ."""
        scale = math.sqrt(20.0 * math.log(setting.n)) * setting.spectral_norm_X * setting.B
        return setting.lambda_interval.through(lambda one: quotient(scale, math.sqrt(one)))


@dataclass(frozen=True)
class Lemma68(Theorem):
    """Lemma 6.8."""

    name: ClassVar[str] = "lemma-6-8"
    title: ClassVar[str] = "Lemma 6.8"
    statement: ClassVar[str] = "For |φ″| ≤ M the Jacobian is Lipschitz in W, with constant M‖v‖_∞‖X‖."
    reference: ClassVar[str] = "Section 6.5, Appendix C.1"
    loss: ClassVar[type[Loss] | None] = None
    layers: ClassVar[Layers | None] = None

    def objection(self, setting: Setting) -> str | None:
        """Require |φ″| ≤ M everywhere."""
        if setting.activation.kinks:
            return f"it needs a differentiable φ with |φ″| ≤ M; {called(setting.activation)} has kinks"
        if math.isinf(setting.M):
            return f"it needs |φ″| ≤ M; {called(setting.activation)} has no such bound"
        return None

    def conclusions(self, setting: Setting, run: Trajectory) -> Sequence[Conclusion]:
        """Evaluate ‖J(W_τ) − J(W₀)‖ at the probes."""
        scale = setting.M * setting.v_largest * setting.spectral_norm_X
        moved = probed(run, "distance") > 0.0
        return [
            worst(
                "‖J(W_τ) − J(W₀)‖ ≤ M‖v‖_∞‖X‖‖W_τ − W₀‖_F",
                probed(run, "jacobian_change")[moved],
                scale * probed(run, "distance")[moved],
                probe_iterations(run)[moved],
                note=notes(f"M = {setting.M:.6g}", setting.constants.curvature.note),
            )
        ]


@dataclass(frozen=True)
class Lemma69(Theorem):
    """Lemma 6.9."""

    name: ClassVar[str] = "lemma-6-9"
    title: ClassVar[str] = "Lemma 6.9"
    statement: ClassVar[str] = (
        "For the ReLU, within a spectral distance m₀³/(2k) of a W₀ with i.i.d. N(0, 1) entries the Jacobian "
        "moves by at most ‖v‖√λ/(6√2)."
    )
    reference: ClassVar[str] = "Section 6.5, (6.6), Appendix C.2; probability 1 − ne^{−m₀²/6}, see the errata"
    loss: ClassVar[type[Loss] | None] = None
    layers: ClassVar[Layers | None] = None
    gaussian_start: ClassVar[bool] = True
    even_width: ClassVar[bool] = True

    def objection(self, setting: Setting) -> str | None:
        """Require the ReLU."""
        return wants_relu(setting)

    def width(self, setting: Setting) -> float:
        """Return 200‖X‖²/λ, where m₀² is 1 for the v of Theorem 2.1."""
        return quotient(200.0 * setting.spectral_norm_X**2, float(setting.lambda_interval.low))

    def hypotheses(self, setting: Setting, run: Trajectory) -> Sequence[Hypothesis]:
        """Evaluate m₀² ≥ 1, because Lemma C.2 needs an integer, and the radius along the run."""
        distance, radius = probed(run, "spectral_distance"), self._radius(setting)
        found = [
            at_least("m₀² ≥ 1, for Lemma C.2 to have an m", flip_budget(setting), 1.0, setting.lambda_note)
        ]
        if len(distance):
            at = int(np.argmax(distance))
            along = at_most("‖W_τ − W₀‖ ≤ m₀³/(2k), the radius", float(distance[at]), radius)
            found.append(replace(along, at_iteration=int(probe_iterations(run)[at])))
        return found

    def conclusions(self, setting: Setting, run: Trajectory) -> Sequence[Conclusion]:
        """Evaluate (6.6) at the probes inside the radius where W has moved."""
        distance, change = probed(run, "spectral_distance"), probed(run, "jacobian_change")
        inside = (distance > 0.0) & (distance <= float(self._radius(setting).low))
        scale = setting.v_norm / (6.0 * math.sqrt(2.0))
        moved = int(np.sum(distance > 0.0))
        return [
            worst(
                "(6.6) ‖J(W_τ) − J(W₀)‖ ≤ ‖v‖√λ/(6√2) inside the radius",
                change[inside],
                setting.lambda_interval.through(
                    lambda one: np.full(int(np.sum(inside)), scale * math.sqrt(one))
                ),
                probe_iterations(run)[inside],
                note=f"{int(np.sum(inside))} of the {moved} probed W_τ ≠ W₀ are inside",
            )
        ]

    @staticmethod
    def _radius(setting: Setting) -> Interval:
        """m₀³/(2k)."""
        return flip_budget(setting).through(lambda one: one**1.5 / (2.0 * setting.k))

    def probability(self, setting: Setting) -> float:
        """Return 1 − ne^{−m₀²/6}."""
        return 1.0 - setting.n * math.exp(-float(flip_budget(setting).low) / 6.0)


@dataclass(frozen=True)
class Lemma612(Theorem):
    """Lemma 6.12."""

    name: ClassVar[str] = "lemma-6-12"
    title: ClassVar[str] = "Lemma 6.12"
    statement: ClassVar[str] = (
        "For v with ‖v‖ ≤ ‖y‖/√n and 1ᵀv = 0, and W₀ with i.i.d. N(0, 1) entries, the misfit at W₀ is at "
        "most (1 + (1+δ)B)‖y‖."
    )
    reference: ClassVar[str] = "Section 6.6, proof in 6.6.1"
    loss: ClassVar[type[Loss] | None] = None
    layers: ClassVar[Layers | None] = None
    gaussian_start: ClassVar[bool] = True

    def objection(self, setting: Setting) -> str | None:
        """Require |φ′| ≤ B."""
        return _bounded(setting)

    def hypotheses(self, setting: Setting, run: Trajectory) -> Sequence[Hypothesis]:
        """Evaluate the conditions on v that its proof uses."""
        return small_balanced_output(setting)

    def conclusions(self, setting: Setting, run: Trajectory) -> Sequence[Conclusion]:
        """Evaluate ‖f(W₀) − y‖ ≤ (1 + (1+δ)B)‖y‖."""
        bound = (1.0 + (1.0 + setting.delta) * setting.B) * setting.label_norm
        misfit = np.array([setting.initial_misfit])
        return [worst("‖f(W₀) − y‖ ≤ (1 + (1+δ)B)‖y‖", misfit, np.array([bound]), None)]

    def probability(self, setting: Setting) -> float:
        """Return 1 − e^{−δ²n/(2‖X‖²)}."""
        return 1.0 - misfit_probability(setting, 0.5)
