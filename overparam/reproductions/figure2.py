"""Figure 2 of the paper, and its panels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from overparam import defaults
from overparam.components.whole import whole
from overparam.figures import boundary_line, phase_figure
from overparam.methods import GradientDescent
from overparam.model.activations import Activation, ReLU, Softplus
from overparam.reproductions.base import Figure, Reproduction, Setup
from overparam.runs import Recipe, StopRule
from overparam.studies import Grid, Specification, Study, parse_range
from overparam.sweeps import Asked

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Picture

__all__ = ["Figure2", "Figure2a", "Figure2b", "Figure2c", "Figure2d", "Panels"]


class _Panel(NamedTuple):
    """One phase diagram."""

    n: int
    activation: Activation
    optimizer: GradientDescent


_PANELS = {
    "fig2a": _Panel(100, Softplus(), GradientDescent(0.15)),
    "fig2b": _Panel(200, Softplus(), GradientDescent(0.15)),
    "fig2c": _Panel(100, ReLU(), GradientDescent(0.1)),
    "fig2d": _Panel(200, ReLU(), GradientDescent(0.1)),
}


@dataclass(frozen=True)
class Panels(Figure):
    """Phase diagrams of gradient descent over k and d, as in Section 4.

    Attributes
    ----------
    trials : int
        Realizations per cell.
    grid : str
        Values of k and of d.
    max_iterations : int
        Largest number of updates of a training run.
    """

    title: ClassVar[str] = "Success probability over k and d"
    source: ClassVar[str] = "Oymak & Soltanolkotabi, arXiv:1902.04674, Figure 2"
    claim: ClassVar[str] = (
        "The paper: success begins around kd = n, the white curve. The 15,000 updates are a budget: "
        "independent measurements put its 50 % boundary at kd/n of 1.4 to 1.7 for softplus and 1.5 to 2.2 "
        "for ReLU."
    )
    folder: ClassVar[str] = "figure2"
    table: ClassVar[str] = "boundary.txt"
    panels: ClassVar[tuple[str, ...]]
    trials: int = defaults.TRIALS
    grid: str = "1:25"
    max_iterations: int = defaults.MAX_ITERATIONS

    def __post_init__(self) -> None:
        object.__setattr__(self, "trials", whole("trials", self.trials, 1))
        parse_range(self.grid)
        StopRule(self.max_iterations)

    def sweeps(self, setup: Setup) -> Mapping[str, Asked]:
        """Return a study for every panel."""
        axis = parse_range(self.grid)
        return {
            name: Asked(
                Specification(
                    seed=setup.seed,
                    recipe=Recipe(
                        activation=_PANELS[name].activation,
                        optimizer=_PANELS[name].optimizer,
                        stop=StopRule(self.max_iterations),
                        dtype=setup.sweep_dtype,
                    ),
                ),
                Grid.product([_PANELS[name].n], axis, axis, trials=self.trials),
            )
            for name in self.panels
        }

    def pictures(self, name: str, study: Study) -> Mapping[str, Picture]:
        """Return the panel alone."""
        return {name: _drawn({name: study})}

    def reproduced(self, setup: Setup, studies: Mapping[str, Study]) -> Reproduction:
        """Return the boundary of every panel, and all panels in one picture if there are several."""
        lines: list[str] = []
        panels = {}
        for name, study in studies.items():
            n, activation, _ = _PANELS[name]
            diagram = study.diagram(n)
            boundary = diagram.boundary()
            lines.append(f"{name}, {activation.name}, {boundary_line(diagram)}")
            panels[name] = {
                "n": n,
                "activation": activation.name,
                "boundary_kd_over_n": boundary.quantiles()[1],
                "boundary_effective_parameters_over_n": boundary.quantiles(effective=True)[1],
                **{key: value for key, value in study.status().items() if key != "specification"},
            }
        pictures = {self.name: _drawn(studies)} if len(self.panels) > 1 else {}
        return Reproduction(lines, {"panels": panels}, pictures)


def _drawn(studies: Mapping[str, Study]) -> Picture:
    diagrams = [study.diagram(_PANELS[name].n) for name, study in studies.items()]
    titles: Sequence[str] = [f"{_PANELS[name].activation.name}, n = {_PANELS[name].n}" for name in studies]
    return phase_figure(diagrams, titles)


@dataclass(frozen=True)
class Figure2(Panels):
    """Figure 2 of the paper, all four panels: success over k and d for softplus and ReLU, n = 100 and 200."""

    name: ClassVar[str] = "fig2"
    panels: ClassVar[tuple[str, ...]] = tuple(_PANELS)


@dataclass(frozen=True)
class Figure2a(Panels):
    """Figure 2a of the paper: softplus, n = 100."""

    name: ClassVar[str] = "fig2a"
    panels: ClassVar[tuple[str, ...]] = ("fig2a",)


@dataclass(frozen=True)
class Figure2b(Panels):
    """Figure 2b of the paper: softplus, n = 200."""

    name: ClassVar[str] = "fig2b"
    panels: ClassVar[tuple[str, ...]] = ("fig2b",)


@dataclass(frozen=True)
class Figure2c(Panels):
    """Figure 2c of the paper: ReLU, n = 100."""

    name: ClassVar[str] = "fig2c"
    panels: ClassVar[tuple[str, ...]] = ("fig2c",)


@dataclass(frozen=True)
class Figure2d(Panels):
    """Figure 2d of the paper: ReLU, n = 200."""

    name: ClassVar[str] = "fig2d"
    panels: ClassVar[tuple[str, ...]] = ("fig2d",)
