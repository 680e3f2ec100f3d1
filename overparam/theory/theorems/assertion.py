"""A paper's statement about a setting: its scope and, if it states one, a sufficient width."""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Literal, TypeAlias

from overparam.components import Component
from overparam.methods import Layers
from overparam.model.losses import Loss, Squared
from overparam.theory.setting import Setting

__all__ = ["Assertion", "Claim", "ClaimKind", "Growth"]

ClaimKind: TypeAlias = Literal["exact", "order", "existence", "conjecture"]
"""Exact: all constants are known. Order: one constant is free. Existence: some weights fit; training is not
considered. Conjecture: nothing is proved."""


_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class Growth:
    """Growth law of a width: kd = c·n^a·d^b·(log n)^p·(log d)^q, with an unspecified constant c.

    Attributes
    ----------
    n, d : float
        The exponents a and b.
    log_n, log_d : float
        The exponents p and q.
    """

    n: float
    d: float = 0.0
    log_n: float = 0.0
    log_d: float = 0.0

    def width(self, n: int, d: int) -> float:
        """Return the k at c = 1; inf if it overflows."""
        logs = math.log(n) ** self.log_n * math.log(d) ** self.log_d
        try:
            return float(float(n) ** self.n * float(d) ** (self.d - 1.0) * logs)
        except OverflowError:
            return math.inf

    def __str__(self) -> str:
        """Return the law in symbols, for k alone if kd has the factor d."""
        plain = self.d == 1.0 and not self.log_d
        powers = {"n": self.n, "d": 0.0 if plain else self.d, "log(n)": self.log_n, "log(d)": self.log_d}
        above = [_power(base, exponent) for base, exponent in powers.items() if exponent > 0.0]
        below = [_power(base, -exponent) for base, exponent in powers.items() if exponent < 0.0]
        return f"{'k' if plain else 'kd'} = {'·'.join(['c', *above])}{''.join(f'/{one}' for one in below)}"


@dataclass(frozen=True)
class Assertion(Component):
    """Base of theorems and of claims without a certificate.

    Attributes
    ----------
    title : str
        Its name in the paper, for example "Theorem 2.1"; with the authors for any other paper.
    statement : str
        The statement in words.
    reference : str
        Paper, section, equations.
    loss : type of Loss, or None
        The loss of the training run that it is about; None for any loss.
    layers : "hidden", "output", "both", or None
        The trained layers that it is about; None for any.
    gaussian_start : bool
        Whether it is about W₀ i.i.d. N(0, 1).
    claimed : "exact", "order", "existence", "conjecture", or None
        The kind of claim that its width is; None if it states no width.
    growth : Growth or None
        The exponents of an order claim; None if its width depends on the data.
    formula : str
        The width in symbols; default: that of `growth`.
    caveat : str
        Further conditions of the claim, or a remark on its interpretation; shown with the curve.
    """

    title: ClassVar[str]
    statement: ClassVar[str]
    reference: ClassVar[str]
    loss: ClassVar[type[Loss] | None] = Squared
    layers: ClassVar[Layers | None] = "hidden"
    gaussian_start: ClassVar[bool] = False
    claimed: ClassVar[ClaimKind | None] = None
    growth: ClassVar[Growth | None] = None
    formula: ClassVar[str] = ""
    caveat: ClassVar[str] = ""

    def about(self, setting: Setting) -> str | None:
        """Return why the statement does not cover this loss, these layers or this initialization, or None."""
        recipe = setting.recipe
        if self.loss is not None and type(recipe.loss) is not self.loss:
            return f"it is about the {self.loss.name} loss; the loss is {recipe.loss.specification()}"
        if self.layers is not None and recipe.layers != self.layers:
            wanted = "both layers" if self.layers == "both" else f"the {self.layers} layer"
            return f"it is about training {wanted}; the run trains: {recipe.layers}"
        if self.gaussian_start and not recipe.initialization.standard_gaussian:
            return (
                "it is about W₀ i.i.d. N(0, 1); the initialization is "
                f"{recipe.initialization.specification()}"
            )
        return None

    @abstractmethod
    def objection(self, setting: Setting) -> str | None:
        """Return a sentence that says why the statement does not cover this setting, or None if it does."""

    def reservation(self, setting: Setting) -> str | None:
        """Return why its width is not a claim about this setting, or None if it is.

        Called only if `about` and `objection` return None.
        """
        return None

    def width(self, setting: Setting) -> float | None:
        """Return the required k at this n, d and X; default: the k of `growth` at c = 1.

        For an order claim without its constant; inf if no k is wide enough, None if it states nothing. The
        network of `setting` has two hidden units, because the width is the unknown here.
        """
        return None if self.growth is None else self.growth.width(setting.n, setting.d)


@dataclass(frozen=True)
class Claim(Assertion):
    """A statement about a sufficient width: a curve, without an evaluation on a run."""

    kind: ClassVar[str] = "claim"


def _power(base: str, exponent: float) -> str:
    if exponent == 1.0:
        return base
    text = f"{exponent:g}"
    return f"{base}{text.translate(_RAISED)}" if text.isdigit() else f"{base}^{text}"
