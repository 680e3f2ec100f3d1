"""Figures on axes that the user supplies: the same drawing, and the labelled curves in the legend."""

import numpy as np
import pytest

from overparam.figures import bounds_figure, phase_figure, training_figure
from overparam.methods import GradientDescent
from overparam.model.activations import Softplus
from overparam.model.problem import draw_problem
from overparam.runs import StopRule
from overparam.runs.outcome import History
from overparam.studies.diagram import PhaseDiagram
from overparam.theory import certificate_of
from tests.theory.recipes import recipe_of

matplotlib = pytest.importorskip("matplotlib", reason="the plot extra is not installed")

DIAGRAM = PhaseDiagram(
    10, (1, 2, 5), (1, 2), np.array([[0, 0], [1, 2], [3, 0]]), np.array([[3, 3], [3, 3], [3, 0]])
)


def texts(legend):
    return [text.get_text() for text in legend.get_texts()]


def test_a_phase_diagram():
    figure = matplotlib.figure.Figure()
    left, right = figure.subplots(1, 2)
    left.plot([1, 2], [5, 2], label="mine")
    assert phase_figure([DIAGRAM], ax=left) is figure
    assert texts(left.get_legend()) == ["mine", "$n = kd$", r"$n = 2\lfloor k/2\rfloor d$", "no data"]
    theirs = phase_figure([DIAGRAM]).axes[0]
    np.testing.assert_array_equal(
        left.collections[0].get_array().filled(-1), theirs.collections[0].get_array().filled(-1)
    )
    assert left.get_ylim() == theirs.get_ylim()
    assert not figure.legends
    assert right.get_legend() is None
    assert [axes.get_ylabel() for axes in figure.axes[2:]] == ["success probability"]


@pytest.mark.parametrize("grid", [list, tuple, np.asarray])
def test_several_phase_diagrams(grid):
    figure = matplotlib.figure.Figure()
    panels = figure.subplots(1, 2)
    phase_figure([DIAGRAM, DIAGRAM], ["a", "b"], ax=grid(panels), colorbar=False)
    assert [axes.get_title() for axes in figure.axes] == ["a", "b"]
    with pytest.raises(ValueError, match="1 diagrams need as many axes and lists of claims, got 2 axes"):
        phase_figure([DIAGRAM], ax=panels)


def test_a_training_run():
    figure = matplotlib.figure.Figure()
    panels = figure.subplots(2, 1)
    panels[0].plot([0, 20], [1.0, 0.01], label="mine")
    history = History(np.arange(3) * 10, np.array([1.0, 0.1, 0.01]), np.arange(3.0), np.arange(3.0))
    assert training_figure(history, title="run", ax=panels) is figure
    assert texts(panels[0].get_legend()) == ["mine"]
    assert panels[0].get_title() == "run"
    assert len(panels[1].lines) == 2


def test_a_certificate():
    figure = matplotlib.figure.Figure()
    axes = figure.subplots()
    axes.plot([0, 5], [1.0, 0.5], label="mine")
    certificate = certificate_of(
        draw_problem(n=6, d=4, k=6), recipe_of(Softplus(), GradientDescent(0.1), StopRule(5, 1e-6))
    )
    assert bounds_figure(certificate, ax=axes) is figure
    assert texts(axes.get_legend())[:2] == ["mine", "measured"]
