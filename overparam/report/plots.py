"""The report's line plots: the boundaries of all diagrams together, and the training runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from overparam.report.panels import Panel
from overparam.report.runs import Run
from overparam.report.scales import Logarithmic, path_of
from overparam.studies import Crossing

__all__ = ["Line", "Plot", "boundaries", "run_plot"]

_WIDTH, _HEIGHT = 460.0, 250.0
_RUN_WIDTH, _RUN_HEIGHT = 340.0, 190.0
_TICKS = 5
_ROOM = 1.7  # space beyond the outermost points, as a factor


@dataclass(frozen=True)
class Line:
    """One line of a plot.

    Attributes
    ----------
    number : int
        Number of its diagram, or 0.
    kind, label : str
    path : str
    dots : sequence of (x, y)
    bars : sequence of (x, y of the lower end, y of the upper end)
    """

    number: int
    kind: str
    label: str
    path: str
    dots: Sequence[tuple[float, float]] = ()
    bars: Sequence[tuple[float, float, float]] = ()


@dataclass(frozen=True)
class Plot:
    """A plot: its lines, and the ticks of its sides."""

    name: str
    width: float
    height: float
    x_label: str
    y_label: str
    x_ticks: Sequence[tuple[float, str]]
    y_ticks: Sequence[tuple[float, str]]
    lines: Sequence[Line]


def boundaries(panels: Sequence[Panel]) -> list[Plot]:
    """Return plots of all boundaries over d: as widths, and as effective parameters over n."""
    kinds = (
        ("width", "k*, units that can act", "k"),
        ("ratio", "effective parameters over n at k*", "effective_ratio"),
    )
    return [
        plot for name, label, value in kinds if (plot := _boundaries(name, label, value, panels)) is not None
    ]


def _boundaries(name: str, label: str, value: str, panels: Sequence[Panel]) -> Plot | None:
    held = [(number, panel, _known(panel, value)) for number, panel in enumerate(panels)]
    if not any(known for _, _, known in held):
        return None
    x = Logarithmic.around([one.d for _, _, known in held for one in known], _WIDTH, upwards=False)
    middles = [getattr(one, value) for _, _, known in held for one in known]
    ends = [end for _, _, known in held for one in known for end in _ends(one, value)]
    # A single wide interval must not compress all lines: the picture cuts it off, the table lists it.
    least, most = min(middles) / _ROOM, max(middles) * _ROOM
    y = Logarithmic.around([min(max(end, least), most) for end in ends], _HEIGHT)
    lines = []
    for number, panel, known in held:
        points = [(x(one.d), y(getattr(one, value))) for one in known]
        bars = []
        for one in known:
            low, _, high = _ends(one, value)
            bars.append((x(one.d), y(max(low, y.low)), y(min(high, y.high))))
        if points:
            lines.append(Line(number, "boundary", panel.title, path_of(points), points, bars))
    return Plot(name, _WIDTH, _HEIGHT, "input dimension d", label, x.ticks(), y.ticks(), lines)


def _known(panel: Panel, value: str) -> list[Crossing]:
    return [one for one in panel.crossings if getattr(one, value) is not None]


def _ends(crossing: Crossing, value: str) -> tuple[float, float, float]:
    low, middle, high = (getattr(crossing, f"{value}{end}") for end in ("_low", "", "_high"))
    return low, middle, high


def run_plot(run: Run) -> Plot | None:
    """Return the plot of a training run beside its prediction, None if it has no points."""
    positive = [point for point in run.points if point[1] > 0]
    if not positive:
        return None
    last = max(iteration for iteration, _ in positive) or 1
    # A prediction that falls far below is cut at the lower end of the run's plot.
    least = min(min(value for _, value in positive), run.tolerance) / 3
    values = [value for _, value in positive] + [value for _, value in run.predicted if value > least]
    y = Logarithmic.around([*values, run.tolerance], _RUN_HEIGHT)

    def places(points: Sequence[tuple[int, float]]) -> list[tuple[float, float]]:
        inside = [point for point in points if y.low <= point[1] <= y.high]
        return [(round(_RUN_WIDTH * at / last, 1), y(value)) for at, value in inside]

    level = y(run.tolerance)
    lines = [
        Line(0, "tolerance", f"tolerance {run.tolerance:g}", path_of([(0.0, level), (_RUN_WIDTH, level)])),
        Line(0, "success" if run.success else "failure", run.measure, path_of(places(positive))),
    ]
    if len(run.predicted) > 1:
        lines.append(Line(0, "predicted", run.about_prediction, path_of(places(run.predicted))))
    ticks = [(round(_RUN_WIDTH * at / last, 1), f"{at:,}") for at in _round_steps(last)]
    return Plot("run", _RUN_WIDTH, _RUN_HEIGHT, "iteration", run.measure, ticks, y.ticks(), lines)


def _round_steps(last: int) -> range:
    """Return about five multiples of a round number, starting with 0."""
    step = next(m * 10**e for e in range(20) for m in (1, 2, 5) if m * 10**e * _TICKS >= last)
    return range(0, last + 1, step)
