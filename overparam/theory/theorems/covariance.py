"""Lower bounds on Σ and Σ̃: Lemmas 6.4, H.1 and H.2, Theorem I.1, Corollary I.2."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from overparam.arrays import Array, array_namespace
from overparam.methods import Layers
from overparam.model.activations import ReLU
from overparam.model.losses import Loss
from overparam.quantities.correlations import correlation_matrix, precision, unit_rows
from overparam.quantities.gaussian import Estimate
from overparam.quantities.hermite import HermiteSeries, hermite_series
from overparam.quantities.intervals import Interval
from overparam.quantities.khatri_rao import khatri_rao_spectrum, product_of_squares
from overparam.theory.closed_forms import closed_form
from overparam.theory.kernels import Kernel, network_covariance, smallest_eigenvalue
from overparam.theory.probes import Trajectory
from overparam.theory.setting import Setting
from overparam.theory.theorems.base import Conclusion, Hypothesis, LowerBound, Theorem
from overparam.theory.theorems.comparisons import notes, worst
from overparam.theory.theorems.promises import wants_relu

__all__ = [
    "CorollaryI2",
    "Lemma64",
    "LemmaH1",
    "LemmaH2",
    "TheoremI1",
    "separation_bound",
    "separation_hypothesis",
]


def _below(statement: str, bound: Interval, value: Interval, note: str = "") -> Conclusion:
    """The conclusion bound ≤ value; decided only if the errors of both allow it."""
    found = worst(statement, bound, value, None, rounding=0.0, note=note)
    # A bound of exactly zero holds for every positive semidefinite matrix.
    return replace(found, holds=True, note=note) if bound.high == 0.0 else found


def _ordering(statement: str, larger: Kernel, smaller: Array, error: float) -> Conclusion:
    """The conclusion smaller ⪯ larger, as 1 − λmin(larger − smaller)/‖larger‖ ≤ 1; `error` is smaller's."""
    xp = array_namespace(smaller)
    gap = xp.linalg.eigvalsh(larger.matrix - smaller)
    norm = float(xp.max(xp.abs(xp.linalg.eigvalsh(larger.matrix))))
    if norm == 0.0:
        return Conclusion(statement, math.nan, None, None, "Σ(X) is zero: there is nothing to compare")
    n = smaller.shape[0]
    slack = (larger.error + error) / norm + n * precision(smaller)
    value = 1.0 - float(xp.min(gap)) / norm
    side = Interval(value - slack, value, value + slack)
    return worst(statement, side, 1.0, None, rounding=0.0, note="1 − λmin(difference)/‖left‖")


@dataclass(frozen=True)
class Lemma64(Theorem):
    """Lemma 6.4."""

    name: ClassVar[str] = "lemma-6-4"
    title: ClassVar[str] = "Lemma 6.4"
    statement: ClassVar[str] = (
        "The network's covariance dominates that of a quadratic activation, so λ(X) ≥ μ²σ²min(X∗X)."
    )
    reference: ClassVar[str] = "Section 6.3, (6.4), (6.5), Appendix B"
    loss: ClassVar[type[Loss] | None] = None
    layers: ClassVar[Layers | None] = None

    def objection(self, setting: Setting) -> str | None:
        """Accept every activation."""
        return None

    def conclusions(self, setting: Setting, run: Trajectory) -> Sequence[Conclusion]:
        """Evaluate (6.4) and (6.5)."""
        X = unit_rows(setting.problem.X)
        mu_tilde, mu = setting.constants.mu_tilde, setting.constants.mu
        # The norms of XXᵀ and of its entrywise square are at most n.
        error = 2.0 * (abs(mu_tilde.value) * mu_tilde.error + abs(mu.value) * mu.error) * setting.n
        gram = X @ X.mT
        return [
            _ordering(
                "(6.4) Σ(X) ⪰ (μ̃²11ᵀ + μ²XXᵀ) ⊙ XXᵀ",
                setting.Sigma,
                (mu_tilde.value**2 + mu.value**2 * gram) * gram,
                error,
            ),
            _below(
                "(6.5) λ(X) ≥ μ²σ²min(X∗X)",
                setting.quadratic_interval,
                setting.lambda_interval,
                setting.quadratic_note,
            ),
        ]

    def lambda_bound(self, setting: Setting) -> LowerBound:
        """Return (6.5)."""
        return LowerBound("μ²σ²min(X∗X)", setting.quadratic_interval, setting.quadratic_note)


@dataclass(frozen=True)
class LemmaH1(Theorem):
    """Lemma H.1.

    Attributes
    ----------
    order : int
        The statement is evaluated for r = 0, …, order.
    """

    name: ClassVar[str] = "lemma-h-1"
    title: ClassVar[str] = "Lemma H.1"
    statement: ClassVar[str] = "λ(X) ≥ μ_r²(φ′)σ²min(X^{∗(r+1)}) for every r."
    reference: ClassVar[str] = "Appendix H, (H.1), (H.2), with φ′ for φ in (H.1)"
    loss: ClassVar[type[Loss] | None] = None
    layers: ClassVar[Layers | None] = None
    order: int = 3

    def objection(self, setting: Setting) -> str | None:
        """Accept every activation."""
        return None

    def conclusions(self, setting: Setting, run: Trajectory) -> Sequence[Conclusion]:
        """Evaluate (H.2) for r = 0, …, order."""
        return [
            _below(f"(H.2) λ(X) ≥ μ²_{r}(φ′)σ²min(X^{{∗{r + 1}}})", bound, setting.lambda_interval, note)
            for r, (bound, note) in enumerate(self._bounds(setting))
        ]

    def lambda_bound(self, setting: Setting) -> LowerBound:
        """Return the largest of (H.2)."""
        bounds = self._bounds(setting)
        r = max(range(len(bounds)), key=lambda r: float(bounds[r][0].value))
        best, reason = bounds[r]
        which = f"the largest of r = 0, …, {self.order} is at r = {r}"
        symbol = "max_r μ_r²(φ′)σ²min(X^{∗(r+1)})"
        return LowerBound(symbol, best, which if best.positive else notes("vacuous: all are zero", reason))

    def _bounds(self, setting: Setting) -> list[tuple[Interval, str]]:
        """Right sides of (H.2), each with the reason if it is zero."""
        series = hermite_series(setting.activation, self.order, derivative=True)
        spectra = [khatri_rao_spectrum(setting.problem.X, r + 1) for r in range(self.order + 1)]
        return [
            (product_of_squares(_size(series, r), spectrum, setting.n), spectrum.note)
            for r, spectrum in enumerate(spectra)
        ]


@dataclass(frozen=True)
class LemmaH2(Theorem):
    """Lemma H.2.

    Attributes
    ----------
    order : int
        The statement is evaluated for r = 1, …, order.
    """

    name: ClassVar[str] = "lemma-h-2"
    title: ClassVar[str] = "Lemma H.2"
    statement: ClassVar[str] = (
        "λ̃(X) ≥ μ_r²(φ)σ²min(X^{∗r}) for every r ≥ 1; for r = 2, μ₂(φ) = γ (Section 3)."
    )
    reference: ClassVar[str] = "Appendix H, (H.3), (H.4)"
    loss: ClassVar[type[Loss] | None] = None
    layers: ClassVar[Layers | None] = None
    order: int = 4

    def objection(self, setting: Setting) -> str | None:
        """Accept every activation."""
        return None

    def conclusions(self, setting: Setting, run: Trajectory) -> Sequence[Conclusion]:
        """Evaluate (H.4) for r = 1, …, order."""
        found = []
        series = hermite_series(setting.activation, self.order)
        for r in range(1, self.order + 1):
            spectrum = khatri_rao_spectrum(setting.problem.X, r)
            bound = product_of_squares(_size(series, r), spectrum, setting.n)
            statement = f"(H.4) λ̃(X) ≥ μ²_{r}(φ)σ²min(X^{{∗{r}}})"
            found.append(_below(statement, bound, setting.lambda_tilde_interval, spectrum.note))
        return found


def _size(series: HermiteSeries, r: int) -> Estimate:
    """|μ_r| with its error."""
    return Estimate(abs(float(series.coefficients[r])), float(series.errors[r]))


def separation_hypothesis(setting: Setting, statement: str) -> Hypothesis:
    """The hypothesis δ > 0, as far as δ can be distinguished from zero."""
    found = setting.separation_interval
    holds = True if found.positive else False if setting.separation == 0.0 else None
    return Hypothesis(statement, float(found.low), 0.0, holds, "δ is measured")


def separation_bound(setting: Setting) -> Interval:
    """δ/(100n²), with δ ≤ √2 for any number of samples: a single sample has no separation."""
    return setting.separation_interval.through(lambda one: min(one, math.sqrt(2.0)) / (100.0 * setting.n**2))


_SEPARATED = "min(‖xᵢ − xⱼ‖, ‖xᵢ + xⱼ‖) ≥ δ > 0"


@dataclass(frozen=True)
class TheoremI1(Theorem):
    """Theorem I.1."""

    name: ClassVar[str] = "theorem-i-1"
    title: ClassVar[str] = "Theorem I.1"
    statement: ClassVar[str] = (
        "For δ-separated samples the covariance of the indicators 1{Xw ≥ 0} is at least δ/(100n²)."
    )
    reference: ClassVar[str] = "Appendix I, (I.1)"
    loss: ClassVar[type[Loss] | None] = None
    layers: ClassVar[Layers | None] = None

    def objection(self, setting: Setting) -> str | None:
        """Accept every setting: it is about the data alone."""
        return None

    def hypotheses(self, setting: Setting, run: Trajectory) -> Sequence[Hypothesis]:
        """Evaluate the separation."""
        return [separation_hypothesis(setting, _SEPARATED)]

    def conclusions(self, setting: Setting, run: Trajectory) -> Sequence[Conclusion]:
        """Evaluate (I.1)."""
        X = unit_rows(setting.problem.X)
        entry = closed_form(ReLU(), derivative=True)
        if entry is None:
            raise AssertionError("the ReLU has a closed form")
        matrix = correlation_matrix(X, entry, 0.5, with_sine=True)
        rounding = 100.0 * setting.n * setting.d * precision(X)
        value = smallest_eigenvalue(Kernel(matrix, 0.0, 0.0, rounding, "closed form"))
        return [
            _below(
                "(I.1) λmin(E[1{Xw≥0}1{Xw≥0}ᵀ]) ≥ δ/(100n²)",
                separation_bound(setting),
                Interval.eigenvalue(value),
            )
        ]


@dataclass(frozen=True)
class CorollaryI2(Theorem):
    """Corollary I.2."""

    name: ClassVar[str] = "corollary-i-2"
    title: ClassVar[str] = "Corollary I.2"
    statement: ClassVar[str] = "For δ-separated samples λ(X) of the ReLU is at least δ/(100n²)."
    reference: ClassVar[str] = "Appendix I, (I.4)"
    loss: ClassVar[type[Loss] | None] = None
    layers: ClassVar[Layers | None] = None

    def objection(self, setting: Setting) -> str | None:
        """Accept every setting: it is about the ReLU's Σ, for any trained layers."""
        return None

    def hypotheses(self, setting: Setting, run: Trajectory) -> Sequence[Hypothesis]:
        """Evaluate the separation."""
        return [separation_hypothesis(setting, _SEPARATED)]

    def conclusions(self, setting: Setting, run: Trajectory) -> Sequence[Conclusion]:
        """Evaluate (I.4)."""
        value = smallest_eigenvalue(network_covariance(setting.problem.X, ReLU()))
        return [
            _below(
                "(I.4) λmin(Σ(X)) of the ReLU ≥ δ/(100n²)",
                separation_bound(setting),
                Interval.eigenvalue(value),
            )
        ]

    def lambda_bound(self, setting: Setting) -> LowerBound | str:
        """Return (I.4), for the ReLU."""
        if (reason := wants_relu(setting)) is not None:
            return reason
        bound = separation_bound(setting)
        return LowerBound("δ/(100n²)", bound, "" if bound.positive else "vacuous: δ is zero within its error")
