"""Frequency of kept promises over draws of W₀, compared with the probability that a theorem states."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from overparam.arrays.backends import backend_of
from overparam.components.faults import calling
from overparam.markup import table
from overparam.model.problem import Problem, Stream, generator
from overparam.theory.binomial import clopper_pearson
from overparam.theory.certificate import Certificate, evaluate
from overparam.theory.evaluated import Evaluated, json_number
from overparam.theory.following import follow
from overparam.theory.theorems.base import Theorem

__all__ = ["Draws", "Frequency", "Held", "over_draws"]

_ALL = "all promises"


@dataclass(frozen=True)
class Frequency:
    """Number of draws in which a promise is kept.

    Attributes
    ----------
    statement : str
    kept, broken, open : int
        Draws in which it is kept, in which it is not, and in which this cannot be decided.
    """

    statement: str
    kept: int
    broken: int
    open: int

    @classmethod
    def of(cls, statement: str, verdicts: Sequence[bool | None]) -> Frequency:
        """Return the counts of the verdicts."""
        return cls(statement, *(sum(one is word for one in verdicts) for word in (True, False, None)))

    @property
    def trials(self) -> int:
        """Number of draws in which it was evaluated."""
        return self.kept + self.broken + self.open

    @property
    def interval(self) -> tuple[float, float]:
        """Clopper and Pearson's 95 % interval of its probability; undecided draws widen it at both ends."""
        low, _ = clopper_pearson(self.kept, self.trials)
        _, high = clopper_pearson(self.kept + self.open, self.trials)
        return low, high

    def to_json(self) -> dict[str, Any]:
        """Return the counts and the interval."""
        low, high = self.interval
        return {
            "statement": self.statement,
            "kept": self.kept,
            "broken": self.broken,
            "open": self.open,
            "low": low,
            "high": high,
        }


@dataclass(frozen=True)
class Held:
    """One theorem over the draws.

    Attributes
    ----------
    theorem : Theorem
    probability : float or None
        The probability that the theorem states, the smallest over the draws; negative if it promises nothing.
    hypotheses_met : int
        Draws in which all its hypotheses hold: the stated probability applies to these.
    together : Frequency
        All promises at once: the stated probability applies to this event.
    promises : tuple of Frequency
        Each promise separately.
    """

    theorem: Theorem
    probability: float | None
    hypotheses_met: int
    together: Frequency
    promises: tuple[Frequency, ...]

    def to_json(self) -> dict[str, Any]:
        """Return an element of "theorems" under "draws" in the JSON of ``overparam certify --draws``."""
        return {
            "name": self.theorem.title,
            "component": self.theorem.specification(),
            "probability": json_number(self.probability),
            "hypotheses_met": self.hypotheses_met,
            "together": self.together.to_json(),
            "conclusions": [one.to_json() for one in self.promises],
        }


@dataclass(frozen=True)
class Draws:
    """The promises of theorems over several draws of W₀, with the same data and labels.

    Attributes
    ----------
    number : int
    theorems : tuple of Held
    """

    number: int
    theorems: tuple[Held, ...]

    def _repr_html_(self) -> str:
        """One row per promise."""
        rows: list[tuple[object, ...]] = [
            (held.theorem.title, one.statement, one.kept, *one.interval, held.probability)
            for held in self.theorems
            for one in (held.together, *held.promises)
        ]
        head = ("theorem", "promise", "kept", "low", "high", "stated probability")
        return table(f"{self.number} draws of W₀", rows, head)

    def to_json(self) -> dict[str, Any]:
        """Return "draws" of the JSON of ``overparam certify --draws``."""
        return {"number": self.number, "theorems": [held.to_json() for held in self.theorems]}


def over_draws(certificate: Certificate, number: int, probes: int = 9) -> Draws:
    """Return how often promises are kept over draws of W₀, each trained on the same data and labels.

    The theorems are those of the certificate that assume W₀ i.i.d. N(0, 1) or state a probability. W₀ and the
    samples that SGD draws are those of trials 0, …, number − 1 of the problem's seed.

    Parameters
    ----------
    certificate : Certificate
    number : int
        At least 1.
    probes : int
        Largest number of probes of the Jacobian per run.

    Raises
    ------
    ValueError
        For a number below 1.
    """
    if number < 1:
        raise ValueError(f"the number of draws must be at least 1, got {number}")
    setting = certificate.setting
    p, recipe = setting.problem, setting.recipe
    theorems = [
        one.theorem
        for one in certificate.evaluated
        if one.theorem.gaussian_start or one.probability is not None
    ]
    backend, seed = backend_of(p.X), 0 if p.key is None else p.key[0]
    y = np.asarray(backend.to_numpy(p.y), dtype=np.float64)
    found: dict[int, list[Evaluated]] = {}
    for trial in range(number):
        rng = generator(seed, p.n, p.k, p.d, trial, Stream.WEIGHTS)
        W0, v = (backend.asarray(a, recipe.dtype) for a in recipe.initialization.draw(p.n, p.k, p.d, y, rng))
        drawn = Problem(p.X, p.y, W0, v, key=(seed, p.n, p.k, p.d, trial))
        with calling(*recipe.components.values()):
            run = follow(drawn, recipe, probes)
        answers = evaluate(setting.redrawn(drawn), run, theorems).evaluated
        for one in answers:
            found.setdefault(id(one.theorem), []).append(one)
    return Draws(number, tuple(_held(found[id(one)]) for one in theorems if id(one) in found))


def _held(evaluated: Sequence[Evaluated]) -> Held:
    stated = [one.probability for one in evaluated if one.probability is not None]
    statements = dict.fromkeys(c.statement for one in evaluated for c in one.conclusions)
    return Held(
        evaluated[0].theorem,
        min(stated, default=None),
        sum(one.hypotheses_met is True for one in evaluated),
        Frequency.of(_ALL, [one.promises_kept for one in evaluated]),
        tuple(
            Frequency.of(text, [c.holds for one in evaluated for c in one.conclusions if c.statement == text])
            for text in statements
        ),
    )
