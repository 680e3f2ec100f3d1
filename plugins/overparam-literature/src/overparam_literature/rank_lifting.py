"""Rank lifting, the full rank of random features: Becchetti, Russo & Skorupinski, arXiv:2609.39855.

It is a preprint. The numbers of Propositions 4.2 and 4.5 were read by one reader, not checked against the
text. docs/theory/literature.md proves the consequences that are used here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from overparam.plugin import (
    ClaimKind,
    Conclusion,
    Hypothesis,
    Interval,
    Layers,
    Loss,
    LowerBound,
    Setting,
    Theorem,
    Trajectory,
    hidden_features,
)
from overparam_literature.settings import wants_homogeneous, wants_relu

__all__ = ["KernelBound", "RankLifting", "StableRank", "least_angle", "step_kernel"]

_PREPRINT = "arXiv:2609.39855 (preprint)"
_READ = "read by one reader, not checked against the text"
_KERNEL = 0.0071


def least_angle(setting: Setting) -> float:
    """Return the largest θ with θ ≤ every angle between rows of X ≤ π − θ, minus its rounding error."""
    shortest = float(setting.separation_interval.low)
    return 2.0 * math.asin(min(0.5 * shortest, 1.0))


def step_kernel(X: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return E[1{Xw ≥ 0}1{Xw ≥ 0}ᵀ] = (π − angle)/2π for unit rows X of shape (n, d), shape (n, n)."""
    apart = np.linalg.norm(X[:, None, :] - X[None, :, :], axis=-1)
    together = np.linalg.norm(X[:, None, :] + X[None, :, :], axis=-1)
    return np.asarray((math.pi - 2.0 * np.arctan2(apart, together)) / (2.0 * math.pi))


def _output_only(setting: Setting) -> str | None:
    layers = setting.recipe.layers
    return None if layers == "output" else f"it is about training the output layer; the run trains: {layers}"


def _at_least(statement: str, left: float, right: float, note: str = "") -> Hypothesis:
    return Hypothesis(statement, left, right, left >= right, note)


def _at_start(statement: str, small: float, large: float, error: float, note: str = "") -> Conclusion:
    """The promise small ≤ large at W₀, where `large` has an error of at most `error`."""
    if small <= 0.0:
        return Conclusion(statement, math.nan, None, None, note, vacuous=True)
    kept = True if small <= large - error else False if small > large + error else None
    return Conclusion(statement, small / large if large > 0.0 else math.inf, None, kept, note)


def _singular(setting: Setting) -> tuple[NDArray[np.float64], float]:
    """Singular values of φ(XW₀ᵀ), and a bound on the error of each."""
    p = setting.problem
    X, W0 = (np.asarray(array, dtype=np.float64) for array in (p.X, p.W0))
    found = np.linalg.svd(np.asarray(hidden_features(X, W0, setting.activation)), compute_uv=False)
    return found, max(setting.n, setting.k) * float(np.finfo(np.float64).eps) * float(found[0])


@dataclass(frozen=True)
class RankLifting(Theorem):
    """Theorem 3.1 of the preprint: full row rank of random features, from the angles between samples.

    Attributes
    ----------
    failure : float
        The probability of failure, δ in the preprint.
    """

    name: ClassVar[str] = "rank-lifting"
    title: ClassVar[str] = "Rank lifting, Theorem 3.1"
    statement: ClassVar[str] = (
        "With W₀ i.i.d. N(0, 1) and a positively homogeneous φ that is not a monomial, φ(XW₀ᵀ) has full row "
        "rank once k is at least 8π/θ times the larger of n and 4·ln(1/δ)."
    )
    reference: ClassVar[str] = f"{_PREPRINT}, Theorem 3.1"
    loss: ClassVar[type[Loss] | None] = None
    layers: ClassVar[Layers | None] = None
    gaussian_start: ClassVar[bool] = True
    claimed: ClassVar[ClaimKind | None] = "exact"
    formula: ClassVar[str] = "k = (8π/θ)·max{n, 4·ln(1/δ)}"
    caveat: ClassVar[str] = "a preprint"
    failure: float = 0.01

    def objection(self, setting: Setting) -> str | None:
        """Require a positively homogeneous activation that is not a monomial."""
        return wants_homogeneous(setting)

    def reservation(self, setting: Setting) -> str | None:
        """Require training of the output layer."""
        return _output_only(setting)

    def width(self, setting: Setting) -> float:
        """Return (8π/θ)·max{n, 4·ln(1/δ)}; inf if two samples are parallel."""
        theta = least_angle(setting)
        needed = 8.0 * math.pi * max(float(setting.n), 4.0 * math.log(1.0 / self.failure))
        return needed / theta if theta > 0.0 else math.inf

    def hypotheses(self, setting: Setting, run: Trajectory) -> Sequence[Hypothesis]:
        """Evaluate the width."""
        note = "" if least_angle(setting) > 0.0 else "vacuous: two samples are parallel within rounding"
        return [_at_least(self.formula.replace("=", "≥", 1), float(setting.k), self.width(setting), note)]

    def conclusions(self, setting: Setting, run: Trajectory) -> Sequence[Conclusion]:
        """Evaluate the rank at W₀."""
        singular, cutoff = _singular(setting)
        rank = int(np.sum(singular > cutoff))
        ratio = setting.n / rank if rank else math.inf
        # A singular value below the cutoff may be zero, so a missing rank is not certain.
        kept = True if rank >= setting.n else False if setting.k < setting.n else None
        return [Conclusion("rank φ(XW₀ᵀ) ≥ n", ratio, None, kept, f"the numerical rank is {rank}")]

    def probability(self, setting: Setting) -> float:
        """Return 1 − δ."""
        return 1.0 - self.failure


@dataclass(frozen=True)
class StableRank(Theorem):
    """Proposition 4.2 of the preprint: λmin(ΦΦᵀ) ≥ kλ̃/4 for the ReLU; read by one reader, not checked.

    Attributes
    ----------
    failure : float
        The probability of failure, δ in the preprint.
    """

    name: ClassVar[str] = "rank-lifting-stable"
    title: ClassVar[str] = "Rank lifting, Proposition 4.2"
    statement: ClassVar[str] = (
        "With W₀ i.i.d. N(0, 1) and the ReLU, λmin(ΦΦᵀ) is at least kλ̃/4 once k is about n·log²(n)/λ̃."
    )
    reference: ClassVar[str] = f"{_PREPRINT}, Proposition 4.2"
    loss: ClassVar[type[Loss] | None] = None
    layers: ClassVar[Layers | None] = None
    gaussian_start: ClassVar[bool] = True
    claimed: ClassVar[ClaimKind | None] = "exact"
    formula: ClassVar[str] = "k = 16/(1−ln 2)·(n/λ̃)·ln(2√6·n²/λ̃)·ln(n/δ)"
    caveat: ClassVar[str] = f"a preprint; {_READ}"
    failure: float = 0.01

    def objection(self, setting: Setting) -> str | None:
        """Require the ReLU."""
        return wants_relu(setting)

    def reservation(self, setting: Setting) -> str | None:
        """Require training of the output layer."""
        return _output_only(setting)

    def width(self, setting: Setting) -> float:
        """Return the k of the proposition for the lower end of λ̃; 2^{5/2}(Γ(5/2)/√π)^{1/2} is 2√6."""
        n, least = setting.n, float(setting.lambda_tilde_interval.low)
        if least <= 0.0:
            return math.inf
        logs = math.log(2.0 * math.sqrt(6.0) * n * n / least) * math.log(n / self.failure)
        return 16.0 / (1.0 - math.log(2.0)) * n / least * logs

    def hypotheses(self, setting: Setting, run: Trajectory) -> Sequence[Hypothesis]:
        """Evaluate the width."""
        note = f"{setting.lambda_tilde_note}; {_READ}".removeprefix("; ")
        return [_at_least(self.formula.replace("=", "≥", 1), float(setting.k), self.width(setting), note)]

    def conclusions(self, setting: Setting, run: Trajectory) -> Sequence[Conclusion]:
        """Evaluate λmin(ΦΦᵀ) at W₀."""
        singular, cutoff = _singular(setting)
        smallest = float(singular[-1]) if setting.k >= setting.n else 0.0
        error = 2.0 * smallest * cutoff + cutoff * cutoff if setting.k >= setting.n else 0.0
        promised = 0.25 * setting.k * float(setting.lambda_tilde_interval.low)
        note = setting.lambda_tilde_note
        return [_at_start("λmin(ΦΦᵀ) ≥ kλ̃/4 at W₀", promised, smallest * smallest, error, note)]

    def probability(self, setting: Setting) -> float:
        """Return 1 − δ."""
        return 1.0 - self.failure


@dataclass(frozen=True)
class KernelBound(Theorem):
    """Proposition 4.5 of the preprint, and its consequence for λ(X) of the ReLU by Schur's product theorem.

    The proposition bounds λmin of the step function's kernel; λ(X) is at least that
    (docs/theory/literature.md). It was read by one reader, not checked against the text.
    """

    name: ClassVar[str] = "rank-lifting-kernel"
    title: ClassVar[str] = "Rank lifting, Proposition 4.5"
    statement: ClassVar[str] = (
        "λmin(E[1{Xw ≥ 0}1{Xw ≥ 0}ᵀ]) ≥ 0.0071·θ/√ln(2n); so λ(X) of the ReLU is at least as large."
    )
    reference: ClassVar[str] = f"{_PREPRINT}, Proposition 4.5"
    loss: ClassVar[type[Loss] | None] = None
    layers: ClassVar[Layers | None] = None

    def objection(self, setting: Setting) -> str | None:
        """Require the ReLU."""
        return wants_relu(setting)

    def conclusions(self, setting: Setting, run: Trajectory) -> Sequence[Conclusion]:
        """Evaluate the kernel of the step function, and λ(X)."""
        bound = self._bound(setting)
        kernel = step_kernel(np.asarray(setting.problem.X, dtype=np.float64))
        least = float(np.linalg.eigvalsh(kernel)[0])
        # Entries have errors of a few roundings of an angle of at most π.
        error = 8.0 * setting.n * float(np.finfo(np.float64).eps)
        return [
            _at_start("λmin(E[1{Xw≥0}1{Xw≥0}ᵀ]) ≥ 0.0071·θ/√ln(2n)", bound, least, error, _READ),
            _at_start(
                "λ(X) ≥ 0.0071·θ/√ln(2n), by Schur's product theorem",
                bound,
                setting.lambda_.value,
                setting.lambda_.error,
                _READ,
            ),
        ]

    def lambda_bound(self, setting: Setting) -> LowerBound | str:
        """Return the consequence for λ(X) of the ReLU."""
        if (reason := wants_relu(setting)) is not None:
            return reason
        bound = self._bound(setting)
        zero = "" if bound > 0.0 else "; vacuous: two samples are parallel within rounding"
        return LowerBound("0.0071·θ/√ln(2n)", Interval(bound, bound, bound), f"{_PREPRINT}, {_READ}{zero}")

    @staticmethod
    def _bound(setting: Setting) -> float:
        return _KERNEL * least_angle(setting) / math.sqrt(math.log(2.0 * setting.n))
