"""Lower bounds on λ(X), compared with λ(X) and with the kernel of one draw of W₀."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

import overparam as op
from overparam import defaults
from overparam.arrays.backends import backend_of
from overparam.components.faults import described
from overparam.markup import table
from overparam.model.activations import Activation
from overparam.model.problem import Problem, Stream, generator
from overparam.quantities.correlations import in_dtype_of
from overparam.quantities.intervals import Interval, never_above
from overparam.theory.empirical import jacobian_spectrum
from overparam.theory.evaluated import json_number
from overparam.theory.report import setting_in_double
from overparam.theory.setting import Setting
from overparam.theory.theorems.base import LowerBound, Theorem
from overparam.theory.theorems.catalogue import builtin_theorems
from overparam.theory.theorems.covariance import LemmaH1

__all__ = ["Chain", "Rung", "lower_bounds", "lower_bounds_of", "start_eigenvalues"]

LAMBDA = "lambda"
START = "start"
_OF_A_DRAW = "of one draw of W₀: no bound; its mean over W₀ is at most λ(X)"


@dataclass(frozen=True)
class Rung:
    """One quantity of the chain.

    Attributes
    ----------
    name : str
        Name of the theorem that proves it; "lambda" for λ(X), "start" for the kernel at W₀.
    symbol : str
        The quantity in symbols; the theorem's title if it has no value here.
    source : str
        The theorem's title, or a description of the quantity.
    value : Interval or None
        The quantity with its error; None if it has no value here.
    below : bool or None
        Whether it is at most λ(X); None if the errors of both leave it open.
    note : str
        The reason if it is zero or has no value.
    """

    name: str
    symbol: str
    source: str
    value: Interval | None = None
    below: bool | None = None
    note: str = ""


@dataclass(frozen=True)
class Chain:
    """The lower bounds on λ(X) that theorems prove, λ(X), and σ²min(J(W₀))/‖v‖² for one W₀.

    Attributes
    ----------
    n, d, k : int
        k is the width of the drawn W₀.
    rungs : tuple of Rung
        Largest first.
    left_out : tuple of Rung
        The bounds that have no value here; their notes say why.
    """

    n: int
    d: int
    k: int
    rungs: tuple[Rung, ...]
    left_out: tuple[Rung, ...] = ()

    @property
    def lambda_(self) -> Rung:
        """λ(X)."""
        return next(rung for rung in self.rungs if rung.name == LAMBDA)

    @property
    def start(self) -> Rung | None:
        """σ²min(J(W₀))/‖v‖², or None if v is zero."""
        return next((rung for rung in self.rungs if rung.name == START), None)

    def of_lambda(self, rung: Rung) -> float | None:
        """Return a rung's value over λ(X); None if λ(X) is zero within its error, or without a value."""
        unit = self.lambda_.value
        if rung.value is None or unit is None or not unit.positive:
            return None
        return float(rung.value.value) / float(unit.value)

    def above_next(self) -> tuple[bool | None, ...]:
        """Whether each rung is certainly above the next; None if their errors leave it open."""
        return tuple(
            True if float(_value(a).low) > float(_value(b).high) else None
            for a, b in zip(self.rungs, self.rungs[1:], strict=False)
        )

    def __repr__(self) -> str:
        named = " ≥ ".join(f"{rung.symbol} = {float(_value(rung).value):.3g}" for rung in self.rungs)
        return f"Chain(n={self.n}, d={self.d}, k={self.k}: {named})"

    def _repr_html_(self) -> str:
        """One row per quantity."""
        rows: list[tuple[object, ...]] = [
            (rung.symbol, float(_value(rung).value), self.of_lambda(rung), rung.source, rung.note)
            for rung in self.rungs
        ]
        rows += [(rung.symbol, None, None, rung.source, rung.note) for rung in self.left_out]
        return table("Lower bounds on λ(X)", rows, ("quantity", "value", "of λ(X)", "from", "note"))

    def to_json(self) -> list[dict[str, Any]]:
        """Return "chain" of the JSON of ``overparam theory``; those without a value come last."""
        above = (*self.above_next(), None)
        return [
            {
                "name": rung.name,
                "symbol": rung.symbol,
                "source": rung.source,
                "k": self.k if rung.name == START else None,
                "value": None if rung.value is None else json_number(float(rung.value.value)),
                "low": None if rung.value is None else json_number(float(rung.value.low)),
                "high": None if rung.value is None else json_number(float(rung.value.high)),
                "of_lambda": json_number(self.of_lambda(rung)),
                "below_lambda": rung.below,
                "above_next": next_one,
                "note": rung.note,
            }
            for rung, next_one in [
                *zip(self.rungs, above, strict=True),
                *((rung, None) for rung in self.left_out),
            ]
        ]


def lower_bounds(
    problem: Problem,
    *,
    activation: str | Activation = defaults.ACTIVATION,
    order: int = 4,
    theorems: Sequence[Theorem] | None = None,
) -> Chain:
    """Return the lower bounds on λ(X) that theorems prove, λ(X), and σ²min(J(W₀))/‖v‖².

    Parameters
    ----------
    problem : Problem
        A single problem with unit rows; its W₀ and v are the draw.
    activation : str or Activation
    order : int
        The largest r of σmin(X^{∗r}) in Lemma H.1.
    theorems : sequence of Theorem, optional
        Default: the paper's theorems and those of plugins.

    Raises
    ------
    ValueError
        For a stack of problems, or rows whose norm is not 1.
    """
    registry = op.default_registry()
    setting = setting_in_double(problem, registry.resolve(Activation, activation))
    return lower_bounds_of(setting, order, registry.all_of(Theorem) if theorems is None else theorems)


def lower_bounds_of(setting: Setting, order: int = 4, theorems: Sequence[Theorem] | None = None) -> Chain:
    """Return the chain of a setting; a theorem that fails is left out, with the reason."""
    asked = [cls() for cls in builtin_theorems()] if theorems is None else theorems
    truth = setting.lambda_interval
    found = [Rung(LAMBDA, "λ(X)", "λmin(Σ(X))", truth, None, setting.lambda_note)]
    found.append(_start(setting))
    for theorem in asked:
        if isinstance(theorem, LemmaH1):
            theorem = replace(theorem, order=order - 1)
        try:
            bound = theorem.lambda_bound(setting)
        except Exception as error:
            bound = f"failed: {described(error)}"
        if isinstance(bound, LowerBound):
            below = never_above(bound.value, truth, 0.0)
            # Zero is a lower bound on every positive semidefinite matrix.
            below = True if bound.value.high == 0.0 else below
            found.append(Rung(theorem.name, bound.symbol, theorem.title, bound.value, below, bound.note))
        elif bound is not None:
            wrong = (
                f"failed: lambda_bound must return a LowerBound, a sentence or None, it returned {bound!r}"
            )
            note = bound if isinstance(bound, str) else wrong
            found.append(Rung(theorem.name, theorem.title, theorem.title, note=note))
    told = [rung for rung in found if rung.value is not None]
    return Chain(
        setting.n,
        setting.d,
        setting.k,
        tuple(sorted(told, key=lambda rung: -float(_value(rung).value))),
        tuple(rung for rung in found if rung.value is None),
    )


def start_eigenvalues(
    setting: Setting, widths: Sequence[int], draws: int = 5, seed: int = 0
) -> NDArray[np.float64]:
    """Return σ²min(J(W₀))/‖v‖² of the setting's X for other W₀ and widths, shape (len(widths), draws).

    The W₀ of width k are those of trials 0, 1, … of the seed at that k. A value that cannot be distinguished
    from zero is zero; it is nan if v is zero.
    """
    p, draw = setting.problem, setting.recipe.initialization.draw
    y = np.asarray(backend_of(p.y).to_numpy(p.y), dtype=np.float64)
    found = np.full((len(widths), draws), np.nan)
    for i, k in enumerate(widths):
        for trial in range(draws):
            rng = generator(seed, setting.n, k, setting.d, trial, Stream.WEIGHTS)
            W, v = draw(setting.n, k, setting.d, y, rng)
            if (scale := float(np.asarray(v) @ np.asarray(v))) > 0.0:
                W0, v0 = in_dtype_of(p.X, W), in_dtype_of(p.X, v)
                spectrum = jacobian_spectrum(p.X, W0, v0, setting.activation)
                told = spectrum.sigma_min > spectrum.floor
                found[i, trial] = spectrum.sigma_min**2 / scale if told else 0.0
    return found


def _start(setting: Setting) -> Rung:
    symbol = f"σ²min(J(W₀))/‖v‖², k = {setting.k}"
    if setting.v_largest == 0.0:
        return Rung(START, symbol, "one draw of W₀", note="v is zero: J is zero")
    scale = setting.v_norm**2
    value = setting.sigma_min_interval.through(lambda one: one * one / scale)
    return Rung(
        START, symbol, "one draw of W₀", value, never_above(value, setting.lambda_interval, 0.0), _OF_A_DRAW
    )


def _value(rung: Rung) -> Interval:
    if rung.value is None:
        raise AssertionError("a rung of the chain has a value")
    return rung.value
