"""The paper's claims about widths that are not theorems: its conjecture, and Theorem 3.2 as an order."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from overparam.methods import Layers
from overparam.model.losses import Loss
from overparam.quantities.intervals import quotient
from overparam.theory.setting import Setting
from overparam.theory.theorems.assertion import Claim, ClaimKind
from overparam.theory.theorems.promises import wants_trained_output

__all__ = ["Counting", "EffectiveParameters", "OutputLayerOrder", "builtin_claims"]


@dataclass(frozen=True)
class Counting(Claim):
    """As many trained parameters as labels: kd = n."""

    name: ClassVar[str] = "counting"
    title: ClassVar[str] = "Counting"
    statement: ClassVar[str] = "Training succeeds once as many parameters are trained as there are labels."
    reference: ClassVar[str] = "Section 4"
    loss: ClassVar[type[Loss] | None] = None
    layers: ClassVar[Layers | None] = None
    claimed: ClassVar[ClaimKind | None] = "conjecture"
    formula: ClassVar[str] = "parameters = n"

    def objection(self, setting: Setting) -> str | None:
        """Accept every setting."""
        return None

    def width(self, setting: Setting) -> float:
        """Return n over the trained parameters of one unit: d, 1 or d + 1."""
        return setting.n / setting.recipe.effective_parameters(1, setting.d, 1)


@dataclass(frozen=True)
class EffectiveParameters(Claim):
    """As many parameters that can act as labels: 2⌊k/2⌋d = n for the paper's initialization."""

    name: ClassVar[str] = "effective-parameters"
    title: ClassVar[str] = "Effective parameters"
    statement: ClassVar[str] = "Training succeeds once as many parameters can act as there are labels."
    reference: ClassVar[str] = "Section 4, footnote 1"
    loss: ClassVar[type[Loss] | None] = None
    layers: ClassVar[Layers | None] = None
    claimed: ClassVar[ClaimKind | None] = "conjecture"
    formula: ClassVar[str] = "parameters that can act = n"

    def objection(self, setting: Setting) -> str | None:
        """Accept every setting."""
        return None

    def width(self, setting: Setting) -> float:
        """Return the least integer k; an even one if odd widths have a unit with v = 0."""
        recipe, unit = setting.recipe, 1
        if recipe.layers == "hidden":
            rng = np.random.Generator(np.random.Philox(0))
            _, v = recipe.initialization.draw(setting.n, 3, setting.d, np.asarray(setting.problem.y), rng)
            unit = 2 if np.count_nonzero(v) == 2 else 1
        return float(unit * math.ceil(setting.n / (unit * recipe.effective_parameters(1, setting.d, 1))))


@dataclass(frozen=True)
class OutputLayerOrder(Claim):
    """The width of Theorem 3.2 without the constant of its proof: k = c·log²(n)n/λ̃(X)."""

    name: ClassVar[str] = "theorem-3-2-order"
    title: ClassVar[str] = "Theorem 3.2"
    statement: ClassVar[str] = "Least squares on the output layer interpolates once k ≥ C·log²(n)n/λ̃(X)."
    reference: ClassVar[str] = "Section 3"
    loss: ClassVar[type[Loss] | None] = None
    layers: ClassVar[Layers | None] = "output"
    gaussian_start: ClassVar[bool] = True
    claimed: ClassVar[ClaimKind | None] = "order"
    formula: ClassVar[str] = "k = c·log²(n)n/λ̃(X)"

    def objection(self, setting: Setting) -> str | None:
        """Require training of the output layer; a finite B; two samples."""
        if math.isinf(setting.B):
            return f"it needs |φ′| ≤ B; {setting.activation.name} has no such bound"
        return wants_trained_output(setting) or (None if setting.n > 1 else "it needs two samples")

    def width(self, setting: Setting) -> float:
        """Return the k at c = 1, for the lower end of λ̃(X)."""
        least = float(setting.lambda_tilde_interval.low)
        return quotient(math.log(setting.n) ** 2 * setting.n, least)


def builtin_claims() -> list[type[Claim]]:
    """Return the classes of the paper's claims that are not theorems."""
    return [Counting, EffectiveParameters, OutputLayerOrder]
