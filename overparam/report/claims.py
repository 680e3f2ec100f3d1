"""Curves of theorems and fits of exponents, in the form that the page needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, Final

from overparam.theory import Curve

__all__ = ["KINDS", "Claim", "Fit"]

KINDS: Final = {
    "exact": "with its constants",
    "order": "up to a constant",
    "existence": "some width is enough",
    "conjecture": "not proved",
}
"""The kinds of claims, and the meaning of each for the width."""


@dataclass(frozen=True)
class Claim:
    """A width from a theorem or a conjecture, as a curve over d.

    Attributes
    ----------
    name, label, reference : str
        Its name in the program, its label in the legend, and its source.
    kind : str
        One of `KINDS`.
    points : sequence of (d, k)
        Along the curve.
    n : int, optional
        The sample size of the diagrams in which it is drawn; by default all.

    Raises
    ------
    ValueError
        For another kind.
    """

    name: str
    label: str
    reference: str
    kind: str
    points: Sequence[tuple[float, float]]
    n: int | None = None

    @classmethod
    def of(cls, curve: Curve) -> Claim:
        """Return the claim of a theory's curve."""
        points = [(d, k) for d, k in zip(curve.d, curve.k, strict=True) if isfinite(k)]
        fitted = "" if curve.constant is None else f", fitted c = {curve.constant:.3g}"
        label = f"{curve.title}: {curve.formula}{fitted}"
        return cls(curve.name, label, curve.reference, curve.kind, points, curve.n)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"a claim's kind is one of {', '.join(KINDS)}, got {self.kind!r}")


@dataclass(frozen=True)
class Fit:
    """Exponents fitted to boundaries.

    Attributes
    ----------
    exponents : sequence of dict
        As "exponents" of the JSON of ``overparam boundary``: study, alpha, alpha_low, alpha_high, beta,
        beta_low, beta_high, cells, method, sentence; unknown values are None or missing.
    """

    exponents: Sequence[dict[str, Any]] = field(default_factory=tuple)

    @property
    def known(self) -> list[dict[str, Any]]:
        """The fits of studies whose data determine the exponents."""
        return [one for one in self.exponents if one.get("alpha") is not None or one.get("beta") is not None]
