"""Curves with intervals and reference lines."""

import numpy as np
import pytest

from overparam.figures import Curve, Panel, curves_figure

pytest.importorskip("matplotlib")


def test_points_bars_and_references_are_where_they_belong():
    curve = Curve("measured", [1.0, 2.0, 4.0], [1.0, None, 3.0], [0.5, None, 2.0], [1.5, None, None])
    line = Curve("limit", [1.0, 4.0], [1.0, 1.0])
    figure = curves_figure(
        [Panel("a", [curve], [line]), Panel("b", [curve])], xlabel="x", ylabel="y", logarithmic="x"
    )
    first, second = figure.axes
    assert (first.get_title(), first.get_xlabel(), first.get_xscale(), first.get_yscale()) == (
        "a",
        "x",
        "log",
        "linear",
    )
    _, labels = first.get_legend_handles_labels()
    assert sorted(labels) == ["limit", "measured"]
    [bars] = first.containers
    np.testing.assert_array_equal(bars.lines[0].get_ydata(), [1.0, np.nan, 3.0])
    first_bar = bars.lines[2][0].get_segments()[0]
    np.testing.assert_allclose(np.asarray(first_bar)[:, 1], [0.5, 1.5])
    assert len(second.lines) < len(first.lines)


@pytest.mark.parametrize(("columns", "shape"), [(None, (1, 3)), (2, (2, 2)), (1, (3, 1)), (7, (1, 3))])
def test_panels_stand_in_rows(columns, shape):
    panels = [Panel(title, [Curve("measured", [1.0], [1.0])]) for title in "abc"]
    figure = curves_figure(panels, xlabel="x", columns=columns)
    grid = figure.axes[0].get_gridspec()
    assert [axes.get_title() for axes in figure.axes] == ["a", "b", "c"]
    assert (grid.nrows, grid.ncols) == shape


def test_no_panel_no_figure():
    with pytest.raises(ValueError, match="at least one panel"):
        curves_figure([], xlabel="x", ylabel="y")
