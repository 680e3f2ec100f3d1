"""Training the output layer: Theorem 3.2.

Explicit constant, along the proof with its two slips mended (docs/errata.md): truncating ‖φ(Xw)‖ at
T = √n(√E[φ²] + B√(404 log n)) leaves out an event of probability n^{−202}, matrix Chernoff with δ = ½ then
fails with probability at most n^{−100} once k ≥ 101·log n·T²/(0.153·(λ̃ − 6B²/n¹⁰⁰)).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from overparam.arrays import array_namespace
from overparam.network import hidden_features
from overparam.optimizers import LeastSquares
from overparam.theory.correlations import precision
from overparam.theory.probes import Trajectory
from overparam.theory.setting import Setting
from overparam.theory.theorems.base import Conclusion, Hypothesis, Theorem, at_least, at_most, worst

__all__ = ["CHERNOFF_HALF", "Theorem32"]

CHERNOFF_HALF = 0.5 - 0.5 * math.log(2.0)
"""−log of e^{−δ}/(1 − δ)^{1−δ} at δ = ½, 0.1534; the paper rounds it down to 1/10 in Lemma 6.7."""


@dataclass(frozen=True)
class Theorem32(Theorem):
    """Theorem 3.2."""

    name: ClassVar[str] = "theorem-3-2"
    title: ClassVar[str] = "Theorem 3.2"
    statement: ClassVar[str] = (
        "With random hidden weights, once k is at least a constant times log²(n)n/λ̃(X) the features have "
        "full row rank and the output layer alone interpolates any labels."
    )
    reference: ClassVar[str] = "Section 3; constant from Section 6.8, with B² restored"

    def applies_to(self, setting: Setting) -> Literal[True] | str:
        """|φ(0)|, |φ′| ≤ B for a finite B, and n ≥ 2."""
        if math.isinf(setting.B):
            return f"it needs |φ′| ≤ B; {setting.activation.name} has no such bound"
        return True if setting.n > 1 else "it needs two samples: log n is 0 for one"

    def hypotheses(self, setting: Setting) -> Sequence[Hypothesis]:
        """|φ(0)| ≤ B, and the width."""
        zero = abs(float(np.asarray(setting.activation.value(np.zeros(1)))[0]))
        log_n, floor = math.log(setting.n), self._floor(setting)
        reach = math.sqrt(setting.constants.value_moment.value) + setting.B * math.sqrt(404.0 * log_n)
        right = math.inf if floor <= 0.0 else 101.0 * log_n * setting.n * reach**2 / (CHERNOFF_HALF * floor)
        return [
            at_most("|φ(0)| ≤ B", zero, setting.B),
            at_least(
                "k ≥ 101·log n·n(√E[φ²] + B√(404 log n))²/(0.153 λ̃), for k ≥ C log²(n)n/λ̃",
                float(setting.k),
                right,
                "constant from Section 6.8; it grows as B²",
            ),
        ]

    def conclusions(self, setting: Setting, run: Trajectory) -> Sequence[Conclusion]:
        """λmin(ΦΦᵀ) ≥ ½k(λ̃ − 6B²/n¹⁰⁰) at W₀, and the rank of Φ."""
        features = hidden_features(setting.problem.X, setting.problem.W0, setting.activation)
        xp = array_namespace(features)
        squares = xp.linalg.svdvals(features) ** 2
        smallest = float(xp.min(squares)) if setting.k >= setting.n else 0.0
        slack = setting.n * precision(features) * float(xp.max(squares))
        bound = 0.5 * setting.k * self._floor(setting)
        return [
            worst(
                "λmin(ΦΦᵀ) ≥ ½k(λ̃ − 6B²/n¹⁰⁰) at W₀",
                np.array([bound]),
                np.array([smallest]),
                None,
                slack=slack,
                note="" if setting.k >= setting.n else "λmin is exactly zero because k < n",
            ),
            worst(
                "Φ has full row rank, so that least squares interpolates: rank Φ ≥ n",
                np.array([float(setting.n)]),
                np.array([float(LeastSquares().solve(setting.problem, setting.activation).rank)]),
                None,
            ),
        ]

    def probability(self, setting: Setting) -> float:
        """1 − n^{−100}."""
        return 1.0 - math.pow(setting.n, -100.0)

    @staticmethod
    def _floor(setting: Setting) -> float:
        return setting.lambda_tilde.value - 6.0 * setting.B**2 * math.pow(setting.n, -100.0)
