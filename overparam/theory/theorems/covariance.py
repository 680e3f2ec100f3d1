"""Lower bounds on Σ and Σ̃: Lemmas 6.4, H.1 and H.2, Theorem I.1, Corollary I.2."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from overparam.activations import ReLU
from overparam.arrays import Array, array_namespace
from overparam.theory.closed_forms import closed_form
from overparam.theory.correlations import correlation_matrix, precision, unit_rows
from overparam.theory.gaussian import Estimate
from overparam.theory.kernels import Kernel, network_covariance, smallest_eigenvalue
from overparam.theory.khatri_rao import khatri_rao_spectrum
from overparam.theory.probes import Trajectory
from overparam.theory.setting import Setting
from overparam.theory.theorems.base import Conclusion, Hypothesis, Theorem, worst

__all__ = ["CorollaryI2", "Lemma64", "LemmaH1", "LemmaH2", "TheoremI1"]


def _below(statement: str, bound: float, value: Estimate, note: str = "") -> Conclusion:
    """The promise bound ≤ value, up to the value's error."""
    return worst(statement, np.array([bound]), np.array([value.value]), None, slack=value.error, note=note)


def _ordering(statement: str, larger: Kernel, smaller: Array) -> Conclusion:
    """The promise smaller ⪯ larger, as 1 − λmin(larger − smaller)/‖larger‖ ≤ 1."""
    xp = array_namespace(smaller)
    gap = xp.linalg.eigvalsh(larger.matrix - smaller)
    norm = float(xp.max(xp.abs(xp.linalg.eigvalsh(larger.matrix))))
    n = smaller.shape[0]
    slack = larger.error / norm + n * precision(smaller)
    ratio = np.array([1.0 - float(xp.min(gap)) / norm])
    return worst(statement, ratio, np.ones(1), None, slack=slack, note="1 − λmin(difference)/‖left‖")


@dataclass(frozen=True)
class Lemma64(Theorem):
    """Lemma 6.4."""

    name: ClassVar[str] = "lemma-6-4"
    title: ClassVar[str] = "Lemma 6.4"
    statement: ClassVar[str] = (
        "The network's covariance dominates that of a quadratic activation, so λ(X) ≥ μ²σ²min(X∗X)."
    )
    reference: ClassVar[str] = "Section 6.3, (6.4), (6.5), Appendix B"

    def applies_to(self, setting: Setting) -> Literal[True] | str:
        """Every activation."""
        return True

    def conclusions(self, setting: Setting, run: Trajectory) -> Sequence[Conclusion]:
        """(6.4) and (6.5)."""
        X = unit_rows(setting.problem.X)
        mu_tilde, mu = setting.constants.mu_tilde.value, setting.constants.mu.value
        gram = X @ X.mT
        return [
            _ordering(
                "(6.4) Σ(X) ⪰ (μ̃²11ᵀ + μ²XXᵀ) ⊙ XXᵀ",
                setting.Sigma,
                (mu_tilde**2 + mu**2 * gram) * gram,
            ),
            _below(
                "(6.5) λ(X) ≥ μ²σ²min(X∗X)", setting.quadratic_bound, setting.lambda_, setting.khatri_rao.note
            ),
        ]


@dataclass(frozen=True)
class LemmaH1(Theorem):
    """Lemma H.1.

    Attributes
    ----------
    order : int
        r = 0, …, order are evaluated.
    """

    name: ClassVar[str] = "lemma-h-1"
    title: ClassVar[str] = "Lemma H.1"
    statement: ClassVar[str] = "λ(X) ≥ μ_r²(φ′)σ²min(X^{∗(r+1)}) for every r."
    reference: ClassVar[str] = "Appendix H, (H.1), (H.2), with φ′ for φ in (H.1)"
    order: int = 3

    def applies_to(self, setting: Setting) -> Literal[True] | str:
        """Every activation."""
        return True

    def conclusions(self, setting: Setting, run: Trajectory) -> Sequence[Conclusion]:
        """(H.2) for r = 0, …, order."""
        found = []
        for r in range(min(self.order, len(setting.constants.hermite_derivative) - 1) + 1):
            spectrum = khatri_rao_spectrum(setting.problem.X, r + 1)
            bound = (float(setting.constants.hermite_derivative[r]) * spectrum.sigma_min) ** 2
            statement = f"(H.2) λ(X) ≥ μ²_{r}(φ′)σ²min(X^{{∗{r + 1}}})"
            found.append(_below(statement, bound, setting.lambda_, spectrum.note))
        return found


@dataclass(frozen=True)
class LemmaH2(Theorem):
    """Lemma H.2.

    Attributes
    ----------
    order : int
        r = 1, …, order are evaluated.
    """

    name: ClassVar[str] = "lemma-h-2"
    title: ClassVar[str] = "Lemma H.2"
    statement: ClassVar[str] = (
        "λ̃(X) ≥ μ_r²(φ)σ²min(X^{∗r}) for every r ≥ 1; for r = 2, μ₂(φ) = γ (Section 3)."
    )
    reference: ClassVar[str] = "Appendix H, (H.3), (H.4)"
    order: int = 4

    def applies_to(self, setting: Setting) -> Literal[True] | str:
        """Every activation."""
        return True

    def conclusions(self, setting: Setting, run: Trajectory) -> Sequence[Conclusion]:
        """(H.4) for r = 1, …, order."""
        found = []
        for r in range(1, min(self.order, len(setting.constants.hermite_value) - 1) + 1):
            spectrum = khatri_rao_spectrum(setting.problem.X, r)
            bound = (float(setting.constants.hermite_value[r]) * spectrum.sigma_min) ** 2
            statement = f"(H.4) λ̃(X) ≥ μ²_{r}(φ)σ²min(X^{{∗{r}}})"
            found.append(_below(statement, bound, setting.lambda_tilde, spectrum.note))
        return found


def _separated(setting: Setting) -> Hypothesis:
    separation = setting.separation
    return Hypothesis("min(‖xᵢ − xⱼ‖, ‖xᵢ + xⱼ‖) ≥ δ > 0", separation, 0.0, separation > 0.0, "δ is measured")


def _separation_bound(setting: Setting) -> float:
    """δ/(100n²); δ ≤ √2 however few samples there are."""
    return min(setting.separation, math.sqrt(2.0)) / (100.0 * setting.n**2)


@dataclass(frozen=True)
class TheoremI1(Theorem):
    """Theorem I.1."""

    name: ClassVar[str] = "theorem-i-1"
    title: ClassVar[str] = "Theorem I.1"
    statement: ClassVar[str] = (
        "For δ-separated samples the covariance of the indicators 1{Xw ≥ 0} is at least δ/(100n²)."
    )
    reference: ClassVar[str] = "Appendix I, (I.1)"

    def applies_to(self, setting: Setting) -> Literal[True] | str:
        """Data alone."""
        return True

    def hypotheses(self, setting: Setting) -> Sequence[Hypothesis]:
        """Separation."""
        return [_separated(setting)]

    def conclusions(self, setting: Setting, run: Trajectory) -> Sequence[Conclusion]:
        """(I.1)."""
        X = unit_rows(setting.problem.X)
        entry = closed_form(ReLU(), derivative=True)
        if entry is None:
            raise AssertionError("the ReLU has a closed form")
        matrix = correlation_matrix(X, entry, 0.5, with_sine=True)
        rounding = 100.0 * setting.n * setting.d * precision(X)
        value = smallest_eigenvalue(Kernel(matrix, 0.0, 0.0, rounding, "closed form"))
        return [_below("(I.1) λmin(E[1{Xw≥0}1{Xw≥0}ᵀ]) ≥ δ/(100n²)", _separation_bound(setting), value)]


@dataclass(frozen=True)
class CorollaryI2(Theorem):
    """Corollary I.2."""

    name: ClassVar[str] = "corollary-i-2"
    title: ClassVar[str] = "Corollary I.2"
    statement: ClassVar[str] = "For δ-separated samples λ(X) of the ReLU is at least δ/(100n²)."
    reference: ClassVar[str] = "Appendix I, (I.4)"

    def applies_to(self, setting: Setting) -> Literal[True] | str:
        """Data alone: it is about the ReLU's Σ, whatever is trained."""
        return True

    def hypotheses(self, setting: Setting) -> Sequence[Hypothesis]:
        """Separation."""
        return [_separated(setting)]

    def conclusions(self, setting: Setting, run: Trajectory) -> Sequence[Conclusion]:
        """(I.4)."""
        value = smallest_eigenvalue(network_covariance(setting.problem.X, ReLU()))
        return [_below("(I.4) λmin(Σ(X)) of the ReLU ≥ δ/(100n²)", _separation_bound(setting), value)]
