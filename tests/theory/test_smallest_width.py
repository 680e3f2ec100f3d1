"""The smallest k of a theorem: its condition on the width holds at this k and fails below it."""

import math

import numpy as np
import pytest

from overparam.methods import GradientDescent, StochasticGradientDescent
from overparam.model.activations import ReLU, Softplus
from overparam.model.initializations import Paper
from overparam.model.problem import Problem, draw_problem
from overparam.runs import StopRule
from overparam.theory import Setting, builtin_theorems, certify, follow
from tests.theory.recipes import recipe_of

THEOREMS = {cls.name: cls() for cls in builtin_theorems()}


def setting_of(X, k, activation, optimizer=None):
    n, d = X.shape
    y = np.linspace(-1.0, 2.0, n)
    weights = Paper().draw(n, k, d, y, np.random.default_rng(0))
    recipe = recipe_of(activation, optimizer or GradientDescent(0.01), StopRule(0, 1e-6))
    return Setting(Problem(X, y, weights.W, weights.v), recipe)


def condition(theorem, setting, start):
    run = follow(setting.problem, setting.recipe, 2)
    [found] = [h for h in theorem.hypotheses(setting, run) if h.statement.startswith(start)]
    return found


@pytest.mark.parametrize(
    ("name", "start", "activation", "X", "step"),
    [
        ("theorem-6-2", "(6.18)", Softplus(), np.eye(2), 2),
        ("theorem-3-2", "k ≥ 101", ReLU(), np.eye(2), 1),
        ("lemma-6-7", "‖v‖/‖v‖_∞", Softplus(), np.eye(5), 2),
        ("lemma-6-7", "‖v‖/‖v‖_∞", ReLU(), draw_problem(5, 4, 2).X, 2),
        ("lemma-6-9", "m₀² ≥ 1", ReLU(), draw_problem(5, 4, 2).X, 2),
        ("lemma-c-3", "k ≥ m", ReLU(), np.eye(4), 1),
    ],
)
def test_the_condition_holds_there_and_not_below(name, start, activation, X, step):
    theorem = THEOREMS[name]
    smallest = theorem.smallest_width(setting_of(X, 2, activation))
    assert smallest == int(smallest) >= 2
    assert smallest % step == 0
    k = int(smallest)
    # One condition has a relative tolerance of 1e-6, which is less than one unit only for smaller widths.
    below = k - step if k < 100_000 else int(k * (1 - 1e-5)) // step * step
    assert condition(theorem, setting_of(X, k, activation), start).holds is True
    assert condition(theorem, setting_of(X, below, activation), start).holds is False
    assert theorem.smallest_width(setting_of(X, below, activation)) == smallest


@pytest.mark.parametrize(
    ("name", "start", "activation", "optimizer"),
    [
        ("theorem-2-1", "(2.2)", Softplus(), None),
        ("theorem-2-6", "(2.2)", Softplus(), StochasticGradientDescent(0.01)),
        ("theorem-2-3", "(2.6)", ReLU(), None),
        ("theorem-2-5", "(2.8)", ReLU(), None),
        ("theorem-6-3", "(6.3)", ReLU(), None),
    ],
)
def test_where_it_is_too_wide_to_draw_it_is_the_condition_s_own_side(name, start, activation, optimizer):
    setting = setting_of(draw_problem(6, 4, 2).X, 8, activation, optimizer)
    side = condition(THEOREMS[name], setting, start).right
    width = side**2 / 4 if start in ("(2.2)", "(2.6)") else side
    found = THEOREMS[name].smallest_width(setting)
    assert found == pytest.approx(width, rel=1e-12, abs=2.0)
    assert found % 2 == 0


def test_where_no_width_is_enough_or_none_is_asked():
    X = draw_problem(16, 5, 2).X  # 16 > 15 = d(d+1)/2: σmin(X∗X) is zero
    assert THEOREMS["theorem-2-1"].smallest_width(setting_of(X, 4, Softplus())) == math.inf
    assert THEOREMS["corollary-2-2"].smallest_width(setting_of(X, 4, Softplus())) is None
    assert THEOREMS["lemma-6-12"].smallest_width(setting_of(X, 4, Softplus())) is None
    document = certify(draw_problem(16, 5, 4), max_iterations=2).to_json()
    widths = {one["name"]: one["smallest_width"] for one in document["theorems"]}
    assert widths["Theorem 2.1"] is None
    assert widths["Lemma 6.12"] is None
    assert widths["Theorem 6.3"] is None  # not about softplus
    assert widths["Lemma C.3"] == math.ceil(12 * math.log(16))
    assert widths["Theorem 6.2"] > 1e6


def test_one_sample_needs_some_unit():
    assert THEOREMS["lemma-6-7"].smallest_width(setting_of(np.eye(1), 2, Softplus())) == 2.0
