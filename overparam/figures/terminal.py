"""The phase diagram on a terminal: in colour with rich, and in plain ASCII for everything else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from overparam.figures.cells import on_capacity_curve, reaches_capacity, tick_labels
from overparam.palette import CURVE, blend, taper
from overparam.studies import BoundaryScaling
from overparam.studies.diagram import PhaseDiagram
from overparam.studies.picture import coarsen

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult
    from rich.segment import Segment

__all__ = ["HeatMap", "boundary_line", "boundary_table", "plain", "render"]

# Screen lines for the title, the axis and the legend, and for a progress display below them.
_OTHER_LINES = 9
_PLAIN_ROWS = 50
_MARK_SHARE = 0.6


@dataclass(frozen=True)
class HeatMap:
    """A rich renderable of one diagram, for printing or for `rich.live.Live` during a sweep.

    Cells are two columns wide if they fit on the screen; otherwise two cells share a character, or cells are
    pooled. Without colours, or with ASCII only, it is the text of `plain`.
    """

    diagram: PhaseDiagram

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the segments of the picture."""
        # Imported here: importing rich takes a tenth of a second, unnecessary for commands that draw nothing.
        from rich.segment import Segment

        if console.color_system is None or options.ascii_only:
            yield Segment(plain(self.diagram, options.max_width) + "\n")
            return
        gutter = len(str(self.diagram.k[-1])) + 1
        width = max(options.max_width - gutter - 1, 1)
        height = max(console.height - _OTHER_LINES, 4)
        wide = 2 * len(self.diagram.d) <= width and len(self.diagram.k) <= height
        shown = self.diagram if wide else coarsen(self.diagram, 2 * height, width)
        yield Segment(f"{_title(self.diagram, shown)}\n")
        yield from _wide_rows(shown, gutter) if wide else _half_block_rows(shown, gutter)
        yield Segment(_d_axis(shown, gutter, 2 if wide else 1) + "\n")
        yield from _legend(wide=wide)


def render(diagram: PhaseDiagram) -> HeatMap:
    """Return the diagram as a renderable of rich, for any size of the screen."""
    return HeatMap(diagram)


def plain(diagram: PhaseDiagram, width: int = 80) -> str:
    """Return the diagram in ASCII, at most `width` columns wide if possible.

    A cell is '.' if every training run failed, '#' if every one succeeded, otherwise the tenths that
    succeeded, and blank without trials. A '|' stands left of the first cell of a row with kd >= n.
    """
    gutter = len(str(diagram.k[-1])) + 1
    shown = coarsen(diagram, _PLAIN_ROWS, max((width - gutter) // 2, 1))
    reached = reaches_capacity(shown)
    marks = reached & ~np.pad(reached, ((0, 0), (1, 0)))[:, :-1]
    lines = [_title(diagram, shown)]
    for i in reversed(range(len(shown.k))):
        cells = zip(marks[i], shown.fraction[i], strict=True)
        row = "".join(("|" if mark else " ") + _digit(fraction) for mark, fraction in cells)
        lines.append(f"{shown.k[i]:>{gutter - 1}} {row}".rstrip())
    lines.append(_d_axis(shown, gutter, 2))
    lines.append(". no success   1-9 tenths   # every success   | kd >= n from here on")
    return "\n".join(lines)


def boundary_line(diagram: PhaseDiagram) -> str:
    """Return the 50 % boundary in one sentence: median and quartiles over d of kd/n and 2⌊k/2⌋d/n."""
    boundary = diagram.boundary()
    known = int(np.isfinite(boundary.ratio).sum())
    if known == 0:
        return f"n = {diagram.n}: no input dimension of this grid brackets the 50 % boundary"
    parts = []
    ratios = {"kd/n": False, f"{boundary.count}/n": True}  # both are the same if every unit acts
    for name, effective in ratios.items():
        low, middle, high = boundary.quantiles(effective=effective)
        parts.append(f"{name} = {middle:.2f} (quartiles {low:.2f} to {high:.2f})")
    return (
        f"n = {diagram.n}: 50 % boundary at {', '.join(parts)}, over {known} of {len(diagram.d)} "
        "input dimensions"
    )


def _title(diagram: PhaseDiagram, shown: PhaseDiagram) -> str:
    pooled = "" if shown is diagram or (shown.k, shown.d) == (diagram.k, diagram.d) else ", cells pooled"
    return f"k (hidden units) over d (input dimension), n = {diagram.n}{pooled}"


def _digit(fraction: float) -> str:
    if np.isnan(fraction):
        return " "
    return "." if fraction == 0 else "#" if fraction == 1 else str(min(max(int(10 * fraction), 1), 9))


def _d_axis(shown: PhaseDiagram, gutter: int, wide: int) -> str:
    """Return the labels of d, each ending under the last column of its cell."""
    longest = len(str(shown.d[-1]))
    line = " " * gutter
    for j, label in enumerate(tick_labels(shown.d, -(-(longest + 1) // wide))):
        end = gutter + wide * (j + 1)
        line += label.rjust(end - len(line)) if label else ""
    return f"{line}  d"


def _wide_rows(shown: PhaseDiagram, gutter: int) -> Iterator[Segment]:
    """Yield one line for each width, two columns for each cell."""
    # Slow to import; see HeatMap.
    from rich.segment import Segment
    from rich.style import Style

    colours, curve = taper(shown.fraction), on_capacity_curve(shown)
    for i in reversed(range(len(shown.k))):
        yield Segment(f"{shown.k[i]:>{gutter - 1}} ")
        for j in range(len(shown.d)):
            text = "··" if curve[i, j] else "  "
            yield Segment(text, Style(color="bright_white", bgcolor=_hex(colours[i, j]), bold=True))
        yield Segment("\n")


def _half_block_rows(shown: PhaseDiagram, gutter: int) -> Iterator[Segment]:
    """Yield two widths per line, labelled by the upper one: each half of a block has its own colour."""
    # Slow to import; see HeatMap.
    from rich.segment import Segment
    from rich.style import Style

    colours, curve = taper(shown.fraction), on_capacity_curve(shown)
    colours[curve] = blend(colours[curve], CURVE, _MARK_SHARE)
    for i in range(len(shown.k) - 1, -1, -2):
        yield Segment(f"{shown.k[i]:>{gutter - 1}} ")
        for j in range(len(shown.d)):
            lower = _hex(colours[i - 1, j]) if i else None
            yield Segment("▀", Style(color=_hex(colours[i, j]), bgcolor=lower))
        yield Segment("\n")


def _legend(*, wide: bool) -> Iterator[Segment]:
    """Yield the colours from failure to success, and the mark of n = kd."""
    # Slow to import; see HeatMap.
    from rich.segment import Segment
    from rich.style import Style

    def swatch(colour: NDArray[np.uint8], text: str = "  ") -> Segment:
        return Segment(text, Style(color="bright_white", bgcolor=_hex(colour), bold=True))

    scale = taper(np.linspace(0, 1, 6))
    yield Segment("failure ")
    yield from (swatch(colour) for colour in scale)
    yield Segment(" success   ")
    middle = taper(0.5)
    yield swatch(middle, "··") if wide else swatch(blend(middle, CURVE, _MARK_SHARE))
    yield Segment(" n = kd   ")
    yield swatch(taper(np.nan))
    yield Segment(" no data\n")


def _hex(colour: NDArray[np.uint8]) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)


def boundary_table(scaling: BoundaryScaling) -> list[str]:
    """Return the lines of a table with one line for each (n, d)."""
    percent = f"{100 * scaling.level:g} % interval"
    lines = [
        f"{'n':>6} {'d':>5} {'k':>8}  {percent:<18} {'kd/n':>7} {'effective/n':>12}  "
        f"{'std. error of log k':>19} {'trials':>7} {'updates':>12}"
    ]
    for each in scaling.crossings:
        interval = f"{_width(each.k_low)} to {_width(each.k_high)}"
        ratio = None if each.k is None else each.k * each.d / each.n
        lines.append(
            f"{each.n:>6} {each.d:>5} {_width(each.k):>8}  {interval:<18} {_width(ratio):>7} "
            f"{_width(each.effective_ratio):>12}  "
            f"{'-' if each.standard_error is None else f'{each.standard_error:.3f}':>19} "
            f"{each.trials:>7} {each.updates:>12,}"
        )
    return lines


def _width(value: float | None) -> str:
    return "?" if value is None else f"{value:.4g}"
