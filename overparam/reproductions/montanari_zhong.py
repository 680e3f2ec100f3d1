"""The smallest eigenvalue of the empirical kernel beside that of its expectation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any, ClassVar

import numpy as np

from overparam.components.whole import whole
from overparam.figures import Curve, Panel, curves_figure
from overparam.model.activations import Activation, ReLU, Softplus
from overparam.model.problem import draw_problem
from overparam.reproductions.base import Figure, Reproduction, Setup
from overparam.studies import Study, parse_range
from overparam.theory import jacobian_spectrum, network_covariance, smallest_eigenvalue

__all__ = ["MontanariZhong", "eigenvalue_ratio"]

_RATIO = 10
_WIDTHS = (10, 12, 16, 20, 30, 40, 80, 160, 320, 640)
_ACTIVATIONS: tuple[Activation, ...] = (Softplus(), ReLU())


@dataclass(frozen=True)
class MontanariZhong(Figure):
    """σ²min(J(W₀)) over its limit ‖v‖²λ(X), by kd/n, with d = n/10; nothing is trained.

    Attributes
    ----------
    trials : int
        Realizations of each size.
    n : str
        Numbers of samples, multiples of 10.
    """

    name: ClassVar[str] = "montanari-zhong"
    title: ClassVar[str] = "Smallest eigenvalue of the empirical kernel over its limit"
    source: ClassVar[str] = "Montanari & Zhong, arXiv:2007.12826, Ann. Statist. 50(5), 2022"
    claim: ClassVar[str] = (
        "The source: with isotropic data, n and d large and polynomially related, the smallest eigenvalue "
        "of the empirical tangent kernel is bounded away from zero as soon as kd ≫ n, so that any labels "
        "can be interpolated. As k grows, J(W₀)J(W₀)ᵀ tends to ‖v‖²Σ(X) and the ratio to 1."
    )
    trials: int = 5
    n: str = "100,200,400"

    def __post_init__(self) -> None:
        object.__setattr__(self, "trials", whole("trials", self.trials, 1))
        if any(n < _RATIO or n % _RATIO for n in parse_range(self.n)):
            raise ValueError(f"n must be multiples of {_RATIO}, since d = n/{_RATIO}, got {self.n}")

    def reproduced(self, setup: Setup, studies: Mapping[str, Study]) -> Reproduction:
        """Return the ratio's median over the trials at every size, computed here."""
        lines, rows, panels = [], list[dict[str, Any]](), []
        for activation in _ACTIVATIONS:
            curves = []
            for n in sorted(set(parse_range(self.n))):
                middle = [self._median(n, k, activation, setup.seed) for k in _WIDTHS]
                ratios = [k / _RATIO for k in _WIDTHS]
                curves.append(Curve(f"n = {n}", ratios, middle))
                rows += [
                    {"activation": activation.name, "n": n, "d": n // _RATIO, "k": k, "ratio": ratio}
                    for k, ratio in zip(_WIDTHS, middle, strict=True)
                ]
                shown = ", ".join(f"{ratio:.2g} at {kd:g}" for kd, ratio in zip(ratios, middle, strict=True))
                lines.append(f"{activation.name}, n = {n}: σ²min(J(W₀))/(‖v‖²λ(X)) by kd/n: {shown}")
            ends = [_WIDTHS[0] / _RATIO, _WIDTHS[-1] / _RATIO]
            panels.append(Panel(f"{activation.name}, d = n/10", curves, [Curve("limit", ends, [1.0, 1.0])]))
        picture = curves_figure(
            panels,
            xlabel="$kd/n$",
            ylabel=r"$\sigma_{\min}^2(J(W_0))\,/\,(\|v\|^2\lambda(X))$",
            logarithmic="x",
        )
        return Reproduction(lines, {"trials": self.trials, "ratios": rows}, {self.name: picture})

    def _median(self, n: int, k: int, activation: Activation, seed: int) -> float:
        return median(
            eigenvalue_ratio(n, n // _RATIO, k, activation, seed=seed, trial=trial)
            for trial in range(self.trials)
        )


def eigenvalue_ratio(n: int, d: int, k: int, activation: Activation, *, seed: int, trial: int) -> float:
    """Return σ²min(J(W₀))/(‖v‖²λ(X)) of one drawn problem."""
    p = draw_problem(n, d, k, seed=seed, trial=trial)
    smallest = jacobian_spectrum(p.X, p.W0, p.v, activation).sigma_min ** 2
    limit = smallest_eigenvalue(network_covariance(p.X, activation)).value
    return smallest / (float(np.sum(p.v**2)) * limit)
