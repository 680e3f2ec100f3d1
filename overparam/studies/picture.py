"""A phase diagram as an inline SVG, for notebooks: no drawing library is needed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from overparam.palette import taper

if TYPE_CHECKING:
    from overparam.studies.diagram import PhaseDiagram

__all__ = ["coarsen", "picture"]

_MOST = 40  # cells along an axis
_SIDE = 9
_LEFT, _ABOVE, _BELOW = 44, 20, 34


def picture(diagram: PhaseDiagram) -> str:
    """Return the diagram as an SVG element: one square per cell, from blue failure to red success.

    Cells without data are grey. Larger diagrams are pooled to 40 × 40 cells. A tooltip shows a cell's sizes
    and counts.
    """
    shown = coarsen(diagram, _MOST, _MOST)
    colours = taper(shown.fraction)
    width, height = _SIDE * len(shown.d), _SIDE * len(shown.k)
    cells = []
    for i, k in enumerate(shown.k):
        for j, d in enumerate(shown.d):
            red, green, blue = (int(channel) for channel in colours[i, j])
            x, y = _LEFT + _SIDE * j, _ABOVE + height - _SIDE * (i + 1)
            counts = f"k = {k}, d = {d}: {shown.successes[i, j]} of {shown.trials[i, j]}"
            cells.append(
                f'<rect x="{x}" y="{y}" width="{_SIDE}" height="{_SIDE}" '
                f'fill="#{red:02x}{green:02x}{blue:02x}">'
                f"<title>{counts}</title></rect>"
            )
    pooled = "" if shown.k == diagram.k and shown.d == diagram.d else ", neighbouring cells pooled"
    texts = [
        _text(_LEFT, 14, f"success, n = {diagram.n:,}{pooled}", "start"),
        _text(_LEFT - 4, _ABOVE + height, f"k = {diagram.k[0]}", "end"),
        _text(_LEFT - 4, _ABOVE + 10, f"{diagram.k[-1]}", "end"),
        _text(_LEFT, _ABOVE + height + 14, f"d = {diagram.d[0]}", "start"),
        _text(_LEFT + width, _ABOVE + height + 14, f"{diagram.d[-1]}", "end"),
    ]
    whole = max(width, 220) + _LEFT + 8, height + _ABOVE + _BELOW
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{whole[0]}" height="{whole[1]}" role="img">'
        f"{''.join(cells)}{''.join(texts)}</svg>"
    )


def _text(x: float, y: float, text: str, anchor: str) -> str:
    style = f'font-size="10" font-family="sans-serif" fill="currentColor" text-anchor="{anchor}"'
    return f'<text x="{x}" y="{y}" {style}>{escape(text)}</text>'


def coarsen(diagram: PhaseDiagram, rows: int, columns: int) -> PhaseDiagram:
    """Return the diagram with neighbouring cells pooled to at most `rows` widths and `columns` dimensions.

    A pooled cell has the sum of the counts and the middle of the values.
    """
    k_starts, k = _blocks(diagram.k, rows)
    d_starts, d = _blocks(diagram.d, columns)

    def pool(counts: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.add.reduceat(np.add.reduceat(counts, k_starts, axis=0), d_starts, axis=1)

    return replace(diagram, k=k, d=d, successes=pool(diagram.successes), trials=pool(diagram.trials))


def _blocks(values: Sequence[int], most: int) -> tuple[list[int], tuple[int, ...]]:
    """Return the start of each block of equal size, and its middle value."""
    size = math.ceil(len(values) / max(most, 1))
    starts = list(range(0, len(values), size))
    return starts, tuple(values[(i + min(i + size, len(values)) - 1) // 2] for i in starts)
