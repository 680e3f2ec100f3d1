"""The contract of a theorem: whom it is about, what it asks for, and what it promises."""

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
        Where a side has an error, its end that makes the condition harder to meet: a width computed
        from λ is the one for λ minus its error.
    holds : bool or None
        None where it cannot be told: the errors of the sides leave it open, the condition is about more
        than a run can show, or it has a constant that the paper does not give (`ratio` is then the
        constant at which it would just hold).
    note : str
        Where a constant comes from, or what makes a side zero or infinite.
    at_iteration : int or None
        Where on the run, for a condition that is evaluated along it.
    """

    statement: str
    left: float
    right: float
    holds: bool | None
    note: str = ""
    at_iteration: int | None = None

    @property
    def ratio(self) -> float:
        """`left` over `right`; inf where only the right side is zero, nan where both are."""
        return ratio(self.left, self.right)

    @property
    def missed_by(self) -> float | None:
        """The factor between the two sides where the condition fails; None where it does not.

        inf where one side is zero, infinite or of the other sign.
        """
        if self.holds is not False:
            return None
        return max(self.ratio, 1.0 / self.ratio) if 0.0 < self.ratio < math.inf else math.inf


@dataclass(frozen=True)
class Conclusion:
    """One promise, compared with what was measured.

    Attributes
    ----------
    statement : str
    worst_ratio : float
        The largest, over the run, of the side that should be smaller over the side that should be
        larger: the promise is kept where it is at most 1. Where the promise has a constant that the
        paper does not give, the constant for which it just holds on this run.
    at_iteration : int or None
        Where on the run; None for what is not about a run.
    holds : bool or None
        None where there is nothing to compare, the promise is vacuous, or errors leave it open.
    note : str
    vacuous : bool
        Whether the promise says nothing here, as where a bound is zero; `note` says why.
    """

    statement: str
    worst_ratio: float
    at_iteration: int | None
    holds: bool | None
    note: str = ""
    vacuous: bool = False


@dataclass(frozen=True)
class LowerBound:
    """A number that a theorem proves λ(X) to be at least.

    Attributes
    ----------
    symbol : str
        In symbols.
    value : Interval
        The number with its error.
    note : str
        What makes it zero, or which of several it is.
    """

    symbol: str
    value: Interval
    note: str = ""


@dataclass(frozen=True)
class Theorem(Assertion):
    """A theorem, corollary or lemma that can be evaluated on a problem and a run.

    A hypothesis that fails does not stop the conclusions being measured: how far they hold beyond the
    theorem is the point. A theorem that raises, or returns something else than it should, is named and
    set aside in the certificate.

    A theorem that states a width says so as every `Assertion` does: `claimed`, and `growth` or `width`. A
    `width` alone, without `claimed`, is a condition of the theorem and no claim of its own.

    Attributes
    ----------
    even_width : bool
        Whether its width is about a v without a zero; the paper's v of an odd k has one.
    """

    kind: ClassVar[str] = "theorem"
    even_width: ClassVar[bool] = False

    def hypotheses(self, setting: Setting, run: Trajectory) -> Sequence[Hypothesis]:
        """Evaluate what the theorem asks for; none for one that asks nothing more than `objection`."""
        return ()

    @abstractmethod
    def conclusions(self, setting: Setting, run: Trajectory) -> Sequence[Conclusion]:
        """Evaluate what the theorem promises on a run that `follow` returned."""

    def residual_bound(self, setting: Setting, run: Trajectory) -> NDArray[np.float64] | None:
        """Return the promised bound on ‖f(W_τ) − y‖ at run.iterations, shape (m,), or None for none."""
        return None

    def smallest_width(self, setting: Setting) -> float | None:
        """Return the smallest whole k that meets its condition on the width for this X, by `width`.

        None for a theorem without such a condition, or with a constant that is not given; inf where no k is
        wide enough.
        """
        k = self.width(setting) if self.claimed in ("exact", None) else None
        if k is None or not math.isfinite(k):
            return k
        step = 2 if self.even_width else 1
        return float(step * max(1, math.ceil(k / step)))

    def lambda_bound(self, setting: Setting) -> LowerBound | str | None:
        """Return what it proves λ(X) to be at least, why it does not here, or None if it is about others.

        It stands in the chain of lower bounds of ``overparam theory``.
        """
        return None

    def probability(self, setting: Setting) -> float | None:
        """Return the probability with which the paper promises it, negative where it promises nothing."""
        return None


def ratio(a: float, b: float) -> float:
    """a/b; inf where only b is zero, nan where both are zero or both infinite."""
    if math.isinf(a) and math.isinf(b):
        return math.nan
    if b == 0.0:
        return math.nan if a == 0.0 else math.inf
    return a / b
