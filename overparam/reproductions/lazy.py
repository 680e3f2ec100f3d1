"""Laziness of training as the network gets wider."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar, NamedTuple

import numpy as np

from overparam import defaults
from overparam.components.whole import whole
from overparam.figures import Curve, Panel, curves_figure
from overparam.methods import GradientDescent
from overparam.model.activations import Activation, ReLU, Softplus
from overparam.model.problem import draw_problem
from overparam.reproductions.base import Figure, Reproduction, Setup
from overparam.reproductions.powers import Power, minus, power_of
from overparam.runs import Recipe, StopRule
from overparam.studies import Study
from overparam.theory import Laziness, laziness

__all__ = ["Lazy"]

_NARROWEST = 32
_FITTED = 16
"""The power is fitted to widths from the widest down to 1/16 of it."""

_ACTIVATIONS: tuple[Activation, ...] = (Softplus(), ReLU())


class _Quantity(NamedTuple):
    """A field of `Laziness`, in words and for a title.

    `bounds` is the order of k in theory for each activation; `lines` are the drawn ones, each through the
    widest point of an activation.
    """

    name: str
    words: str
    title: str
    bounds: Mapping[str, Fraction]
    lines: Mapping[str, Fraction]


_QUARTER, _HALF, _ONE = Fraction(-1, 4), Fraction(-1, 2), Fraction(-1)
_HALVES = {"softplus": _HALF, "relu": _HALF}
_ROOT = {"softplus": _HALF, "relu": _QUARTER}
_CANCELLED = {"softplus": _ONE, "relu": _HALF}
_QUANTITIES = (
    _Quantity("jacobian", "‖J_τ − J₀‖/‖J₀‖, the Jacobian", r"$\|J_\tau - J_0\|\,/\,\|J_0\|$", _ROOT, _ROOT),
    _Quantity(
        "kernel", "‖K_τ − K₀‖/‖K₀‖, the kernel", r"$\|K_\tau - K_0\|\,/\,\|K_0\|$", _HALVES, _CANCELLED
    ),
    _Quantity("flipped", "share of patterns flipped", "share of patterns flipped", _HALVES, _HALVES),
    _Quantity(
        "residual",
        "largest ‖r_τ − r_τ^lin‖/‖y‖, the linearized run",
        r"largest $\|r_\tau - r_\tau^{\mathrm{lin}}\|\,/\,\|y\|$",
        _HALVES,
        _CANCELLED,
    ),
)


@dataclass(frozen=True)
class Lazy(Figure):
    """Change of the Jacobian and the kernel, flipped patterns, distance from the linearized run, over k.

    Attributes
    ----------
    trials : int
        Realizations of each width.
    n, d : int
        Fixed numbers of samples and inputs.
    largest : int
        The largest width; the others are 32, 64, 128, … below it.
    max_iterations : int
        Largest number of updates of a training run.
    """

    name: ClassVar[str] = "lazy"
    title: ClassVar[str] = "How far training leaves the linearization at W₀, over k"
    source: ClassVar[str] = (
        "Oymak & Soltanolkotabi, arXiv:1902.04674, Theorem 6.2, Lemmas 6.8 and C.1; lazy training: Chizat, "
        "Oyallon & Bach, arXiv:1812.07956"
    )
    claim: ClassVar[str] = (
        "The source: ‖v‖_∞ = ‖y‖/√(kn), while W moves by a distance that does not grow with k (Theorems 6.2, "
        "6.3). So the Jacobian of a smooth φ changes by the order k^(−1/2) at most (Lemma 6.8), and so do "
        "the kernel and the distance from the linearized run. A unit moves by the order k^(−1/2): "
        "that share of the patterns flips, and the Jacobian of the ReLU changes by its root, k^(−1/4) "
        "(Lemma C.1). Our inference: as many v are positive as negative, so that the first-order change of a "
        "smooth φ's kernel cancels up to fluctuations, which leaves k^(−1)."
    )
    trials: int = 5
    n: int = 50
    d: int = 20
    largest: int = 8192
    max_iterations: int = defaults.MAX_ITERATIONS

    def __post_init__(self) -> None:
        for name in ("trials", "n", "d"):
            object.__setattr__(self, name, whole(name, getattr(self, name), 1))
        object.__setattr__(self, "largest", whole("largest", self.largest, _NARROWEST))
        StopRule(self.max_iterations)

    @property
    def widths(self) -> list[int]:
        """All k, doubled from 32."""
        return [_NARROWEST << i for i in range((self.largest // _NARROWEST).bit_length())]

    def reproduced(self, setup: Setup, studies: Mapping[str, Study]) -> Reproduction:
        """Return the powers of k, from runs at every width compared with their linearizations."""
        found = {
            activation.name: {k: self._runs(k, activation, setup.seed) for k in self.widths}
            for activation in _ACTIVATIONS
        }
        lines = [
            f"n = {self.n}, d = {self.d}, gradient descent with the step 1/‖J(W₀)‖², {self.trials} trials at "
            f"each of k = {', '.join(map(str, self.widths))}. Exponents of k, with 95 % intervals:"
        ]
        rows, exponents = list[dict[str, Any]](), list[dict[str, Any]]()
        for activation, runs in found.items():
            rows += [_row(activation, k, each) for k, each in runs.items()]
            for quantity in _QUANTITIES:
                fitted, power = self._power(runs, quantity.name)
                bound = quantity.bounds[activation]
                where = f" over k = {fitted[0]} to {fitted[-1]}" if fitted else ""
                theory = minus(str(bound))
                lines.append(f"    {activation:<8}  {quantity.words}: {power}{where}; theory: {theory}")
                exponents.append(
                    {"activation": activation, "quantity": quantity.name, "bound": float(bound)}
                    | {"widths": fitted, "exponent": power.value, "low": power.low, "high": power.high}
                )
            if missed := sum(not run.outcome.success for each in runs.values() for run in each):
                lines.append(
                    f"    {activation}: {missed} runs did not converge; their widths are left out of fits"
                )
        picture = curves_figure(
            [self._panel(quantity, found) for quantity in _QUANTITIES],
            xlabel="hidden units $k$",
            logarithmic="xy",
            columns=2,
        )
        numbers = {"n": self.n, "d": self.d, "trials": self.trials, "widths": rows, "exponents": exponents}
        return Reproduction(lines, numbers, {self.name: picture})

    def _runs(self, k: int, activation: Activation, seed: int) -> list[Laziness]:
        recipe = Recipe(
            activation=activation,
            optimizer=GradientDescent("jacobian"),
            stop=StopRule(self.max_iterations),
            dtype="float64",
        )
        return [
            laziness(draw_problem(self.n, self.d, k, seed=seed, trial=trial), recipe)
            for trial in range(self.trials)
        ]

    def _power(self, runs: Mapping[int, Sequence[Laziness]], name: str) -> tuple[list[int], Power]:
        """Return the widths near the widest at which all runs converged, and the power there."""
        widths = [
            k
            for k, each in runs.items()
            if k * _FITTED >= self.widths[-1] and all(run.outcome.success for run in each)
        ]
        points = [(float(k), float(getattr(run, name))) for k in widths for run in runs[k]]
        return widths, power_of([x for x, _ in points], [y for _, y in points])

    def _panel(self, quantity: _Quantity, found: Mapping[str, Mapping[int, Sequence[Laziness]]]) -> Panel:
        x = [float(k) for k in self.widths]
        curves, references = list[Curve](), dict[str, Curve]()
        for activation, runs in found.items():
            low, middle, high = (
                [one or None for one in each]  # a logarithmic axis cannot show zero
                for each in zip(*(_quartiles(each, quantity.name) for each in runs.values()), strict=True)
            )
            curves.append(Curve(activation, x, middle, low, high))
            power, last = quantity.lines[activation], middle[-1]
            label = f"$k^{{{power}}}$"
            if last is not None and label not in references:
                references[label] = Curve(label, x, [last * (k / x[-1]) ** float(power) for k in x])
        return Panel(quantity.title, curves, list(references.values()))


def _quartiles(runs: Sequence[Laziness], name: str) -> list[float]:
    """Return the lower quartile, median and upper quartile of the trials."""
    return [float(q) for q in np.quantile([getattr(run, name) for run in runs], (0.25, 0.5, 0.75))]


def _row(activation: str, k: int, runs: Sequence[Laziness]) -> dict[str, Any]:
    """Return the numbers of one width: quartiles of every quantity, and the runs' statuses."""
    ended = {
        "converged": sum(run.outcome.success for run in runs),
        "updates": float(np.median([run.outcome.iterations for run in runs])),
    }
    quartiles = {
        quantity.name: dict(zip(("low", "median", "high"), _quartiles(runs, quantity.name), strict=True))
        for quantity in _QUANTITIES
    }
    return {"activation": activation, "k": k, **ended, **quartiles}
