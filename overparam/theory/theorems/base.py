"""The contract of a theorem: whom it is about, what it asks for, and what it promises."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from overparam.components import Component
from overparam.theory.probes import Trajectory
from overparam.theory.setting import Setting

__all__ = ["Conclusion", "Hypothesis", "Theorem", "at_least", "at_most", "largest_constant", "worst"]

_ROUNDING = 1e-6
"""Relative; what single precision can separate two sides by that are equal."""


@dataclass(frozen=True)
class Hypothesis:
    """One condition, with its two sides evaluated.

    Attributes
    ----------
    statement : str
        In symbols, with its number in the paper.
    left, right : float
    holds : bool or None
        None where the condition has a constant that the paper does not give: `ratio` is then the
        constant at which it would just hold.
    note : str
        Where a constant comes from, or what makes a side zero or infinite.
    """

    statement: str
    left: float
    right: float
    holds: bool | None
    note: str = ""

    @property
    def ratio(self) -> float:
        """`left` over `right`; inf where only the right side is zero, nan where both are."""
        return _ratio(self.left, self.right)


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
        None where there is nothing to compare.
    note : str
    """

    statement: str
    worst_ratio: float
    at_iteration: int | None
    holds: bool | None
    note: str = ""


@dataclass(frozen=True)
class Theorem(Component):
    """A theorem, corollary or lemma that can be evaluated on a problem and a run.

    A hypothesis that fails does not stop the conclusions being measured: how far they hold beyond the
    theorem is the point.

    Attributes
    ----------
    title : str
        As its paper calls it, e.g. "Theorem 2.1".
    statement : str
        In words.
    reference : str
        Paper, section, equations.
    """

    kind: ClassVar[str] = "theorem"
    title: ClassVar[str]
    statement: ClassVar[str]
    reference: ClassVar[str]

    @abstractmethod
    def applies_to(self, setting: Setting) -> Literal[True] | str:
        """Return True, or a sentence that says why the theorem is not about this setting."""

    def hypotheses(self, setting: Setting) -> Sequence[Hypothesis]:
        """Evaluate what the theorem asks for; none for one that asks nothing more than `applies_to`."""
        return ()

    @abstractmethod
    def conclusions(self, setting: Setting, run: Trajectory) -> Sequence[Conclusion]:
        """Evaluate what the theorem promises on a run that `follow` returned."""

    def residual_bound(self, setting: Setting, run: Trajectory) -> NDArray[np.float64] | None:
        """Return the promised bound on ‖f(W_τ) − y‖ at run.iterations, shape (m,), or None for none."""
        return None

    def probability(self, setting: Setting) -> float | None:
        """Return the probability with which the paper promises it, negative where it promises nothing."""
        return None


def at_least(statement: str, left: float, right: float, note: str = "") -> Hypothesis:
    """The condition left ≥ right, allowing for the rounding of two ways to compute one number."""
    return Hypothesis(statement, left, right, bool(left >= right * (1.0 - _ROUNDING)), note)


def at_most(statement: str, left: float, right: float, note: str = "") -> Hypothesis:
    """The condition left ≤ right, with the same allowance."""
    return Hypothesis(statement, left, right, bool(left <= right * (1.0 + _ROUNDING)), note)


def largest_constant(statement: str, left: float, right: float, note: str = "") -> Hypothesis:
    """The condition left ≥ C·right for a C that is not given; `ratio` is the largest that does."""
    text = "C is not given: the ratio is the largest C for which this holds"
    return Hypothesis(statement, left, right, None, f"{text}; {note}" if note else text)


def worst(
    statement: str,
    small: NDArray[np.float64],
    large: NDArray[np.float64],
    iterations: NDArray[np.int64] | None,
    *,
    slack: NDArray[np.float64] | float = 0.0,
    note: str = "",
) -> Conclusion:
    """The promise small ≤ large all along: the largest ratio of the two and where.

    Parameters
    ----------
    statement : str
    small, large : ndarray, shape (m,)
    iterations : ndarray of int, shape (m,), or None
        None for a promise that is not about a run (m = 1).
    slack : ndarray, shape (m,), or float
        How far `small` can be above its true value by rounding: the promise counts as broken only
        beyond it.
    note : str
    """
    if not len(small):
        return Conclusion(statement, math.nan, None, None, "nothing on this run to compare")
    ratios = np.array([_ratio(float(a), float(b)) for a, b in zip(small, large, strict=True)])
    at = int(np.argmax(np.where(np.isnan(ratios), -math.inf, ratios)))
    kept = small - slack <= large * (1.0 + _ROUNDING)
    where = None if iterations is None else int(iterations[at])
    return Conclusion(statement, float(ratios[at]), where, bool(np.all(kept)), note)


def _ratio(a: float, b: float) -> float:
    if math.isinf(a) and math.isinf(b):
        return math.nan
    if b == 0.0:
        return math.nan if a == 0.0 else math.inf
    return a / b
