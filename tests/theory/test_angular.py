"""The Chebyshev series in the angle, and the quadrature in the plane from which it is computed."""

import math

import numpy as np
import pytest

from overparam.arrays.special import erf
from overparam.theory.angular import angular_series
from overparam.theory.pairs import PairRule
from tests.theory import oracles

ANGLES = [0.0, 1e-9, 1e-4, 0.02, 0.3, 1.0, math.pi / 2, 2.0, 3.0, math.pi - 1e-6, math.pi]


def step(z):
    return (z >= 0.0).astype(float)


def ramp(z):
    return np.maximum(z, 0.0)


def arc_cosine_0(theta):
    return (math.pi - theta) / (2 * math.pi)


def arc_cosine_1(theta):
    return (math.sin(theta) + (math.pi - theta) * math.cos(theta)) / (2 * math.pi)


CASES = [
    (step, (), arc_cosine_0),
    (ramp, (), arc_cosine_1),
    (lambda z: 1.0 - 2.0 * step(z), (0.0,), lambda t: 4.0 * arc_cosine_0(t) - 1.0),
    (lambda z: z**3 - 3.0 * z, (), lambda t: 6.0 * math.cos(t) ** 3),
    (lambda z: np.exp(0.5 * z), (), lambda t: math.exp(0.25 * (1.0 + math.cos(t)))),
]


@pytest.mark.parametrize("theta", ANGLES)
@pytest.mark.parametrize(("f", "kinks", "truth"), CASES)
def test_pairs(f, kinks, truth, theta):
    rule = PairRule(f, (0.0, *kinks))
    assert rule(math.cos(theta), math.sin(theta) if theta < math.pi else 0.0) == pytest.approx(
        truth(theta), abs=3e-15 * truth(0.0)
    )


@pytest.mark.parametrize(("f", "kinks", "truth"), CASES)
def test_series_within_their_error(f, kinks, truth):
    series = angular_series(f, kinks)
    found = series.entry(np.cos(ANGLES), np.sin(ANGLES))
    missed = np.abs(found - [truth(theta) for theta in ANGLES]).max()
    assert missed <= 2.0 * series.error
    assert series.error <= 1e-14 * truth(0.0)


def jumps(*pairs):
    """Return Σ c·1{z ≥ a} for pairs (a, c), and its kinks."""
    return lambda z: sum(c * (z >= a) for a, c in pairs), tuple(a for a, _ in pairs)


NEIGHBOURS = [((-1e-3, 1.0), (1e-3, -1.0)), ((0.0, 1.0), (0.03, -0.5)), ((2.0, 1.0), (2.05, -1.0))]
MORE = [
    *(((-a, 1.0), (a, -1.0)) for a in (0.1, 0.01)),
    ((0.0, 1.0), (0.3, -0.5)),
    ((0.01, 1.0),),
    ((-1.0, 0.5), (-0.4, -1.0), (0.2, 1.0), (0.25, -2.0), (1.5, 1.0)),
]


@pytest.mark.parametrize(
    "pairs", [*NEIGHBOURS, *(pytest.param(more, marks=pytest.mark.slow) for more in MORE)]
)
def test_kinks_near_to_each_other(pairs):
    """Close kinks make layers of width |a − b| and |a + b| near 0 and π; one polynomial resolves none."""
    series = angular_series(*jumps(*pairs))
    truth = oracles.steps(*pairs)
    near = np.concatenate([[0.0], np.sqrt(2.0 * np.geomspace(1e-8, 1e-2, 13)), [0.3, 1.0]])
    size = float(truth(oracles.WORK.mpf(0)))
    for sign in (1.0, -1.0):
        found = series.entry(sign * np.cos(near), np.sin(near))
        for angle, value in zip(near, found, strict=True):
            theta = oracles.WORK.mpf(angle)
            exact = truth(theta if sign > 0 else oracles.WORK.pi - theta)
            assert abs(value - float(exact)) <= max(2.0 * series.error, 5e-15 * size)
    assert series.error <= 1e-13 * size


@pytest.mark.parametrize("a", [1.0, *(pytest.param(a, marks=pytest.mark.slow) for a in (3.0, 30.0))])
def test_steep_without_a_kink(a):
    """E[erf(ag)erf(ag′)] = (2/π)asin(2a²ρ/(1 + 2a²)) has a layer of width 1/a, but no kink is declared."""
    series = angular_series(lambda z: erf(a * z), ())
    theta = np.concatenate([[0.0], np.geomspace(1e-4, 1.0, 60)])
    truth = (2.0 / np.pi) * np.arcsin(np.cos(theta) * 2.0 * a * a / (1.0 + 2.0 * a * a))
    missed = np.abs(series.entry(np.cos(theta), np.sin(theta)) - truth).max()
    assert missed <= 1e-14
    assert series.error <= 1e-14


def test_what_is_not_resolved_shows_in_the_error():
    """E[sin(ag)sin(ag′)] = e^{−a²}sinh(a²ρ): sin(ag) has more waves than the rule has panels."""
    a = 40.0
    series = angular_series(lambda z: np.sin(a * z), ())
    theta = np.concatenate([[0.0], np.geomspace(1e-4, 1.0, 60)])
    truth = 0.5 * np.exp(-2.0 * (a * np.sin(0.5 * theta)) ** 2)
    missed = np.abs(series.entry(np.cos(theta), np.sin(theta)) - truth).max()
    assert 1e-3 < missed <= series.error
