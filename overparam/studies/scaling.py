"""The boundary of a whole study: its table, its scaling, and the limits of the data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from overparam.markup import table
from overparam.studies.boundary import Crossing, crossings_of
from overparam.studies.diagram import ParameterCount
from overparam.studies.errors import StudyError
from overparam.studies.exponents import Exponents, Interval, LocalExponent, exponents_of, local_exponents
from overparam.studies.grid import Cell
from overparam.studies.tallies import Tally

__all__ = ["BoundaryScaling"]

_FEW = 5  # degrees of freedom
_DECADE = 10.0
_CLAIMED = ((1.0, "1"), (1.5, "3/2"), (2.0, "2"))
"""Exponents of n that theories claim for the width."""


@dataclass(frozen=True)
class BoundaryScaling:
    """The boundary at which half of the training runs succeed, and its growth with n and d.

    Attributes
    ----------
    tallies : mapping of Cell to Tally
        Outcomes of the trials by cell.
    count : ParameterCount
        Counts the effective parameters.
    level : float
        Level of all intervals, in (0, 1).
    """

    tallies: Mapping[Cell, Tally]
    count: ParameterCount
    level: float = 0.95

    def __post_init__(self) -> None:
        if not 0.0 < self.level < 1.0:
            raise ValueError(f"level must lie between 0 and 1, got {self.level}")

    @cached_property
    def crossings(self) -> list[Crossing]:
        """The boundary at every (n, d), ordered."""
        return crossings_of(self.tallies, self.count, self.level)

    @property
    def exponents(self) -> Exponents | None:
        """The exponents of effective parameters ~ n^α · d^β; None if undetermined (see `sentence`)."""
        return self._fit[0]

    @cached_property
    def without_smallest(self) -> Exponents | None:
        """The exponents without the smallest n; None if fewer than two n would remain."""
        sizes = sorted({cell.n for cell in self.tallies})
        if len(sizes) < 3:
            return None
        larger = {cell: tally for cell, tally in self.tallies.items() if cell.n > sizes[0]}
        try:
            return exponents_of(larger, self.count, lambda: self._above(sizes[0]), self.level)
        except (ValueError, StudyError):
            return None

    @cached_property
    def local(self) -> list[LocalExponent]:
        """The exponents between neighbouring n."""
        fit = self.exponents
        return [] if fit is None else local_exponents(self.crossings, fit.along, self.level)

    @cached_property
    def sentence(self) -> str:
        """The scaling and the limits of the data, in plain words."""
        fit, reason = self._fit
        open_ends = sum(crossing.k is None for crossing in self.crossings)
        said = []
        if fit is None:
            said.append(f"The data do not determine the scaling: {reason}.")
        else:
            said += [_growth(fit, self.level), *_claims(fit), *_limits(fit, self.crossings)]
            said += _steadiness(fit, self.without_smallest, self.local)
        if open_ends:
            said.append(
                f"At {open_ends} of {len(self.crossings)} (n, d) all trials had the same outcome: the "
                "boundary is bounded on one side only, and is not in the fit."
            )
        return " ".join(said)

    @cached_property
    def _fit(self) -> tuple[Exponents | None, str]:
        try:
            return exponents_of(self.tallies, self.count, lambda: self.crossings, self.level), ""
        except (ValueError, StudyError) as error:
            return None, str(error)

    def _above(self, n: int) -> list[Crossing]:
        return [crossing for crossing in self.crossings if crossing.n > n]

    def __repr__(self) -> str:
        fit = self.exponents
        alpha = "unknown" if fit is None or fit.alpha is None else f"{fit.alpha.value:.3f}"
        return f"BoundaryScaling({len(self.crossings)} (n, d), alpha {alpha})"

    def to_json(self) -> dict[str, Any]:
        """Return an element of "exponents" in the JSON of ``overparam boundary``."""
        return {
            **_fit_document(self.exponents),
            "without_smallest_n": _fit_document(self.without_smallest),
            "local": [
                {"n": each.n, "next_n": each.next_n, **_ends("alpha", each.alpha)} for each in self.local
            ],
            "sentence": self.sentence,
        }

    def _repr_html_(self) -> str:
        head = ("n", "d", "k", "low", "high", "effective/n", "trials")
        rows = ((c.n, c.d, c.k, c.k_low, c.k_high, c.effective_ratio, c.trials) for c in self.crossings)
        return table(self.sentence, rows, head)


def _fit_document(fit: Exponents | None) -> dict[str, Any]:
    alpha, beta = (None, None) if fit is None else (fit.alpha, fit.beta)
    rest = {name: fit and getattr(fit, name) for name in ("along", "cells", "method")}
    return {**_ends("alpha", alpha), **_ends("beta", beta), **rest}


def _ends(name: str, power: Interval | None) -> dict[str, float | None]:
    return {name + end: power and power[i] for i, end in enumerate(("", "_low", "_high"))}


def _growth(fit: Exponents, level: float) -> str:
    named = {"n": fit.alpha, "d": fit.beta}
    parts = [
        f"{name}^{power.value:.2f} ({100 * level:g} %: {power.low:.2f} to {power.high:.2f})"
        for name, power in named.items()
        if power is not None
    ]
    where = ""
    if fit.along:
        where = " along d proportional to n" if abs(fit.along - 1) < 1e-6 else f" along d ~ n^{fit.along:.2f}"
    elif fit.beta is None:
        where = " at one d"
    return (
        f"Effective parameters at the boundary grow as {' · '.join(parts)}{where}, from {fit.cells} (n, d)."
    )


def _claims(fit: Exponents) -> list[str]:
    if (alpha := fit.alpha) is None:
        return []
    inside = [name for value, name in _CLAIMED if alpha.low <= value <= alpha.high]
    outside = [name for value, name in _CLAIMED if not alpha.low <= value <= alpha.high]
    where = {"within": inside, "outside": outside}
    parts = [f"{_listed(names)} {side} the interval" for side, names in where.items() if names]
    return [f"Of the exponents of n that theories claim, {' and '.join(parts)}."]


def _listed(names: Sequence[str]) -> str:
    """Return the names with their verb."""
    *first, last = names
    return f"{', '.join(first)} and {last} are" if first else f"{last} is"


def _limits(fit: Exponents, crossings: Sequence[Crossing]) -> list[str]:
    said = []
    sizes = [crossing.n for crossing in crossings]
    if fit.alpha is not None and (span := max(sizes) / min(sizes)) < _DECADE:
        said.append(f"n spans a factor of only {span:.3g}: beyond this range, it is an extrapolation.")
    free = fit.cells - 1 - (fit.alpha is not None) - (fit.beta is not None)
    if free < _FEW:
        said.append(f"{fit.cells} (n, d) are few: the interval has only {free} degrees of freedom.")
    return said


def _steadiness(fit: Exponents, rest: Exponents | None, local: Sequence[LocalExponent]) -> list[str]:
    """Return sentences on whether one power law describes all n."""
    said = []
    if rest is not None and rest.alpha is not None and fit.alpha is not None:
        settled = fit.alpha.low <= rest.alpha.value <= fit.alpha.high
        moved = "." if settled else ", outside the interval: the power law has not settled."
        said.append(f"Without the smallest n the exponent of n is {rest.alpha.value:.2f}{moved}")
    if len(local) > 1:
        first, last = local[0], local[-1]
        if first.alpha.low > last.alpha.high or first.alpha.high < last.alpha.low:
            way = "falls" if last.alpha < first.alpha else "rises"
            said.append(
                f"The local exponent {way} from {first.alpha.value:.2f} between n = {first.n} and "
                f"{first.next_n} to {last.alpha.value:.2f} between n = {last.n} and {last.next_n}: "
                "one power law does not describe all n."
            )
    return said
