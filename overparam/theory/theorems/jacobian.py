"""The Jacobian's singular values and how they move: Lemmas 6.6, 6.7, 6.8, 6.9 and 6.12."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from overparam.theory.probes import Trajectory
from overparam.theory.setting import Setting
from overparam.theory.theorems.base import Conclusion, Hypothesis, Theorem, at_least, worst
from overparam.theory.theorems.promises import misfit_probability, probed, wants_relu, wants_smooth

__all__ = ["Lemma66", "Lemma67", "Lemma68", "Lemma69", "Lemma612", "flip_budget"]


def flip_budget(setting: Setting) -> float:
    """m₀² = ‖v‖²λ(X)/(200‖v‖²_∞‖X‖²) of Lemma 6.9."""
    if setting.v_largest == 0.0:
        return 0.0
    width = (setting.v_norm / setting.v_largest) ** 2
    return width * max(setting.lambda_.value, 0.0) / (200.0 * setting.spectral_norm_X**2)


def _bounded(setting: Setting) -> Literal[True] | str:
    return True if math.isfinite(setting.B) else f"it needs |φ′| ≤ B; {setting.activation.name} has none"


def _iterations(run: Trajectory) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array([probe.iteration for probe in run.probes], dtype=np.int64)


@dataclass(frozen=True)
class Lemma66(Theorem):
    """Lemma 6.6."""

    name: ClassVar[str] = "lemma-6-6"
    title: ClassVar[str] = "Lemma 6.6"
    statement: ClassVar[str] = "The Jacobian's spectral norm is at most √k B‖v‖_∞‖X‖, at any W."
    reference: ClassVar[str] = "Section 6.4, Appendix A.1"

    def applies_to(self, setting: Setting) -> Literal[True] | str:
        """|φ′| ≤ B."""
        return _bounded(setting)

    def conclusions(self, setting: Setting, run: Trajectory) -> Sequence[Conclusion]:
        """‖J(W_τ)‖ at the probes."""
        bound = math.sqrt(setting.k) * setting.B * setting.v_largest * setting.spectral_norm_X
        measured = probed(run, "spectral_norm")
        return [worst("‖J(W_τ)‖ ≤ √k B‖v‖_∞‖X‖", measured, np.full_like(measured, bound), _iterations(run))]


@dataclass(frozen=True)
class Lemma67(Theorem):
    """Lemma 6.7."""

    name: ClassVar[str] = "lemma-6-7"
    title: ClassVar[str] = "Lemma 6.7"
    statement: ClassVar[str] = (
        "At a random start, once ‖v‖/‖v‖_∞ is large enough, the Jacobian's smallest singular value is at "
        "least ‖v‖√λ/√2."
    )
    reference: ClassVar[str] = "Section 6.4, Appendix A.2"

    def applies_to(self, setting: Setting) -> Literal[True] | str:
        """|φ′| ≤ B and v ≠ 0."""
        return _bounded(setting) if setting.v_largest > 0.0 else "v is zero: J is zero"

    def hypotheses(self, setting: Setting) -> Sequence[Hypothesis]:
        """‖v‖/‖v‖_∞ ≥ √(20 log n)‖X‖B/√λ."""
        scale = math.sqrt(20.0 * math.log(setting.n)) * setting.spectral_norm_X * setting.B
        root = math.sqrt(max(setting.lambda_.value, 0.0))
        right = scale / root if root > 0.0 else math.inf
        ratio = setting.v_norm / setting.v_largest
        return [at_least("‖v‖/‖v‖_∞ ≥ √(20 log n)‖X‖B/√λ", ratio, right, "k ≥ 20 log n·‖X‖²B²/λ for even k")]

    def conclusions(self, setting: Setting, run: Trajectory) -> Sequence[Conclusion]:
        """σmin(J(W₀)) ≥ ‖v‖√λ/√2."""
        bound = setting.v_norm * math.sqrt(0.5 * max(setting.lambda_.value, 0.0))
        start = setting.jacobian_at_start
        return [
            worst(
                "σmin(J(W₀)) ≥ ‖v‖√λ/√2",
                np.array([bound]),
                np.array([start.sigma_min]),
                None,
                slack=start.floor,
            )
        ]

    def probability(self, setting: Setting) -> float:
        """1 − 1/n."""
        return 1.0 - 1.0 / setting.n


@dataclass(frozen=True)
class Lemma68(Theorem):
    """Lemma 6.8."""

    name: ClassVar[str] = "lemma-6-8"
    title: ClassVar[str] = "Lemma 6.8"
    statement: ClassVar[str] = "For |φ″| ≤ M the Jacobian is Lipschitz in W, with constant M‖v‖_∞‖X‖."
    reference: ClassVar[str] = "Section 6.5, Appendix C.1, with M = B"

    def applies_to(self, setting: Setting) -> Literal[True] | str:
        """|φ″| ≤ B everywhere."""
        return wants_smooth(setting) or True

    def conclusions(self, setting: Setting, run: Trajectory) -> Sequence[Conclusion]:
        """‖J(W_τ) − J(W₀)‖ at the probes."""
        scale = setting.B * setting.v_largest * setting.spectral_norm_X
        return [
            worst(
                "‖J(W_τ) − J(W₀)‖ ≤ B‖v‖_∞‖X‖‖W_τ − W₀‖_F",
                probed(run, "jacobian_change"),
                scale * probed(run, "distance"),
                _iterations(run),
            )
        ]


@dataclass(frozen=True)
class Lemma69(Theorem):
    """Lemma 6.9."""

    name: ClassVar[str] = "lemma-6-9"
    title: ClassVar[str] = "Lemma 6.9"
    statement: ClassVar[str] = (
        "For the ReLU, within a spectral distance m₀³/(2k) of a random start the Jacobian moves by at most "
        "‖v‖√λ/(6√2)."
    )
    reference: ClassVar[str] = "Section 6.5, (6.6), Appendix C.2; probability 1 − ne^{−m₀²/6}, see the errata"

    def applies_to(self, setting: Setting) -> Literal[True] | str:
        """The ReLU."""
        return wants_relu(setting) or True

    def hypotheses(self, setting: Setting) -> Sequence[Hypothesis]:
        """m₀² ≥ 1: Lemma C.2 needs a whole number."""
        return [at_least("m₀² ≥ 1, for Lemma C.2 to have an m", flip_budget(setting), 1.0)]

    def conclusions(self, setting: Setting, run: Trajectory) -> Sequence[Conclusion]:
        """How far the run went in units of m₀³/(2k), and (6.6) at the probes."""
        budget = flip_budget(setting)
        distance, change = probed(run, "spectral_distance"), probed(run, "jacobian_change")
        bound = setting.v_norm * math.sqrt(max(setting.lambda_.value, 0.0)) / (6.0 * math.sqrt(2.0))
        iterations = _iterations(run)
        radius = np.full_like(distance, budget**1.5 / (2.0 * setting.k))
        return [
            worst("the condition ‖W_τ − W₀‖ ≤ m₀³/(2k)", distance, radius, iterations),
            worst("(6.6) ‖J(W_τ) − J(W₀)‖ ≤ ‖v‖√λ/(6√2)", change, np.full_like(change, bound), iterations),
        ]

    def probability(self, setting: Setting) -> float:
        """1 − ne^{−m₀²/6}."""
        return 1.0 - setting.n * math.exp(-flip_budget(setting) / 6.0)


@dataclass(frozen=True)
class Lemma612(Theorem):
    """Lemma 6.12."""

    name: ClassVar[str] = "lemma-6-12"
    title: ClassVar[str] = "Lemma 6.12"
    statement: ClassVar[str] = "At a random start the misfit is at most (1 + (1+δ)B)‖y‖."
    reference: ClassVar[str] = "Section 6.6, proof in 6.6.1"

    def applies_to(self, setting: Setting) -> Literal[True] | str:
        """|φ′| ≤ B."""
        return _bounded(setting)

    def conclusions(self, setting: Setting, run: Trajectory) -> Sequence[Conclusion]:
        """‖f(W₀) − y‖ ≤ (1 + (1+δ)B)‖y‖."""
        bound = (1.0 + (1.0 + setting.delta) * setting.B) * setting.label_norm
        misfit = np.array([setting.initial_misfit])
        return [worst("‖f(W₀) − y‖ ≤ (1 + (1+δ)B)‖y‖", misfit, np.array([bound]), None)]

    def probability(self, setting: Setting) -> float:
        """1 − e^{−δ²n/(2‖X‖²)}."""
        return 1.0 - misfit_probability(setting, 0.5)
