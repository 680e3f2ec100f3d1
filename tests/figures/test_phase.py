"""The paper's figure: the position and colour of every element."""

import numpy as np
import pytest

from overparam.figures import phase_figure
from overparam.palette import TAPER
from overparam.studies.diagram import PhaseDiagram

matplotlib = pytest.importorskip("matplotlib", reason="the plot extra is not installed")

GRID = tuple(range(1, 26))


def diagram(k=GRID, d=GRID, n=100, gaps=()):
    trials = np.full((len(k), len(d)), 10)
    for cell in gaps:
        trials[cell] = 0
    return PhaseDiagram(n, tuple(k), tuple(d), trials * (np.multiply.outer(k, d) >= 1.5 * n), trials)


def drawn(*diagrams):
    figure = phase_figure(diagrams)
    figure.draw_without_rendering()
    return figure, figure.axes[0]


def pixel(figure, axes, d, k):
    """The colour of the drawn figure at the point (d, k) in data coordinates."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    x, y = axes.transData.transform((d, k))
    image = np.asarray(canvas.buffer_rgba())
    return tuple(int(channel) for channel in image[image.shape[0] - 1 - int(y), int(x), :3])


def line(axes, label):
    return next(curve for curve in axes.lines if curve.get_label() == label).get_xydata()


def test_axes_and_colour_bar_are_labelled():
    figure, axes = drawn(diagram())
    assert axes.get_xlabel() == "input dimension $d$"
    assert axes.get_ylabel() == "number of hidden units $k$"
    assert axes.get_title() == "$n = 100$"
    assert figure.axes[1].get_ylabel() == "success probability"


def test_success_is_red_at_the_top_right_and_failure_blue_at_the_bottom_left():
    figure, axes = drawn(diagram())
    assert pixel(figure, axes, 24, 24) == pytest.approx(TAPER[-1], abs=2)
    assert pixel(figure, axes, 2, 2) == pytest.approx(TAPER[0], abs=2)


def test_rows_are_k_and_columns_are_d():
    trials = np.full((3, 2), 10)
    wide = PhaseDiagram(10_000, (1, 2, 3), (1, 2), np.array([[0, 0], [0, 0], [10, 0]]), trials)
    figure, axes = drawn(wide)
    assert pixel(figure, axes, 1, 3) == pytest.approx(TAPER[-1], abs=2)
    assert pixel(figure, axes, 2, 1) == pytest.approx(TAPER[0], abs=2)


def test_cells_without_data_are_grey():
    figure, axes = drawn(diagram(gaps=[(20, 20)]))
    red, green, blue = pixel(figure, axes, 21, 21)
    assert red == green == blue
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend == ["$n = kd$", r"$n = 2\lfloor k/2\rfloor d$", "no data"]


def test_capacity_curve_passes_through_the_exact_points():
    _, axes = drawn(diagram())
    points = line(axes, "$n = kd$")
    np.testing.assert_allclose(points[:, 0] * points[:, 1], 100)
    for d, k in [(4, 25), (5, 20), (10, 10), (20, 5), (25, 4)]:
        assert min(np.hypot(points[:, 0] - d, points[:, 1] - k)) < 1e-12
    assert axes.lines[0].get_color() == (1, 1, 1)
    assert axes.lines[0].get_linestyle() == "-"


def test_effective_curve_separates_the_cells_that_can_reach_n():
    _, axes = drawn(diagram())
    points = line(axes, r"$n = 2\lfloor k/2\rfloor d$")
    corners = {(round(d, 9), round(k, 9)) for d, k in points}
    assert {(5, 20), (10, 10), (12.5, 8), (25, 4)} <= corners
    for d in GRID[4:]:
        least = min(k for k in range(1, 101) if 2 * (k // 2) * d >= 100)
        above, at = points[:-1], points[1:]
        stairs = [a[1] for a, b in zip(above, at, strict=True) if a[1] == b[1] and b[0] <= d < a[0]]
        assert stairs == [least]


@pytest.mark.parametrize("values", [(10, 20, 50), (1, 2, 4, 8, 16, 32, 64), (0,), (7,), (0, 1), (3, 500)])
def test_every_value_lies_in_its_own_cell(values):
    _, axes = drawn(diagram(k=values, d=values))
    mesh = axes.collections[0].get_coordinates()
    for edges in (mesh[0, :, 0], mesh[:, 0, 1]):
        assert len(edges) == len(values) + 1
        assert all(low < value < high for low, value, high in zip(edges, values, edges[1:], strict=False))
        assert edges[0] >= -0.5
    assert axes.get_xlim() == pytest.approx((mesh[0, 0, 0], mesh[0, -1, 0]))
    assert axes.get_ylim() == pytest.approx((mesh[0, 0, 1], mesh[-1, 0, 1]))


def test_ticks_of_a_short_grid_are_its_values():
    _, axes = drawn(diagram(k=(10, 20, 50), d=(1, 2, 4, 8, 16, 32)))
    assert [label.get_text() for label in axes.get_yticklabels()] == ["10", "20", "50"]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["1", "2", "4", "8", "16", "32"]
    assert axes.get_xscale() == "log"


@pytest.mark.parametrize("n", [1, 1_000_000])
def test_a_curve_out_of_the_picture_is_not_drawn(n):
    figure, axes = drawn(diagram(k=(10, 11), d=(10, 11), n=n))
    assert len(axes.lines) == 0
    assert not figure.legends


@pytest.mark.parametrize(("count", "shape"), [(1, (1, 1)), (2, (1, 2)), (4, (2, 2)), (5, (2, 3))])
def test_panels(count, shape):
    figure = phase_figure([diagram()] * count)
    assert figure.axes[0].get_subplotspec().get_gridspec().get_geometry() == shape
    assert len(figure.axes) == count + 1


def test_titles_must_match_the_diagrams():
    assert phase_figure([diagram()], ["softplus"]).axes[0].get_title() == "softplus"
    with pytest.raises(ValueError, match="a title for each, got 1 and 2"):
        phase_figure([diagram()], ["a", "b"])
    with pytest.raises(ValueError, match="at least one diagram"):
        phase_figure([])


def test_a_long_title_stays_in_the_figure():
    title = "softplus, gd:step_size=0.01, hinge loss, both layers, scaled:hidden=0.5, n = 40"
    figure = phase_figure([diagram()], [title])
    figure.draw_without_rendering()
    extent = figure.axes[0].title.get_window_extent()
    assert extent.x0 >= 0.0
    assert extent.x1 <= figure.bbox.width
    assert figure.axes[0].get_title().replace("\n", " ") == title
