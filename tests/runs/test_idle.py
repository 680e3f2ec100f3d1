"""Which update rules are proved not to move units whose gradient is zero."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from overparam.methods import FirstOrder, GradientDescent, Step, StochasticGradientDescent
from overparam.runs.idle import leaves_idle_units


@dataclass(frozen=True)
class Rule(FirstOrder):
    """Gradient descent plus the terms that the parameters add; its name is gd, like that of the built-in."""

    name: ClassVar[str] = "gd"
    momentum: float = 0.0
    decay: float = 0.0
    shift: float = 0.0
    scale: float = 1.0

    def init(self, weights):
        return (0.0 * weights,)

    def update(self, weights, gradient, state, step):
        velocity = self.momentum * state[0] - step.size * gradient
        return self.scale * weights * (1.0 - step.size * self.decay) + velocity + self.shift, (velocity,)

    def step_size_for(self, problem, activation):
        return 0.1


@dataclass(frozen=True)
class Decayed(GradientDescent):
    """Inherits everything from gradient descent except the update rule."""

    def update(self, weights, gradient, state, step):
        return weights - step.size * (gradient + 0.1 * weights), state


@dataclass(frozen=True)
class Remembering(Rule):
    """Moves the weights by its state, which is not zero at the start."""

    def init(self, weights):
        return (0.5 * weights,)


@dataclass(frozen=True)
class Later(Rule):
    """Does not move W at the first update, but later: the state grows from zero without a gradient."""

    def update(self, weights, gradient, state, step):
        return weights + state[0] - step.size * gradient, (state[0] + 0.1,)


@pytest.mark.parametrize(
    "rule", [GradientDescent(), StochasticGradientDescent(0.1), Rule(momentum=0.9)], ids=repr
)
def test_rules_that_leave_them_alone(rule):
    assert leaves_idle_units(rule)


@pytest.mark.parametrize(
    "rule",
    [Rule(decay=0.1), Rule(shift=0.1), Rule(scale=0.5), Decayed(), Remembering(momentum=0.9), Later()],
    ids=repr,
)
def test_rules_that_do_not(rule):
    assert not leaves_idle_units(rule)


some = st.sampled_from([0.0, 1.0, -1.0, 0.5, 3.0])


@given(momentum=some, decay=some, shift=some, scale=some, seed=st.integers(0, 9))
def test_what_is_proved_holds(momentum, decay, shift, scale, seed):
    rule = Rule(momentum, decay, shift, scale)
    if not leaves_idle_units(rule):
        return
    start = W = np.random.default_rng(seed).standard_normal((3, 2))
    state = rule.init(W)
    for iteration in range(4):
        W, state = rule.update(W, np.zeros_like(W), state, Step(0.3, float(iteration)))
    np.testing.assert_array_equal(W, start)
