"""Result for one theorem: evaluated on a problem and run, not applicable, or failed."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from overparam.theory.theorems.base import Conclusion, Hypothesis, Theorem

__all__ = ["Evaluated", "Failed", "Inapplicable", "Rate", "json_number"]


class Rate(NamedTuple):
    """Fraction by which ‖f(W_τ) − y‖ falls per update, on average over the run.

    Attributes
    ----------
    measured, promised : float
        1 − (last/first)^{1/updates} of the residual and of its bound; negative if it rises.
    """

    measured: float
    promised: float

    def to_json(self) -> dict[str, float | None]:
        """Return both numbers; a non-finite one is null."""
        return {name: json_number(value) for name, value in self._asdict().items()}


@dataclass(frozen=True)
class Evaluated:
    """One theorem evaluated on one problem and run.

    Attributes
    ----------
    theorem : Theorem
    hypotheses : tuple of Hypothesis
    conclusions : tuple of Conclusion
    probability : float or None
        Probability that the paper states for the conclusions; negative if it promises nothing.
    residual_bound : ndarray, shape (m,), or None
        The promised bound on ‖f(W_τ) − y‖ at the run's iterations.
    rate : Rate or None
        Rate of the run, and of the bound; None without a bound or without updates.
    smallest_width : float or None
        The smallest k that meets the theorem's width condition for this X; inf if none does, None without a
        condition with known constants.
    """

    theorem: Theorem
    hypotheses: tuple[Hypothesis, ...]
    conclusions: tuple[Conclusion, ...]
    probability: float | None
    residual_bound: NDArray[np.float64] | None = None
    rate: Rate | None = None
    smallest_width: float | None = None

    @property
    def hypotheses_met(self) -> bool | None:
        """Whether all hypotheses hold; None if none fails and one is undecided."""
        return _together(h.holds for h in self.hypotheses)

    @property
    def promises_kept(self) -> bool | None:
        """Whether all conclusions hold; None if none fails and one has no verdict, or if there are none."""
        return _together(c.holds for c in self.conclusions) if self.conclusions else None

    @property
    def missed_most(self) -> Hypothesis | None:
        """The hypothesis that fails by the largest factor; None if none fails."""
        failed = [h for h in self.hypotheses if h.holds is False]
        return max(failed, key=lambda h: h.missed_by or 0.0, default=None)

    @property
    def vacuous(self) -> bool:
        """Whether it promises nothing here: no positive probability, or only vacuous conclusions."""
        improbable = self.probability is not None and self.probability <= 0.0
        return improbable or bool(self.conclusions and all(c.vacuous for c in self.conclusions))

    @property
    def worst_ratio(self) -> float | None:
        """The largest ratio of measured to promised over conclusions with a verdict; None without any."""
        told = [c.worst_ratio for c in self.conclusions if c.holds is not None]
        return max((one for one in told if not math.isnan(one)), default=None)

    def to_json(self) -> dict[str, Any]:
        """Return the element of "theorems" in the JSON of ``overparam certify``."""
        missed = self.missed_most
        return {
            **_named(self.theorem),
            "applies": True,
            "reason": None,
            "hypotheses_met": self.hypotheses_met,
            "missed_by": json_number(None if missed is None else missed.missed_by),
            "promises_kept": self.promises_kept,
            "worst_ratio": json_number(self.worst_ratio),
            "rate": self.rate and self.rate.to_json(),
            "probability": json_number(self.probability),
            "vacuous": self.vacuous,
            "smallest_width": json_number(self.smallest_width),
            "hypotheses": [
                {
                    "statement": h.statement,
                    "left": json_number(h.left),
                    "right": json_number(h.right),
                    "ratio": json_number(h.ratio),
                    "holds": h.holds,
                    "missed_by": json_number(h.missed_by),
                    "at_iteration": h.at_iteration,
                    "note": h.note,
                }
                for h in self.hypotheses
            ],
            "conclusions": [
                {
                    "statement": c.statement,
                    "worst_ratio": json_number(c.worst_ratio),
                    "at_iteration": c.at_iteration,
                    "holds": c.holds,
                    "vacuous": c.vacuous,
                    "note": c.note,
                }
                for c in self.conclusions
            ],
        }


@dataclass(frozen=True)
class Inapplicable:
    """A theorem for another setting.

    Attributes
    ----------
    theorem : Theorem
    reason : str
    """

    theorem: Theorem
    reason: str

    def to_json(self) -> dict[str, Any]:
        """Return the element of "theorems" in the JSON of ``overparam certify``: no verdicts, no sides."""
        verdicts = (
            "hypotheses_met",
            "missed_by",
            "promises_kept",
            "worst_ratio",
            "rate",
            "probability",
            "vacuous",
            "smallest_width",
        )
        return {
            **_named(self.theorem),
            "applies": False,
            "reason": self.reason,
            **dict.fromkeys(verdicts),
            "hypotheses": [],
            "conclusions": [],
        }


@dataclass(frozen=True)
class Failed:
    """A theorem that could not be evaluated.

    Attributes
    ----------
    name : str
        Title of the theorem, or its component's name if it has no title.
    component : str
    origin : str
        The distribution that provides it, or its module if that is unknown.
    reason : str
    """

    name: str
    component: str
    origin: str
    reason: str

    def to_json(self) -> dict[str, Any]:
        """Return the element of "failed" in the JSON of ``overparam certify``."""
        return {
            "name": self.name,
            "component": self.component,
            "distribution": self.origin,
            "reason": self.reason,
        }


def json_number(value: float | None) -> float | None:
    """Return the number, or None if JSON cannot represent it."""
    return float(value) if value is not None and math.isfinite(value) else None


def _named(theorem: Theorem) -> dict[str, Any]:
    return {
        "name": theorem.title,
        "component": theorem.specification(),
        "statement": theorem.statement,
        "reference": theorem.reference,
    }


def _together(verdicts: Iterable[bool | None]) -> bool | None:
    """False if one is False, else None if one is None, else True."""
    seen = set(verdicts)
    return False if False in seen else None if None in seen else True
