"""Boundaries of several studies on one axes: the position and style of every element."""

import numpy as np
import pytest

from overparam.figures import boundaries_figure
from overparam.palette import SERIES, rgb
from overparam.studies import Crossing
from overparam.theory import Curve

matplotlib = pytest.importorskip("matplotlib", reason="the plot extra is not installed")


def crossing(n, d, k, low, high):
    return Crossing(n, d, k, low, high, None, None, None, None, 4, 2, 100)


ONE = [crossing(20, 4, 10.0, 8.0, 13.0), crossing(20, 8, 5.0, 4.0, 6.0), crossing(40, 8, None, 30.0, None)]
OTHER = [crossing(20, 4, 12.0, 9.0, 14.0), crossing(20, 8, None, None, 3.0)]


def drawn(*given, **options):
    figure = boundaries_figure(*given, **options)
    figure.draw_without_rendering()
    return figure, figure.axes[0]


def texts(legend):
    return [text.get_text() for text in legend.get_texts()]


def test_points_with_intervals_on_logarithmic_axes():
    _, axes = drawn({"one": ONE[:2]})
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    [series] = axes.containers
    line, _, (bars,) = series.lines
    np.testing.assert_allclose(line.get_xydata(), [(4, 10), (8, 5)])
    np.testing.assert_allclose([bar[:, 1] for bar in bars.get_segments()], [(8, 13), (4, 6)])
    assert texts(axes.get_legend()) == ["one, n = 20"]


def test_a_colour_a_study_a_marker_an_n_and_points_side_by_side():
    _, axes = drawn({"one": ONE, "other": OTHER})
    lines = {series.get_label(): series.lines[0] for series in axes.containers}
    assert list(lines) == ["one, n = 20", "one, n = 40", "other, n = 20"]
    assert lines["one, n = 20"].get_color() == lines["one, n = 40"].get_color() == rgb(SERIES[0])
    assert lines["other, n = 20"].get_color() == rgb(SERIES[1])
    assert lines["one, n = 20"].get_marker() == lines["other, n = 20"].get_marker() == "o"
    assert lines["one, n = 40"].get_marker() == "s"
    at_4 = [lines[name].get_xdata()[0] for name in ("one, n = 20", "other, n = 20")]
    assert at_4[0] < 4 < at_4[1]
    np.testing.assert_allclose(at_4, 4, rtol=0.03)


def test_an_arrow_where_the_boundary_is_beyond_what_was_seen():
    _, axes = drawn({"one": ONE, "other": OTHER})
    arrows = [
        (line.get_marker(), line.get_ydata().tolist()) for line in axes.lines if "arrow" in line.get_marker()
    ]
    assert arrows == [("$\\uparrow$", [30.0]), ("$\\downarrow$", [3.0])]


def test_claims_once_in_the_legend_with_n_at_their_ends():
    claims = [
        Curve("law", "Law", "Someone", "order", "kd = c·n", n, (4, 8), (n / 4, n / 8), 1.0) for n in (20, 40)
    ]
    figure, axes = drawn({"one": ONE}, claims=claims)
    assert texts(figure.legends[0]) == [
        "one, n = 20",
        "one, n = 40",
        "Law: kd = c·n (order, fitted c = 1; Someone)",
    ]
    assert [text.get_text().strip() for text in axes.texts] == ["n = 20", "n = 40"]
    assert axes.texts[1].xy == (8, 5.0)


def test_your_own_axes():
    figure = matplotlib.figure.Figure()
    axes = figure.subplots()
    axes.plot([4, 8], [5, 5], label="mine")
    assert boundaries_figure({"one": ONE[:2]}, ax=axes) is figure
    assert texts(axes.get_legend()) == ["one, n = 20", "mine"]
    assert not figure.legends


def test_nothing_to_draw():
    with pytest.raises(ValueError, match="no boundary to draw"):
        boundaries_figure({"one": []})
