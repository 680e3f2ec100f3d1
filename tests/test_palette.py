"""The colours of Figure 2."""

import numpy as np

from overparam.palette import NO_DATA, TAPER, blend, taper


def luminance(colours):
    """Relative luminance of sRGB colours (IEC 61966-2-1)."""
    c = np.asarray(colours) / 255
    linear = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


def test_failure_is_blue_success_is_red_and_nan_is_grey():
    colours = taper([[0.0, 1.0], [np.nan, 0.5]])
    assert colours.shape == (2, 2, 3)
    assert tuple(colours[0, 0]) == TAPER[0]
    assert tuple(colours[0, 1]) == TAPER[-1]
    assert tuple(colours[1, 0]) == NO_DATA
    assert colours[0, 0].argmax() == 2
    assert colours[0, 1].argmax() == 0


def test_lightness_grows_and_a_white_curve_shows_everywhere():
    light = luminance(taper(np.linspace(0, 1, 101)))
    # Rounding to 8 bits changes a luminance by less than 0.004.
    assert (np.diff(light) > -0.004).all()
    assert light[-1] > 2 * light[0]
    # WCAG requires a contrast of 3 for graphics.
    assert (1.05 / (light + 0.05)).min() > 3


def test_blend():
    assert blend(np.array([0, 100, 200], dtype=np.uint8), (255, 255, 255), 0.2).tolist() == [51, 131, 211]
