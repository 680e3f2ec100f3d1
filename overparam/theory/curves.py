"""Claims about sufficient widths, as curves k(d) to compare with a measured boundary."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from numbers import Real
from typing import Any, NamedTuple, Protocol

import numpy as np

import overparam as op
from overparam.components import ComponentError, did_you_mean
from overparam.components.faults import described
from overparam.model.data import DataGenerator, Labels
from overparam.model.problem import draw_problem
from overparam.runs import Recipe
from overparam.theory.evaluated import json_number
from overparam.theory.setting import Setting
from overparam.theory.theorems.assertion import Assertion, Claim, ClaimKind
from overparam.theory.theorems.base import Theorem
from overparam.theory.theorems.comparisons import notes

__all__ = ["Claims", "Crossed", "Curve", "LeftOut", "Trained", "chosen", "claims"]

_UNITS = 2  # hidden units of the setting's network: the fewest for which the paper's v fits the theorems
_KEPT = 1024
_DRAWN = "computed for the data of trial 0"


class Trained(Protocol):
    """Specification of a study."""

    @property
    def recipe(self) -> Recipe:
        """What is trained, and how."""

    @property
    def data(self) -> DataGenerator:
        """Source of X."""

    @property
    def labels(self) -> Labels:
        """Source of y."""

    @property
    def seed(self) -> int:
        """Seed of all trials."""


class Crossed(Protocol):
    """A point of a measured boundary; k is None if it is not bracketed."""

    @property
    def n(self) -> int:
        """Samples."""

    @property
    def d(self) -> int:
        """Inputs."""

    @property
    def k(self) -> float | None:
        """The width at which half of the training runs succeed."""


@dataclass(frozen=True)
class Curve:
    """The width that one claim requires, at one n and several d.

    Attributes
    ----------
    name, title, reference : str
        The component's name, the name in its paper, and the place in the paper.
    kind : "exact", "order", "existence" or "conjecture"
    formula : str
        The width in symbols.
    n : int
    d : tuple of int
    k : tuple of float, one per d
        Not an integer in general; inf if no width is enough, nan if the claim does not cover this d.
    constant : float or None
        c of an order claim, fitted to the measured boundary. None for other kinds, and without a boundary to
        fit to: k is then the k at c = 1, and only its slope is meaningful.
    note : str
        Further conditions of the claim, and the data from which k was computed.
    """

    name: str
    title: str
    reference: str
    kind: ClaimKind
    formula: str
    n: int
    d: tuple[int, ...]
    k: tuple[float, ...]
    constant: float | None = None
    note: str = ""

    @property
    def label(self) -> str:
        """Return title, formula, reference and kind, with the constant of an order claim."""
        kind: str = self.kind
        if kind == "order":
            kind = "order, c = 1" if self.constant is None else f"order, fitted c = {self.constant:.3g}"
        return f"{self.title}: {self.formula} ({kind}; {self.reference})"

    def to_json(self) -> dict[str, Any]:
        """Return an element of "claims" in the JSON of ``overparam plot``; non-finite values are null."""
        return {
            "name": self.name,
            "kind": self.kind,
            "reference": self.reference,
            "applies": True,
            "reason": None,
            "title": self.title,
            "formula": self.formula,
            "n": self.n,
            "d": list(self.d),
            "k": [json_number(one) for one in self.k],
            "constant": json_number(self.constant),
            "note": self.note,
        }


@dataclass(frozen=True)
class LeftOut:
    """A claim that does not cover this setting.

    Attributes
    ----------
    name, title, reference, kind, n
        As in `Curve`.
    reason : str
    """

    name: str
    title: str
    reference: str
    kind: ClaimKind
    n: int
    reason: str

    def to_json(self) -> dict[str, Any]:
        """Return an element of "claims" in the JSON of ``overparam plot``."""
        return {
            "name": self.name,
            "kind": self.kind,
            "reference": self.reference,
            "applies": False,
            "reason": self.reason,
            "title": self.title,
            "n": self.n,
        }


class Claims(NamedTuple):
    """The claims about one setting and one n.

    Attributes
    ----------
    curves : tuple of Curve
    left_out : tuple of LeftOut
    """

    curves: tuple[Curve, ...]
    left_out: tuple[LeftOut, ...]

    def to_json(self) -> list[dict[str, Any]]:
        """Return all claims, those that apply first."""
        return [*(one.to_json() for one in self.curves), *(one.to_json() for one in self.left_out)]


def claims(
    of: Trained,
    n: int,
    d: Iterable[int],
    *,
    boundary: Iterable[Crossed] = (),
    assertions: Sequence[Assertion] | None = None,
    delta: float = 1.0,
) -> Claims:
    """Return the width that each claim requires for a setting.

    If a width depends on X, X is the data of trial 0 at each (n, d), drawn with two hidden units. The
    constant of an order claim is fitted to all points of `boundary` that it covers, as the geometric mean of
    their k over the claim's k at c = 1. Results are cached for the rest of the process.

    Parameters
    ----------
    of : Specification, or anything with its recipe, data, labels and seed
    n : int
    d : iterable of int
    boundary : iterable of Crossing, or of anything with n, d and k
        The measured boundary, of any n; default: none.
    assertions : sequence of Theorem and Claim, optional
        Default: all installed ones that state a width.
    delta : float
        δ of the probability statements.

    Returns
    -------
    Claims

    Raises
    ------
    ValueError
        For a size below 1, or if the data cannot be drawn.

    Examples
    --------
    >>> from overparam.studies import Specification
    >>> from overparam.theory import claims
    >>> from overparam.runs import Recipe
    >>> found = claims(Specification(recipe=Recipe()), 20, [4, 5])
    >>> found.curves[0].name, found.curves[0].k
    ('counting', (5.0, 4.0))
    """
    asked = chosen("all") if assertions is None else tuple(one for one in assertions if one.claimed)
    inputs = tuple(int(one) for one in d)
    answers = [_answers(asked, *_key(of), delta, n, one) for one in inputs]
    measured = [one for one in boundary if one.k is not None and math.isfinite(one.k)]
    curves, left_out = list[Curve](), list[LeftOut]()
    for i, one in enumerate(asked):
        found = [at[i] for at in answers]
        kind, reference, title = one.claimed, _text(one, "reference"), _text(one, "title")
        assert kind is not None
        if reason := _nowhere(found):
            left_out.append(LeftOut(one.name, title, reference, kind, n, reason))
            continue
        constant = None
        if kind == "order":
            shape = {(p.n, p.d): _answers(asked, *_key(of), delta, p.n, p.d)[i].k for p in measured}
            constant = _fitted([(float(p.k or 0.0), shape[p.n, p.d]) for p in measured])
        widths = tuple((constant or 1.0) * answer.k for answer in found)
        formula = _text(one, "formula") or str(one.growth or "")
        drawn = _DRAWN if one.growth is None and kind in ("exact", "order") else ""
        note = notes(_text(one, "caveat"), drawn)
        curves.append(Curve(one.name, title, reference, kind, formula, n, inputs, widths, constant, note))
    return Claims(tuple(curves), tuple(left_out))


def chosen(names: str, assertions: Iterable[Assertion] | None = None) -> tuple[Assertion, ...]:
    """Return the assertions that state a width: all of them, or the named ones.

    Parameters
    ----------
    names : str
        "all", or names of components separated by commas.
    assertions : iterable of Theorem and Claim, optional
        The assertions to choose from; default: all that are installed.

    Raises
    ------
    ComponentError
        For an unknown name.
    """
    if assertions is None:
        registry = op.default_registry()
        assertions = (*registry.all_of(Claim), *registry.all_of(Theorem))
    offered = [one for one in assertions if one.claimed]
    if names == "all":
        return tuple(offered)
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    known = {one.name for one in offered}
    if stray := next((name for name in wanted if name not in known), None):
        hint = did_you_mean(stray, known) or f"; choose from all, {', '.join(sorted(known))}"
        raise ComponentError(f"no claim about widths is called {stray!r}{hint}")
    return tuple(one for one in offered if one.name in wanted)


class _Answer(NamedTuple):
    """K, or nan and the reason why there is none."""

    k: float
    reason: str = ""


def _key(of: Trained) -> tuple[Recipe, DataGenerator, str | None, Labels, int]:
    return of.recipe, of.data, of.data.digest(), of.labels, of.seed


@lru_cache(maxsize=_KEPT)
def _answers(
    assertions: tuple[Assertion, ...],
    recipe: Recipe,
    data: DataGenerator,
    digest: str | None,
    labels: Labels,
    seed: int,
    delta: float,
    n: int,
    d: int,
) -> tuple[_Answer, ...]:
    """Answers of all assertions at one (n, d); they share one setting and its eigenvalues."""
    if not data.unit_rows:
        reason = "claims are about samples of norm 1; this study's samples are not"
        return (_Answer(math.nan, reason),) * len(assertions)
    problem = draw_problem(
        n, d, _UNITS, seed=seed, data=data, labels=labels, initialization=recipe.initialization
    )
    setting = Setting(problem, recipe, data, delta)
    return tuple(_answer(one, setting) for one in assertions)


def _answer(assertion: Assertion, setting: Setting) -> _Answer:
    """Answer of one assertion; an exception becomes its reason for being left out."""
    try:
        with np.errstate(all="ignore"):
            reason = (
                assertion.about(setting) or assertion.objection(setting) or assertion.reservation(setting)
            )
            if reason is not None:
                return _Answer(math.nan, reason)
            k = assertion.width(setting)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # SystemExit too: a plugin must not end the program
        return _Answer(math.nan, f"it failed: {described(error)}")
    if k is None:
        return _Answer(math.nan, f"it says nothing at n = {setting.n}, d = {setting.d}")
    if not isinstance(k, Real) or not float(k) > 0.0:
        return _Answer(math.nan, f"it failed: its width must be a positive number, it is {k!r}")
    return _Answer(float(k))


def _nowhere(found: Sequence[_Answer]) -> str | None:
    """Reason why a claim has no finite width at any d, or None."""
    if any(math.isfinite(answer.k) for answer in found):
        return None
    reasons = dict.fromkeys(answer.reason for answer in found if answer.reason)
    if any(math.isinf(answer.k) for answer in found):
        return "vacuous here: no width is enough at any d"
    return next(iter(reasons), "there is no d")


def _fitted(points: Iterable[tuple[float, float]]) -> float | None:
    """C of k = c·shape, the geometric mean over the points that have both; None if there are none."""
    logs = [math.log(k / shape) for k, shape in points if k > 0.0 and 0.0 < shape < math.inf]
    return math.exp(math.fsum(logs) / len(logs)) if logs else None


def _text(assertion: Assertion, name: str) -> str:
    return str(getattr(assertion, name, ""))
