"""The contract of a theorem: scope, hypotheses and conclusions."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from overparam.quantities.intervals import Interval
from overparam.theory.probes import Trajectory
from overparam.theory.setting import Setting
from overparam.theory.theorems.assertion import Assertion

__all__ = ["Conclusion", "Hypothesis", "LowerBound", "Theorem", "ratio"]


@dataclass(frozen=True)
class Hypothesis:
    """One condition, with its two sides evaluated.

    Attributes
    ----------
    statement : str
        In symbols, with its number in the paper.
    left, right : float
        If a side has an error, the end of its interval that makes the condition harder to meet: a width
        computed from λ uses λ minus its error.
    holds : bool or None
        None if undecided: the errors of the sides leave it open, the condition is about more than a run can
        show, or it has a constant that the paper does not give (`ratio` is then the constant at which it
        would just hold).
    note : str
        Source of a constant, or the reason for a side that is zero or infinite.
    at_iteration : int or None
        Iteration of the evaluation, for a condition along the run.
    """

    statement: str
    left: float
    right: float
    holds: bool | None
    note: str = ""
    at_iteration: int | None = None

    @property
    def ratio(self) -> float:
        """`left` over `right`; inf if only the right side is zero, nan if both are."""
        return ratio(self.left, self.right)

    @property
    def missed_by(self) -> float | None:
        """Factor between the two sides of a condition that fails; None if it holds.

        Inf if one side is zero, infinite or of the other sign.
        """
        if self.holds is not False:
            return None
        return max(self.ratio, 1.0 / self.ratio) if 0.0 < self.ratio < math.inf else math.inf


@dataclass(frozen=True)
class Conclusion:
    """One conclusion, compared with the measurement.

    Attributes
    ----------
    statement : str
    worst_ratio : float
        The maximum over the run of the side that should be smaller over the side that should be larger: the
        conclusion holds if it is at most 1. If the conclusion has a constant that the paper does not give,
        the constant for which it just holds on this run.
    at_iteration : int or None
        Iteration of the worst ratio; None if the conclusion is not about a run.
    holds : bool or None
        None if there is nothing to compare, the conclusion is vacuous, or errors leave it open.
    note : str
    vacuous : bool
        Whether the conclusion says nothing here, for example if a bound is zero; `note` says why.
    """

    statement: str
    worst_ratio: float
    at_iteration: int | None
    holds: bool | None
    note: str = ""
    vacuous: bool = False


@dataclass(frozen=True)
class LowerBound:
    """A lower bound on λ(X) that a theorem proves.

    Attributes
    ----------
    symbol : str
        The bound in symbols.
    value : Interval
        The bound with its error.
    note : str
        The reason if it is zero, or which of several bounds it is.
    """

    symbol: str
    value: Interval
    note: str = ""


@dataclass(frozen=True)
class Theorem(Assertion):
    """A theorem, corollary or lemma that can be evaluated on a problem and a run.

    Conclusions are measured even if a hypothesis fails, to show how far they hold beyond the theorem. A
    theorem that raises an exception, or returns a wrong value, is named and set aside in the certificate.

    A theorem states a width in the same way as every `Assertion`: by `claimed`, and `growth` or `width`. A
    `width` without `claimed` is a condition of the theorem, not a claim of its own.

    Attributes
    ----------
    even_width : bool
        Whether its width assumes a v without zeros; the paper's v has one if k is odd.
    """

    kind: ClassVar[str] = "theorem"
    even_width: ClassVar[bool] = False

    def hypotheses(self, setting: Setting, run: Trajectory) -> Sequence[Hypothesis]:
        """Evaluate the hypotheses; an empty sequence if there are none beyond `objection`."""
        return ()

    @abstractmethod
    def conclusions(self, setting: Setting, run: Trajectory) -> Sequence[Conclusion]:
        """Evaluate the conclusions on a run that `follow` returned."""

    def residual_bound(self, setting: Setting, run: Trajectory) -> NDArray[np.float64] | None:
        """Return the promised bound on ‖f(W_τ) − y‖ at run.iterations, shape (m,), or None without one."""
        return None

    def smallest_width(self, setting: Setting) -> float | None:
        """Return the smallest integer k that meets the theorem's width condition for this X, by `width`.

        None for a theorem without such a condition, or with a constant that is not given; inf if no k is wide
        enough.
        """
        k = self.width(setting) if self.claimed in ("exact", None) else None
        if k is None or not math.isfinite(k):
            return k
        step = 2 if self.even_width else 1
        return float(step * max(1, math.ceil(k / step)))

    def lambda_bound(self, setting: Setting) -> LowerBound | str | None:
        """Return the proved lower bound on λ(X), or why there is none here; None if the theorem states none.

        The bound is part of the chain of lower bounds of ``overparam theory``.
        """
        return None

    def probability(self, setting: Setting) -> float | None:
        """Return the probability that the paper gives for the conclusions; negative if vacuous."""
        return None


def ratio(a: float, b: float) -> float:
    """Return a/b; inf if only b is zero, nan if both are zero or both infinite."""
    if math.isinf(a) and math.isinf(b):
        return math.nan
    if b == 0.0:
        return math.nan if a == 0.0 else math.inf
    return a / b
