"""Which rules are recognized as linear, against superposition on random arrays."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest

from overparam.arrays import array_namespace
from overparam.methods import FirstOrder, GradientDescent, Step, StochasticGradientDescent
from overparam.tracing.linear import why_not_linear


@dataclass(frozen=True)
class Rule(FirstOrder):
    """A rule made of two functions: the update and the initial state."""

    name: ClassVar[str] = "rule"
    moved: Any = None
    start: Any = lambda weights: 0.0 * weights

    def init(self, weights):
        return (self.start(weights),)

    def update(self, weights, gradient, state, step):
        return self.moved(array_namespace(weights), weights, gradient, state[0], step)

    def step_size_for(self, problem, activation):
        return 0.1


LINEAR = {
    "two-step": lambda xp, w, g, u, s: (w - s.size * g + 0.9 * (w - u), (w,)),
    "schedule": lambda xp, w, g, u, s: (w - s.size / xp.sqrt(1.0 + s.iteration) * g, (u,)),
    "warm-up": lambda xp, w, g, u, s: (xp.where(s.iteration < 2.0, w, w - s.size * g), (u / 3.0,)),
    "forgetful": lambda xp, w, g, u, s: (-(s.size * g), (xp.zeros_like(u),)),
    "nothing": lambda xp, w, g, u, s: (w, (u,)),
}
NOT_LINEAR = {
    "square": lambda xp, w, g, u, s: (w - s.size * g * g, (u,)),
    "quotient": lambda xp, w, g, u, s: (w - s.size / (1.0 + g), (u,)),
    "adaptive": lambda xp, w, g, u, s: (w - s.size * g / xp.sqrt(u), (u + g * g,)),
    "constant": lambda xp, w, g, u, s: (w - s.size * (g + u), (u + 1.0,)),
    "replaced": lambda xp, w, g, u, s: (w - s.size * (g + u), (xp.ones_like(u),)),
    "branch": lambda xp, w, g, u, s: (xp.where(g > 0.0, w - s.size * g, w), (u,)),
    "clipped": lambda xp, w, g, u, s: (w - s.size * xp.clip(g, -1.0, 1.0), (u,)),
    "clock": lambda xp, w, g, u, s: (w + xp.where(s.iteration > 0.0, s.size, 0.0), (u,)),
    "unrecordable": lambda xp, w, g, u, s: (w - s.size * (g if g.sum() > 0 else u), (u,)),
}


def superposes(rule):
    """Whether a linear combination of inputs gives the same linear combination of iterates."""
    rng = np.random.default_rng(0)
    inputs = rng.standard_normal((2, 4, 5, 1))

    def run(weights, *gradients):
        state = rule.init(weights)
        for tau, gradient in enumerate(gradients):
            weights, state = rule.update(weights, gradient, state, Step(0.1, float(tau)))
        return weights

    one, other = (run(*each) for each in inputs)
    return np.allclose(run(*(2.0 * inputs[0] - 3.0 * inputs[1])), 2.0 * one - 3.0 * other)


@pytest.mark.filterwarnings("ignore:invalid value", "ignore:divide by zero")
@pytest.mark.parametrize("name", [*LINEAR, *NOT_LINEAR])
def test_what_is_linear_superposes_and_what_is_not_does_not(name):
    rule = Rule((LINEAR | NOT_LINEAR)[name])
    assert (why_not_linear(rule) is None) == superposes(rule) == (name in LINEAR)


def test_a_state_that_begins_at_a_number_is_not():
    rule = Rule(LINEAR["two-step"], lambda weights: array_namespace(weights).ones_like(weights))
    assert not superposes(rule)
    assert "adds constants" in why_not_linear(rule)


def test_the_built_in_ones():
    assert why_not_linear(GradientDescent()) is None
    assert why_not_linear(StochasticGradientDescent(0.1)) is None
