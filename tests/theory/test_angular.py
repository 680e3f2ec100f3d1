"""The Chebyshev series in the angle, and the quadrature in the plane that it is made of."""

import math

import numpy as np
import pytest

from overparam.arrays.special import erf
from overparam.theory.angular import angular_series
from overparam.theory.pairs import PairRule

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
    assert rule(theta) == pytest.approx(truth(theta), abs=3e-15 * truth(0.0))


@pytest.mark.parametrize(("f", "kinks", "truth"), CASES)
def test_series_within_their_error(f, kinks, truth):
    series = angular_series(f, kinks)
    found = series.entry(np.cos(ANGLES), np.sin(ANGLES))
    missed = np.abs(found - [truth(theta) for theta in ANGLES]).max()
    assert missed <= 2.0 * series.error
    assert series.error <= 1e-14 * truth(0.0)


def test_what_is_not_resolved_shows_in_the_error():
    """E[erf(ag)erf(ag′)] = (2/π)asin(2a²ρ/(1 + 2a²)), with a layer of width 1/a that no kink declares."""
    a = 30.0
    series = angular_series(lambda z: erf(a * z), ())
    theta = np.concatenate([[0.0], np.geomspace(1e-4, 1.0, 60)])
    truth = (2.0 / np.pi) * np.arcsin(np.cos(theta) * 2.0 * a * a / (1.0 + 2.0 * a * a))
    missed = np.abs(series.entry(np.cos(theta), np.sin(theta)) - truth).max()
    assert 1e-12 < missed <= 3.0 * series.error
