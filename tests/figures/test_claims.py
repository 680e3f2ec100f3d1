"""Curves of claims on a phase diagram: their position, style and legend."""

import itertools

import numpy as np
import pytest

from overparam.figures import phase_figure
from overparam.figures.claims import STYLES
from overparam.palette import CLAIMS, OUTLINE, SERIES, TAPER, rgb
from overparam.studies.diagram import PhaseDiagram
from overparam.theory import Curve
from tests.test_palette import luminance

matplotlib = pytest.importorskip("matplotlib", reason="the plot extra is not installed")

D = (1, 2, 4, 5)


def diagram(n=20):
    trials = np.full((6, 4), 2)
    return PhaseDiagram(n, (2, 4, 6, 8, 10, 12), D, trials, trials)


def curve(name, k, kind="exact", constant=None):
    return Curve(name, name.title(), "Someone, 2020", kind, "k = ?", 20, D, tuple(k), constant)


def drawn(*curves, panels=1):
    figure = phase_figure([diagram()] * panels, claims=[curves] * panels)
    figure.draw_without_rendering()
    return figure, {line.get_label().replace("\n", " "): line for line in figure.axes[0].lines}


def test_a_curve_is_where_it_says_with_label_reference_and_kind():
    figure, lines = drawn(curve("one", (11.0, 7.0, np.inf, 3.0)), curve("two", (3.0,) * 4, "order", 0.5))
    one = lines["One: k = ? (exact; Someone, 2020)"]
    np.testing.assert_array_equal(one.get_xydata(), [(1, 11), (2, 7), (5, 3)])
    assert one.get_linestyle() == STYLES["exact"]
    assert one.get_color() == rgb(CLAIMS[0])
    assert lines["Two: k = ? (order, fitted c = 0.5; Someone, 2020)"].get_color() == rgb(CLAIMS[1])
    texts = [text.get_text().replace("\n", " ") for text in figure.legends[0].get_texts()]
    assert texts[2:] == list(lines)[2:]


def test_kinds_have_styles_of_their_own():
    assert len({str(style) for style in STYLES.values()}) == 4


def test_the_panels_keep_their_limits_and_the_legend_says_where_a_curve_is():
    plain = phase_figure([diagram()]).axes[0]
    figure, lines = drawn(
        curve("one", (1e10, 2.6e9, 3e9, 4e9)), curve("two", (0.1,) * 4), curve("three", (40.2,) * 4)
    )
    assert figure.axes[0].get_ylim() == plain.get_ylim()
    assert figure.axes[0].get_xlim() == plain.get_xlim()
    assert [label.partition("; ")[2].partition("; ")[2] for label in list(lines)[2:]] == [
        "above the picture, k from 2.6e+09",
        "outside the picture",
        "above the picture, k from 41",
    ]


def test_the_curves_of_every_diagram_are_not_drawn_again():
    own = diagram()
    same = [curve("counting", own.capacity_curve(D)), curve("effective", own.effective_curve(D))]
    figure, _ = drawn(*same)
    assert len(figure.axes[0].lines) == 2


def test_a_claim_looks_the_same_in_all_panels_and_stands_once_in_the_legend():
    one, two = curve("one", (5.0,) * 4), curve("two", (6.0,) * 4)
    figure = phase_figure([diagram(), diagram(30)], claims=[[one, two], [two]])
    colours = [[line.get_color() for line in axes.lines[2:]] for axes in figure.axes[:2]]
    assert colours == [[rgb(CLAIMS[0]), rgb(CLAIMS[1])], [rgb(CLAIMS[1])]]
    assert len(figure.legends[0].get_texts()) == 4


def test_many_claims_do_not_look_alike():
    _, lines = drawn(*(curve(f"c{i}", (5.0,) * 4) for i in range(20)))
    looks = [(line.get_color(), line.get_marker()) for line in list(lines.values())[2:]]
    assert len(set(looks)) == 20


def test_a_list_of_claims_for_each_diagram():
    with pytest.raises(
        ValueError, match="2 diagrams need as many axes and lists of claims, got 2 axes and 1"
    ):
        phase_figure([diagram(), diagram()], claims=[[]])


# Machado, Oliveira & Fernandes (2009), severity 1, on linear RGB.
VISION = {
    "usual": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.01182, 0.04294, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.3039],
    ],
}


def lab(colour, seen):
    """CIE L*a*b* of an sRGB colour; the matrix `seen` simulates the viewer's colour vision."""
    c = np.asarray(colour) / 255
    linear = np.clip(seen @ np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4), 0, 1)
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]) @ linear
    x, y, z = np.cbrt(xyz / [0.9505, 1.0, 1.089] + 1e-9)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("colours", [CLAIMS, SERIES], ids=["claims", "series"])
def test_colours_are_told_apart_with_any_colour_vision(colours, vision):
    seen = [lab(colour, np.asarray(VISION[vision])) for colour in colours]
    assert min(np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)) > 14


def test_claims_show_on_the_map_and_by_their_outline_on_anything():
    for colour in CLAIMS:
        assert min((luminance(colour) + 0.05) / (luminance(stop) + 0.05) for stop in TAPER) > 2
        assert (luminance(colour) + 0.05) / (luminance(OUTLINE) + 0.05) > 7
