"""Clopper and Pearson's interval against mpmath's incomplete beta function and exact sums of fractions."""

from fractions import Fraction
from math import comb

import mpmath
import pytest

from overparam.theory import clopper_pearson


@pytest.mark.parametrize("trials", [1, 2, 7, 40, 1000])
@pytest.mark.parametrize("level", [0.5, 0.95, 0.999])
def test_the_ends_are_quantiles_of_beta_distributions(trials, level):
    """The lower end solves I_p(s, n−s+1) = (1−level)/2, the upper end I_p(s+1, n−s) = (1+level)/2."""
    outside = (1 - level) / 2
    for successes in sorted({0, 1, trials // 3, trials - 1, trials}):
        low, high = clopper_pearson(successes, trials, level)
        if successes == 0:
            assert low == 0.0
        else:
            area = mpmath.betainc(successes, trials - successes + 1, 0, low, regularized=True)
            assert float(area) == pytest.approx(outside, rel=1e-8)
        if successes == trials:
            assert high == 1.0
        else:
            area = mpmath.betainc(successes + 1, trials - successes, high, 1, regularized=True)
            assert float(area) == pytest.approx(outside, rel=1e-8)


def test_all_and_none_in_closed_form():
    for n in (1, 3, 20, 500, 20_000):
        end = 0.025 ** (1 / n)
        assert clopper_pearson(n, n) == (pytest.approx(end, rel=1e-12), 1.0)
        assert clopper_pearson(0, n) == (0.0, pytest.approx(1 - end, rel=1e-12))
    assert clopper_pearson(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize("trials", [1, 5, 12])
def test_it_covers_every_probability(trials):
    """The exact probability that the interval contains p is at least 95 % at each p of a grid."""
    intervals = [clopper_pearson(s, trials) for s in range(trials + 1)]
    for numerator in range(101):
        p = Fraction(numerator, 100)
        covered = sum(
            comb(trials, s) * p**s * (1 - p) ** (trials - s)
            for s, (low, high) in enumerate(intervals)
            if low <= p <= high
        )
        assert covered >= Fraction(95, 100)


@pytest.mark.parametrize(
    ("successes", "trials", "level"), [(-1, 3, 0.9), (4, 3, 0.9), (1, 3, 0.0), (1, 3, 1.0)]
)
def test_what_has_no_interval(successes, trials, level):
    with pytest.raises(ValueError, match="must be"):
        clopper_pearson(successes, trials, level)
