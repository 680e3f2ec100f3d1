"""Numbers of activation patterns of the ReLU that can flip: Lemmas C.1, C.2 and C.3."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from overparam.arrays.backends import backend_of
from overparam.methods import Layers
from overparam.model.losses import Loss
from overparam.model.network import preactivations
from overparam.theory.probes import Probe, Trajectory
from overparam.theory.setting import Setting
from overparam.theory.theorems.base import Conclusion, Hypothesis, Theorem
from overparam.theory.theorems.comparisons import at_least, worst
from overparam.theory.theorems.promises import probe_iterations, probed, wants_relu

__all__ = ["LemmaC1", "LemmaC2", "LemmaC3"]


def _smallest_entries(setting: Setting) -> NDArray[np.float64]:
    """The minimum over i of |W₀xᵢ|_{m−}, the m-th smallest of |W₀xᵢ|, for m = 1, …, k; shape (k,)."""
    Z = preactivations(setting.problem.X, setting.problem.W0)
    host = np.abs(np.asarray(backend_of(Z).to_numpy(Z), dtype=np.float64))
    return np.asarray(np.min(np.sort(host, axis=0), axis=1))


@dataclass(frozen=True)
class LemmaC1(Theorem):
    """Lemma C.1."""

    name: ClassVar[str] = "lemma-c-1"
    title: ClassVar[str] = "Lemma C.1"
    statement: ClassVar[str] = (
        "The Jacobian moves no more than ‖v‖_∞‖X‖ times the largest change of a sample's slopes."
    )
    reference: ClassVar[str] = "Appendix C.2"
    loss: ClassVar[type[Loss] | None] = None
    layers: ClassVar[Layers | None] = None

    def objection(self, setting: Setting) -> str | None:
        """Accept every activation."""
        return None

    def conclusions(self, setting: Setting, run: Trajectory) -> Sequence[Conclusion]:
        """Evaluate ‖J(W_τ) − J(W₀)‖ at the probes where W has moved."""
        moved = probed(run, "distance") > 0.0
        return [
            worst(
                "‖J(W_τ) − J(W₀)‖ ≤ ‖v‖_∞‖X‖ max_i ‖φ′(W_τxᵢ) − φ′(W₀xᵢ)‖",
                probed(run, "jacobian_change")[moved],
                setting.v_largest * setting.spectral_norm_X * probed(run, "slope_change")[moved],
                probe_iterations(run)[moved],
            )
        ]


@dataclass(frozen=True)
class LemmaC2(Theorem):
    """Lemma C.2, at each probe for the smallest m whose condition holds there."""

    name: ClassVar[str] = "lemma-c-2"
    title: ClassVar[str] = "Lemma C.2"
    statement: ClassVar[str] = (
        "If ‖W − W₀‖ ≤ √m|W₀xᵢ|_{m−} for every sample, at most 2m of the hidden units' slopes flip at any "
        "one of them."
    )
    reference: ClassVar[str] = "Appendix C.2"
    loss: ClassVar[type[Loss] | None] = None
    layers: ClassVar[Layers | None] = None

    def objection(self, setting: Setting) -> str | None:
        """Require the ReLU."""
        return wants_relu(setting)

    def conclusions(self, setting: Setting, run: Trajectory) -> Sequence[Conclusion]:
        """Evaluate max_i ‖φ′(W_τxᵢ) − φ′(W₀xᵢ)‖ ≤ √(2m)."""
        smallest = _smallest_entries(setting)
        radii = np.sqrt(np.arange(1, len(smallest) + 1)) * smallest
        covered: list[tuple[Probe, int]] = []
        moved = [probe for probe in run.probes if probe.distance > 0.0]
        for probe in moved:
            if (within := probe.spectral_distance <= radii).any():
                covered.append((probe, 1 + int(np.argmax(within))))
        missed = len(moved) - len(covered)
        return [
            worst(
                "max_i ‖φ′(W_τxᵢ) − φ′(W₀xᵢ)‖ ≤ √(2m), m the smallest that the distance allows",
                np.array([probe.slope_change for probe, _ in covered]),
                np.array([math.sqrt(2.0 * m) for _, m in covered]),
                np.array([probe.iteration for probe, _ in covered], dtype=np.int64),
                note=f"at {missed} of {len(moved)} probes W is too far for any m" if missed else "",
            )
        ]


@dataclass(frozen=True)
class LemmaC3(Theorem):
    """Lemma C.3, for the m at which it fails with probability at most 1/n."""

    name: ClassVar[str] = "lemma-c-3"
    title: ClassVar[str] = "Lemma C.3"
    statement: ClassVar[str] = "At a W₀ with i.i.d. N(0, 1) entries |W₀xᵢ|_{m−} ≥ m/(2k) for every sample."
    reference: ClassVar[str] = "Appendix C.2.1; m = ⌈12 log n⌉"
    loss: ClassVar[type[Loss] | None] = None
    layers: ClassVar[Layers | None] = None
    gaussian_start: ClassVar[bool] = True

    def objection(self, setting: Setting) -> str | None:
        """Accept every activation."""
        return None

    def width(self, setting: Setting) -> float:
        """Return ⌈12 log n⌉."""
        return float(self._m(setting))

    def hypotheses(self, setting: Setting, run: Trajectory) -> Sequence[Hypothesis]:
        """Evaluate k ≥ m."""
        return [at_least("k ≥ m = ⌈12 log n⌉", float(setting.k), float(self._m(setting)))]

    def conclusions(self, setting: Setting, run: Trajectory) -> Sequence[Conclusion]:
        """Evaluate min_i |W₀xᵢ|_{m−} ≥ m/(2k)."""
        m = min(self._m(setting), setting.k)
        bound = np.array([m / (2.0 * setting.k)])
        return [
            worst(
                f"min_i |W₀xᵢ|_{{m−}} ≥ m/(2k), m = {m}", bound, _smallest_entries(setting)[m - 1 : m], None
            )
        ]

    def probability(self, setting: Setting) -> float:
        """Return 1 − ne^{−m/6}."""
        m = min(self._m(setting), setting.k)
        return 1.0 - setting.n * math.exp(-m / 6.0)

    @staticmethod
    def _m(setting: Setting) -> int:
        return max(1, math.ceil(12.0 * math.log(setting.n)))
