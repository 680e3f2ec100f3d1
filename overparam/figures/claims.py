"""Claims about widths as curves over d: the line style shows the kind, the colour the claim."""

from __future__ import annotations

import math
from collections.abc import Sequence
from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np

from overparam.markup import figure_text
from overparam.palette import CLAIMS, OUTLINE, rgb

if TYPE_CHECKING:
    from overparam.theory import ClaimKind, Curve

__all__ = ["STYLES", "draw_claims"]

STYLES: dict[ClaimKind, Any] = {
    "exact": "-",
    "order": (0, (6, 2)),
    "existence": (0, (1, 1.4)),
    "conjecture": (0, (5, 1.5, 1, 1.5)),
}
"""The line style of each kind, in matplotlib's form."""

_LONGEST = 80  # characters in a line of the legend
_MARKERS = ("", "o", "s", "^", "D")
"""Line widths, one for each cycle through the colours, so that no two claims look alike."""


def draw_claims(panels: Sequence[Any], curves: Sequence[Sequence[Curve]]) -> None:
    """Draw the claims of every panel, with their labels, inside the panels' limits.

    A claim looks the same in all panels. If no panel shows it, its label gives its position.
    """
    # Optional and slow to import; see phase_figure.
    from matplotlib.patheffects import Normal, Stroke

    limits = [panel.get_xlim() + panel.get_ylim() for panel in panels]
    everywhere = [curve for of_panel in curves for curve in of_panel]
    names = list(dict.fromkeys(curve.name for curve in everywhere))
    heights = [tuple(sorted(panel.get_ylim())) for panel in panels]
    for panel, of_panel in zip(panels, curves, strict=True):
        for curve in of_panel:
            i = names.index(curve.name)
            d, k = _points(curve)
            panel.plot(
                d,
                k,
                color=rgb(CLAIMS[i % len(CLAIMS)]),
                linestyle=STYLES[curve.kind],
                linewidth=1.6,
                marker=_MARKERS[i // len(CLAIMS) % len(_MARKERS)],
                markersize=4,
                label=fill(figure_text(curve.label) + _where(curve.name, heights, curves), _LONGEST),
                path_effects=[Stroke(linewidth=3.0, foreground=rgb(OUTLINE)), Normal()],
            )
    for panel, (left, right, bottom, top) in zip(panels, limits, strict=True):
        panel.set(xlim=(left, right), ylim=(bottom, top))


def _points(curve: Curve) -> tuple[Any, Any]:
    d, k = np.asarray(curve.d, dtype=np.float64), np.asarray(curve.k, dtype=np.float64)
    drawn = np.isfinite(k)
    return d[drawn], k[drawn]


def _where(name: str, heights: Sequence[tuple[float, float]], curves: Sequence[Sequence[Curve]]) -> str:
    """Return the position of a claim that no panel shows, as text."""
    least, above = math.inf, True
    for (low, high), of_panel in zip(heights, curves, strict=True):
        for _, k in (_points(curve) for curve in of_panel if curve.name == name):
            if bool(np.any((k >= low) & (k <= high))):
                return ""
            least, above = min(least, float(k.min())), above and bool(k.min() > high)
    return f"; above the picture, k from {_number(least)}" if above else "; outside the picture"


def _number(value: float) -> str:
    return f"{value:.3g}" if value >= 1e5 else f"{math.ceil(value):,}"
