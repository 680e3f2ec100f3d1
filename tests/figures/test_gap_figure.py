"""The figure of a gap has one bar for each factor."""

import pytest

import overparam as op
from overparam.figures import gap_figure
from overparam.theory import certify, gaps

pytest.importorskip("matplotlib", reason="the plot extra is not installed")


def test_bars_end_at_the_factors():
    found = gaps(certify(op.draw_problem(6, 5, 8), max_iterations=20))
    split = [gap for gap in found if gap.factors]
    figure = gap_figure(found)
    assert len(figure.axes) == len(split) == 2
    for axes, gap in zip(figure.axes, split, strict=True):
        bars = axes.patches
        ends = [bar.get_x() + bar.get_width() for bar in bars]
        assert ends == pytest.approx([*(one.value for one in gap.factors), gap.value])
        assert [label.get_text() for label in axes.get_yticklabels()][:-1] == [
            one.name for one in gap.factors
        ]
        assert axes.get_xscale() == "log"


def test_where_there_is_nothing_to_draw_it_says_why():
    options = {"activation": "hermite:coefficients=0;0;1", "max_iterations": 2}
    figure = gap_figure(gaps(certify(op.draw_problem(6, 5, 8), **options)))
    assert not figure.axes
    [text] = figure.texts
    assert "Theorem 6.2: it needs |φ′| ≤ B" in text.get_text()
