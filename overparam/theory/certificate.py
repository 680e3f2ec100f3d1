"""Every theorem that applies, evaluated on one problem and one run."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from overparam.activations import Activation
from overparam.data import DataGenerator
from overparam.optimizers import FirstOrder, GradientDescent, Optimizer
from overparam.problems import Problem
from overparam.theory.probes import Trajectory, follow
from overparam.theory.setting import Setting
from overparam.theory.theorems.base import Conclusion, Hypothesis, Theorem
from overparam.theory.theorems.catalogue import builtin_theorems
from overparam.training import StopRule

__all__ = ["Certificate", "Evaluated", "certify", "evaluate", "json_number"]


@dataclass(frozen=True)
class Evaluated:
    """One theorem on one problem and run.

    Attributes
    ----------
    theorem : Theorem
    hypotheses : tuple of Hypothesis
    conclusions : tuple of Conclusion
    probability : float or None
        With which the paper promises the conclusions; negative where it promises nothing.
    """

    theorem: Theorem
    hypotheses: tuple[Hypothesis, ...]
    conclusions: tuple[Conclusion, ...]
    probability: float | None

    def to_json(self) -> dict[str, Any]:
        """Return the element of "theorems" in the JSON of ``overparam certify``."""
        return {
            "name": self.theorem.title,
            "component": self.theorem.specification(),
            "statement": self.theorem.statement,
            "reference": self.theorem.reference,
            "probability": json_number(self.probability),
            "hypotheses": [
                {
                    "statement": h.statement,
                    "left": json_number(h.left),
                    "right": json_number(h.right),
                    "ratio": json_number(h.ratio),
                    "holds": h.holds,
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
                    "note": c.note,
                }
                for c in self.conclusions
            ],
        }


@dataclass(frozen=True)
class Certificate:
    """All of it.

    Attributes
    ----------
    setting : Setting
    run : Trajectory
    evaluated : tuple of Evaluated
        The theorems that apply, in the order given.
    set_aside : tuple of (str, str)
        Title, and why it does not apply.
    """

    setting: Setting
    run: Trajectory
    evaluated: tuple[Evaluated, ...]
    set_aside: tuple[tuple[str, str], ...]

    def to_json(self) -> dict[str, Any]:
        """Return the JSON of ``overparam certify``: null for what is not a finite number."""
        return {
            "theorems": [one.to_json() for one in self.evaluated],
            "not_applicable": [{"name": title, "reason": reason} for title, reason in self.set_aside],
        }


def certify(
    problem: Problem,
    activation: Activation,
    optimizer: Optimizer,
    stop: StopRule,
    *,
    data: DataGenerator | None = None,
    theorems: Sequence[Theorem] | None = None,
    delta: float = 1.0,
    probes: int = 9,
) -> Certificate:
    """Train, and evaluate every theorem that applies.

    Parameters
    ----------
    problem : Problem
        A single one, with unit rows and labels that are not all zero.
    activation : Activation
    optimizer : Optimizer
        Under a direct solver W stays at W₀, and the theorems are evaluated there.
    stop : StopRule
    data : DataGenerator, optional
        Where X came from: Corollaries 2.2 and 2.4 apply only where it is known to be uniform.
    theorems : sequence of Theorem, optional
        The paper's unless given.
    delta : float
        δ of the probability statements.
    probes : int
        How often at most the Jacobian is looked at, from 2.

    Raises
    ------
    ValueError
        For a stack of problems, rows that are not of norm 1, or labels that are all zero.
    """
    setting = Setting(problem, activation, optimizer, data, delta)
    if isinstance(optimizer, FirstOrder):
        run = follow(problem, activation, optimizer, stop, probes)
    else:
        run = follow(problem, activation, GradientDescent(), StopRule(0, stop.tolerance), probes)
    return evaluate(setting, run, theorems)


def evaluate(setting: Setting, run: Trajectory, theorems: Sequence[Theorem] | None = None) -> Certificate:
    """Evaluate theorems, the paper's unless given, on a run that `follow` returned."""
    done: list[Evaluated] = []
    set_aside: list[tuple[str, str]] = []
    for theorem in [cls() for cls in builtin_theorems()] if theorems is None else theorems:
        answer = theorem.applies_to(setting)
        if answer is not True:
            set_aside.append((theorem.title, answer))
            continue
        done.append(
            Evaluated(
                theorem,
                tuple(theorem.hypotheses(setting)),
                tuple(theorem.conclusions(setting, run)),
                theorem.probability(setting),
            )
        )
    return Certificate(setting, run, tuple(done), tuple(set_aside))


def json_number(value: float | None) -> float | None:
    """Return the number, or None for what JSON has no number for."""
    return float(value) if value is not None and math.isfinite(value) else None
