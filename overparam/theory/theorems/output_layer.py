"""Training the output layer: Theorem 3.2.

Explicit constant, from the proof with its two errors corrected (docs/theory/errata.md): truncation of ‖φ(Xw)‖
at T = √n(√E[φ²] + B√(404 log n)) excludes an event of probability n^{−202}; matrix Chernoff with δ = ½ then
fails with probability at most n^{−100} once k ≥ 101·log n·T²/(0.153·(λ̃ − 6B²/n¹⁰⁰)).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from overparam.arrays import array_namespace
from overparam.methods import Layers
from overparam.model.losses import Loss
from overparam.model.network import hidden_features
from overparam.quantities.correlations import precision
from overparam.quantities.intervals import Interval, quotient
from overparam.theory.probes import Trajectory
from overparam.theory.setting import Setting
from overparam.theory.theorems.assertion import ClaimKind
from overparam.theory.theorems.base import Conclusion, Hypothesis, Theorem
from overparam.theory.theorems.comparisons import at_least, at_most, notes, worst
from overparam.theory.theorems.promises import called, wants_trained_output

__all__ = ["CHERNOFF_HALF", "Theorem32"]

CHERNOFF_HALF = 0.5 - 0.5 * math.log(2.0)
"""−log of e^{−δ}/(1 − δ)^{1−δ} at δ = ½, 0.1534; Lemma 6.7 of the paper rounds it down to 1/10."""


@dataclass(frozen=True)
class Theorem32(Theorem):
    """Theorem 3.2."""

    name: ClassVar[str] = "theorem-3-2"
    title: ClassVar[str] = "Theorem 3.2"
    statement: ClassVar[str] = (
        "With hidden weights that are i.i.d. N(0, 1), once k is at least a constant times log²(n)n/λ̃(X) the "
        "features have full row rank and the output layer alone interpolates any labels."
    )
    reference: ClassVar[str] = "Section 3; constant from Section 6.8, with B² restored"
    loss: ClassVar[type[Loss] | None] = None
    layers: ClassVar[Layers | None] = None
    gaussian_start: ClassVar[bool] = True
    claimed: ClassVar[ClaimKind | None] = "exact"
    formula: ClassVar[str] = "k = 101·log n·n(√E[φ²] + B√(404 log n))²/(0.153 λ̃)"

    def objection(self, setting: Setting) -> str | None:
        """Require |φ′| ≤ B for a finite B, and n ≥ 2."""
        if math.isinf(setting.B):
            return f"it needs |φ′| ≤ B; {called(setting.activation)} has no such bound"
        return None if setting.n > 1 else "it needs two samples: log n is 0 for one"

    def reservation(self, setting: Setting) -> str | None:
        """Require training of the output layer."""
        return wants_trained_output(setting)

    def width(self, setting: Setting) -> float:
        """Return the k of its width condition, with its explicit constant."""
        return float(self._least_width(setting).high)

    def hypotheses(self, setting: Setting, run: Trajectory) -> Sequence[Hypothesis]:
        """Evaluate |φ(0)| ≤ B, and the width."""
        B = self._B(setting)
        larger = f"|φ(0)| is larger than the B = {setting.B:g} of |φ′|, and B is any that bounds both"
        return [
            at_most("|φ(0)| ≤ B", self._at_zero(setting), B, larger if B > setting.B else ""),
            at_least(
                "k ≥ 101·log n·n(√E[φ²] + B√(404 log n))²/(0.153 λ̃), for k ≥ C log²(n)n/λ̃",
                float(setting.k),
                self._least_width(setting),
                notes(setting.lambda_tilde_note, "constant from Section 6.8; it grows as B²"),
            ),
        ]

    def conclusions(self, setting: Setting, run: Trajectory) -> Sequence[Conclusion]:
        """Evaluate λmin(ΦΦᵀ) ≥ ½k(λ̃ − 6B²/n¹⁰⁰) at W₀, and the rank of Φ."""
        features = hidden_features(setting.problem.X, setting.problem.W0, setting.activation)
        xp = array_namespace(features)
        singular = xp.linalg.svdvals(features)
        largest = float(xp.max(singular))
        cutoff = max(setting.n, setting.k) * precision(features) * largest
        told = float(xp.sum(xp.astype(singular > cutoff, singular.dtype)))
        rank = Interval(told, told, float(min(setting.n, setting.k)))
        smallest = Interval(0.0, 0.0, 0.0)
        if setting.k >= setting.n:
            smallest = Interval.nonnegative(float(xp.min(singular)), cutoff).through(lambda one: one * one)
        vacuous = setting.lambda_tilde_note
        narrow = "" if setting.k >= setting.n else "λmin is exactly zero because k < n"
        return [
            worst(
                "λmin(ΦΦᵀ) ≥ ½k(λ̃ − 6B²/n¹⁰⁰) at W₀",
                self._floor(setting).through(lambda one: 0.5 * setting.k * one),
                smallest,
                None,
                vacuous=bool(vacuous),
                rounding=0.0,
                note=notes(vacuous, narrow),
            ),
            worst(
                "Φ has full row rank, so that least squares interpolates: rank Φ ≥ n",
                float(setting.n),
                rank,
                None,
                note=f"the numerical rank is {told:g}",
            ),
        ]

    def probability(self, setting: Setting) -> float:
        """Return 1 − n^{−100}."""
        return 1.0 - math.pow(setting.n, -100.0)

    def reach(self, setting: Setting) -> float:
        """T/√n, with T the truncation of ‖φ(Xw)‖."""
        root = math.sqrt(setting.constants.value_moment.value)
        return root + self._B(setting) * math.sqrt(404.0 * math.log(setting.n))

    def floor(self, setting: Setting) -> float:
        """λ̃ − 6B²/n¹⁰⁰, at the lower end of its error."""
        return float(self._floor(setting).low)

    def _least_width(self, setting: Setting) -> Interval:
        reach = self.reach(setting)
        scale = 101.0 * math.log(setting.n) * setting.n * reach * reach / CHERNOFF_HALF
        return self._floor(setting).through(lambda one: quotient(scale, one))

    @staticmethod
    def _at_zero(setting: Setting) -> float:
        return abs(float(np.asarray(setting.activation.value(np.zeros(1)))[0]))

    def _B(self, setting: Setting) -> float:
        """A B with |φ(0)|, |φ′| ≤ B."""
        return max(setting.B, self._at_zero(setting))

    def _floor(self, setting: Setting) -> Interval:
        """λ̃ − 6B²/n¹⁰⁰, at least 0."""
        B = self._B(setting)
        lost = 6.0 * B * B * math.pow(setting.n, -100.0)
        return setting.lambda_tilde_interval.through(lambda one: max(one - lost, 0.0))
