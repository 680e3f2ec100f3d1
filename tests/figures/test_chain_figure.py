"""The lower bounds beside sampled kernels: which points and lines the figure contains."""

import numpy as np
import pytest

from overparam.figures import chain_figure
from overparam.model.activations import ReLU, Softplus
from overparam.model.problem import draw_problem
from overparam.theory import lower_bounds_of, setting_in_double, start_eigenvalues

pytest.importorskip("matplotlib", reason="the plot extra is not installed")


def drawn(n, activation):
    setting = setting_in_double(draw_problem(n, 5, 6), activation)
    chain = lower_bounds_of(setting)
    return setting, chain, chain_figure(chain, setting).axes[0].lines


def test_points_are_the_drawn_kernels_and_lines_the_bounds():
    setting, chain, lines = drawn(10, ReLU())
    points, *bounds = lines
    x, y = points.get_data()
    at_six = np.isclose(x, 6 * 5 / 10)
    np.testing.assert_allclose(np.sort(y[at_six]), np.sort(start_eigenvalues(setting, [6])[0]))
    proved = [rung for rung in chain.rungs if rung.name != "start"]
    assert [line.get_ydata()[0] for line in bounds] == [float(rung.value.value) for rung in proved]
    assert [line.get_linestyle() for line in bounds].count("-") == 1
    assert (y > 0).all()


def test_a_bound_that_is_zero_is_said_and_not_drawn():
    _, _, lines = drawn(16, Softplus())  # 16 > 15 = d(d+1)/2
    zero = [line for line in lines if line.get_label().endswith(": zero")]
    assert [line.get_label() for line in zero] == ["μ²σ²min(X∗X), Lemma 6.4: zero"]
    assert len(zero[0].get_xdata()) == 0
