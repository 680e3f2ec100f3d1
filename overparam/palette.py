"""Figure 2's colours: the map "tapers between red and blue", blue certain failure, red certain success."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["CLAIMS", "CURVE", "NO_DATA", "OUTLINE", "SCALES", "SERIES", "TAPER", "blend", "rgb", "taper"]

RGB = tuple[int, int, int]

# Lightness grows along the scale, so the picture also works in grey. No stop is pale, so white curves are
# visible everywhere.
TAPER: tuple[RGB, ...] = ((28, 58, 158), (84, 54, 160), (132, 50, 150), (184, 48, 116), (226, 58, 52))
"""Stops from certain failure to certain success, evenly spaced, in sRGB."""

SCALES: dict[str, tuple[RGB, ...]] = {
    "red and blue": TAPER,
    "cividis": ((0, 34, 78), (65, 77, 107), (124, 123, 120), (188, 175, 111), (254, 232, 56)),
    "viridis": ((68, 1, 84), (59, 82, 139), (33, 145, 140), (94, 201, 98), (253, 231, 37)),
    "grey": ((24, 24, 24), (78, 78, 78), (132, 132, 132), (186, 186, 186), (240, 240, 240)),
}
"""Colour scales to choose from, the paper's first; readers of any colour vision can read the others."""

NO_DATA: RGB = (130, 130, 130)
"""Colour of cells without trials."""

CURVE: RGB = (255, 255, 255)
"""Colour of the curves n = kd and n = 2⌊k/2⌋d, and of their labels."""


CLAIMS: tuple[RGB, ...] = ((100, 195, 255), (250, 240, 110), (255, 165, 50), (255, 205, 230), (160, 245, 200))
"""Colours of claims' curves on the map; readers of any colour vision can distinguish them."""

OUTLINE: RGB = (20, 20, 30)
"""Outline of claims' curves, so that they are visible on any background."""

SERIES: tuple[RGB, ...] = (
    (0, 114, 178),
    (213, 94, 0),
    (0, 158, 115),
    (204, 121, 167),
    (86, 180, 233),
    (230, 159, 0),
)
"""Colours of several studies on a white background, by Okabe and Ito."""


def rgb(colour: RGB) -> tuple[float, ...]:
    """Return a colour in matplotlib's form: channels in [0, 1]."""
    return tuple(channel / 255 for channel in colour)


def taper(fraction: ArrayLike) -> NDArray[np.uint8]:
    """Return the colours of success fractions.

    Parameters
    ----------
    fraction : array_like, shape (...)
        In [0, 1]; nan for no data.

    Returns
    -------
    ndarray of uint8, shape (..., 3)
    """
    fraction = np.asarray(fraction, dtype=np.float64)
    known = np.isfinite(fraction)
    stops = np.linspace(0.0, 1.0, len(TAPER))
    channels = [np.interp(np.where(known, fraction, 0.0), stops, channel) for channel in np.transpose(TAPER)]
    return np.where(known[..., None], np.rint(np.stack(channels, axis=-1)), NO_DATA).astype(np.uint8)


def blend(colours: NDArray[np.uint8], over: RGB, share: float) -> NDArray[np.uint8]:
    """Mix `share` of the colour `over` into colours of shape (..., 3)."""
    return np.rint((1 - share) * colours + share * np.asarray(over)).astype(np.uint8)
