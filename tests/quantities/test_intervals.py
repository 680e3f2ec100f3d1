"""Intervals: monotone maps, products, and comparisons, which are None unless they are certain."""

import math

import numpy as np
import pytest

from overparam.quantities.gaussian import Estimate
from overparam.quantities.intervals import Interval, interval, never_above, power, quotient, singular_value
from overparam.quantities.khatri_rao import KhatriRaoSpectrum, product_of_squares


def test_zero_within_its_error_is_zero():
    assert Interval.nonnegative(1e-17, 1e-15) == Interval(0.0, 0.0, 1e-15 + 1e-17)
    assert Interval.nonnegative(-3e-16, 1e-15).value == 0.0
    assert Interval.eigenvalue(Estimate(0.5, 0.1)) == Interval(0.4, 0.5, 0.6)
    assert not Interval.nonnegative(0.0, 0.0).positive


@pytest.mark.parametrize(
    ("small", "large", "kept"),
    [
        (1.0, 2.0, True),
        (2.0, 1.0, False),
        (Interval(0.9, 1.0, 1.1), 1.05, None),
        (Interval(0.9, 1.0, 1.1), 1.1, True),
        (1.2, Interval(0.9, 1.0, 1.1), False),
        (math.inf, 5.0, False),
        (5.0, math.inf, True),
        (Interval(1.0, math.inf, math.inf), 5.0, None),
        (math.nan, 5.0, None),
        (np.array([1.0, 3.0]), np.array([2.0, 2.0]), False),
    ],
)
def test_verdicts(small, large, kept):
    assert never_above(small, large, 0.0) is kept


def test_monotone_maps_keep_the_truth_inside():
    rng = np.random.default_rng(0)
    for f in (math.sqrt, lambda x: 1.0 / x, lambda x: np.array([x, 2.0 - x**2])):
        found = Interval(0.3, 0.4, 0.6).through(f)
        for x in rng.uniform(0.3, 0.6, 50):
            assert np.all((found.low <= f(x) + 1e-15) & (f(x) <= found.high + 1e-15))
    with pytest.raises(TypeError, match="one number"):
        interval(np.ones(2)).through(math.sqrt)


def test_nothing_overflows():
    assert quotient(1.0, 0.0) == math.inf
    assert quotient(1e300, 1e-300) == math.inf
    assert power(1e300, 2) == math.inf
    assert power(0.0, 4) == 0.0


def test_a_singular_value_from_a_gram_matrix():
    found = singular_value(1.0, 1e-8)
    assert 0.0 < 1.0 - found.low < 1e-15
    unknown = singular_value(1e-9, 1e-8)
    assert (unknown.low, unknown.value) == (0.0, 0.0)
    assert unknown.high == pytest.approx(math.sqrt(1e-18 + 1e-16))


@pytest.mark.parametrize("columns", [10, 1000])
def test_a_product_of_squares_contains_the_truth(columns):
    spectrum = KhatriRaoSpectrum(2, 0.5, 1e-3, columns)
    found = product_of_squares(Estimate(0.2, 1e-3), spectrum, 20)
    assert found.value == pytest.approx(0.01)
    assert found.low < 0.01 < found.high
    assert product_of_squares(Estimate(1e-17, 1e-15), spectrum, 20).low == 0.0
