"""Growth of the boundary with the number of samples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import ClassVar

from overparam import defaults
from overparam.components import require_positive
from overparam.components.whole import whole
from overparam.figures import Curve, Panel, curves_figure
from overparam.methods import GradientDescent
from overparam.model.activations import Activation, ReLU, Softplus
from overparam.reproductions.base import Figure, Reproduction, Setup
from overparam.reproductions.crossed import WIDEST, documents, searched, width_in_words
from overparam.runs import Recipe, StopRule
from overparam.studies import Crossing, Specification, Study
from overparam.sweeps import Asked, BoundarySearch

__all__ = ["Scaling"]

_LEAST, _RATIO = 50, 10
"""The widest networks tried have this many parameters per label."""

_ACTIVATIONS: tuple[Activation, ...] = (Softplus(), ReLU())
_FIXED, _PROPORTIONAL = "fixed", "proportional"


@dataclass(frozen=True)
class Scaling(Figure):
    """Boundary k* over n, with d = n/10 and with d fixed, for softplus and ReLU: the power by which kd grows.

    Attributes
    ----------
    largest : int
        The largest n; the others are 50, 100, 200, … below it.
    d : int
        The fixed input dimension.
    error : float
        Standard error of log k* to reach at every n.
    max_iterations : int
        Largest number of updates of a training run, the same at every n.
    """

    name: ClassVar[str] = "scaling"
    title: ClassVar[str] = "Effective parameters at the boundary over n"
    source: ClassVar[str] = "Oymak & Soltanolkotabi, arXiv:1902.04674, Theorem 2.1 and Section 4"
    claim: ClassVar[str] = (
        "The paper: kd of the order n² suffices for smooth φ (Theorem 2.1), n⁴/d² for ReLU (Theorem 2.3); "
        "its experiments suggest kd of the order n (Section 4). n labels need n parameters that can act."
    )
    largest: int = 1600
    d: int = 20
    error: float = 0.05
    max_iterations: int = defaults.MAX_ITERATIONS

    def __post_init__(self) -> None:
        object.__setattr__(self, "largest", whole("largest", self.largest, _LEAST))
        object.__setattr__(self, "d", whole("d", self.d, 1))
        require_positive("error", self.error)
        StopRule(self.max_iterations)

    @property
    def samples(self) -> list[int]:
        """All n, doubled from 50."""
        return list(takewhile(lambda n: n <= self.largest, _doubled(_LEAST)))

    def sweeps(self, setup: Setup) -> Mapping[str, Asked]:
        """Return a search for every activation, with d growing and with d fixed."""
        sides = {
            _PROPORTIONAL: [(n, n // _RATIO) for n in self.samples],
            _FIXED: [(n, self.d) for n in self.samples],
        }
        return {
            _study(activation, way): Asked(
                Specification(
                    seed=setup.seed,
                    recipe=Recipe(
                        activation=activation,
                        # The step of Figure 2 diverges for n/d above 40.
                        optimizer=GradientDescent("jacobian"),
                        stop=StopRule(self.max_iterations),
                        dtype=setup.sweep_dtype,
                    ),
                ),
                searched(pairs),
                BoundarySearch(self.error),
            )
            for activation in _ACTIVATIONS
            for way, pairs in sides.items()
        }

    def reproduced(self, setup: Setup, studies: Mapping[str, Study]) -> Reproduction:
        """Return the boundary at every n, and the power by which it grows."""
        scalings = {name: study.boundary() for name, study in studies.items()}
        found = {name: scaling.crossings for name, scaling in scalings.items()}
        titles = {_PROPORTIONAL: "d = n/10", _FIXED: f"d = {self.d}"}
        lines = [
            f"Gradient descent with the step 1/‖J(W₀)‖², {self.max_iterations:,} updates at most at every n; "
            f"widths up to {WIDEST} times that with as many parameters as labels."
        ]
        for way, title in titles.items():
            for activation in _ACTIVATIONS:
                name = _study(activation, way)
                lines.append(f"{activation.name}, {title}: 2⌊k/2⌋d/n at the boundary, with 95 % intervals")
                lines += [
                    f"    n = {each.n:>5}, d = {each.d:>4}  {width_in_words(each)}" for each in found[name]
                ]
                lines.append(f"    {scalings[name].sentence}")
        panels = [
            Panel(
                title,
                [_curve(each.name, found[_study(each, way)]) for each in _ACTIVATIONS],
                list(self._references(found[_study(_ACTIVATIONS[0], way)])),
            )
            for way, title in titles.items()
        ]
        picture = curves_figure(
            panels,
            xlabel="samples $n$",
            ylabel=r"$2\lfloor k/2\rfloor d$ at the boundary",
            logarithmic="xy",
        )
        numbers = {
            "boundaries": {name: documents(each) for name, each in found.items()},
            "exponents": {name: scaling.to_json() for name, scaling in scalings.items()},
        }
        return Reproduction(lines, numbers, {self.name: picture})

    def _references(self, found: Sequence[Crossing]) -> Iterator[Curve]:
        """Yield as many parameters as labels, and the order n² through the first point."""
        n = [float(each) for each in self.samples]
        yield Curve("as many parameters as labels", n, n)
        start = next(((each.n, each.effective_ratio) for each in found if each.effective_ratio), None)
        if start is not None:
            first, ratio = start
            yield Curve("order $n^2$ (Theorem 2.1)", n, [ratio * each**2 / first for each in n])


def _doubled(n: int) -> Iterator[int]:
    while True:
        yield n
        n *= 2


def _study(activation: Activation, way: str) -> str:
    return f"scaling-{activation.name}-{way}"


def _curve(label: str, found: Sequence[Crossing]) -> Curve:
    """Return effective parameters at the boundary over n."""

    def times_n(ratios: Sequence[float | None]) -> list[float | None]:
        return [None if ratio is None else ratio * each.n for ratio, each in zip(ratios, found, strict=True)]

    return Curve(
        label,
        [float(each.n) for each in found],
        times_n([each.effective_ratio for each in found]),
        times_n([each.effective_ratio_low for each in found]),
        times_n([each.effective_ratio_high for each in found]),
    )
