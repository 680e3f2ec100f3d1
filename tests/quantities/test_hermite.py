"""Hermite coefficients against closed forms, Stein's relation and Parseval's identity."""

import math

import mpmath
import numpy as np
import pytest

from overparam.model.activations import Hermite, ReLU, Softplus
from overparam.quantities.hermite import hermite_coefficients, hermite_series
from tests.theory.strangers import GELU, PlainErf, PlainQuadratic, Tanh

ALL = [Softplus(), ReLU(), Tanh(), GELU(), PlainErf(), PlainQuadratic(), Hermite((0.3, 0.5, 0.0, 0.2))]


def relu_coefficient(r):
    """(−1)^{r/2−1}(r−3)!!/√(2π r!) for even r ≥ 2."""
    with mpmath.workdps(30):
        return float(
            (-1) ** (r // 2 - 1) * mpmath.fac2(r - 3) / mpmath.sqrt(2 * mpmath.pi * mpmath.factorial(r))
        )


def test_relu_to_degree_600():
    series = hermite_series(ReLU(), 600)
    truth = np.array([relu_coefficient(r) if r % 2 == 0 and r else 0.0 for r in range(601)])
    truth[:2] = 1.0 / math.sqrt(2.0 * math.pi), 0.5
    assert np.all(np.abs(series.coefficients - truth) <= series.errors)
    assert series.errors.max() < 1e-13


def test_erf_is_the_series_of_its_kernel():
    # (2/π)asin(2ρ/3) = Σ μ_r² ρʳ, from the Taylor series of asin.
    coefficients = hermite_series(PlainErf(), 41).coefficients
    for m in range(20):
        r = 2 * m + 1
        taylor = math.comb(2 * m, m) / (4**m * r) * (2.0 / 3.0) ** r * 2.0 / math.pi
        assert coefficients[r] ** 2 == pytest.approx(taylor, abs=1e-15)
        assert abs(coefficients[r - 1]) < 1e-15


@pytest.mark.parametrize("activation", ALL, ids=lambda a: a.name)
def test_stein(activation):
    value, derivative = hermite_coefficients(activation, 60)
    np.testing.assert_allclose(derivative[:-1], np.sqrt(np.arange(1, 61)) * value[1:], rtol=0, atol=1e-13)


@pytest.mark.parametrize("derivative", [False, True])
@pytest.mark.parametrize("activation", ALL, ids=lambda a: a.name)
def test_tails_bound_what_is_left(activation, derivative):
    long = hermite_series(activation, 400, derivative=derivative)
    short = hermite_series(activation, 40, derivative=derivative)
    left = float(np.sum(long.coefficients[41:] ** 2))
    assert left <= short.remainder
    assert short.tails()[-1] == short.remainder
    assert np.all(np.diff(short.tails()) <= 0)
    total = float(np.sum(short.coefficients**2)) + short.remainder
    assert total >= short.second_moment.value - short.second_moment.error
    assert short.truncated(10).remainder == short.tails()[10]


def test_hermite_activations_are_exact():
    series = hermite_series(Hermite((0.3, 0.5, 0.0, 0.2)), 2)
    np.testing.assert_array_equal(series.coefficients, [0.3, 0.5, 0.0])
    assert series.remainder == 0.2**2
    assert hermite_series(Hermite((0.3, 0.5)), 5).remainder == 0.0
    slopes = hermite_series(Hermite((0.3, 0.5, 0.0, 0.2)), 2, derivative=True)
    np.testing.assert_allclose(slopes.coefficients, [0.5, 0.0, math.sqrt(3.0) * 0.2], rtol=1e-15)


def normalized(r, z):
    """hᵣ(z) = Heᵣ(z)/√r! in mpmath's precision, by the recurrence Heᵢ₊₁ = z·Heᵢ − i·Heᵢ₋₁."""
    before, he = mpmath.mpf(0), mpmath.mpf(1)
    for i in range(r):
        before, he = he, z * he - i * before
    return he / mpmath.sqrt(mpmath.factorial(r))


@pytest.mark.parametrize("activation", [Softplus(), ReLU()], ids=lambda a: a.name)
def test_fifteen_digits(activation):
    f = {"softplus": lambda z: mpmath.log1p(mpmath.exp(z)), "relu": lambda z: max(z, 0)}[activation.name]
    series = hermite_series(activation, 8)
    with mpmath.workdps(30):
        for r in range(9):
            truth = mpmath.quad(
                lambda z, r=r: f(z) * normalized(r, z) * mpmath.npdf(z), [-14, -8, -5, -2, 0, 2, 5, 8, 14]
            )
            missed = abs(float(mpmath.mpf(series.coefficients[r]) - truth))
            assert missed <= min(1e-15, series.errors[r])
    assert series.errors.max() <= 1e-14


def test_softplus_by_mpmath():
    with mpmath.workdps(30):

        def integrand(z, r):
            return mpmath.log1p(mpmath.exp(z)) * normalized(r, z) * mpmath.npdf(z)

        truth = [float(mpmath.quad(lambda z, r=r: integrand(z, r), [-14, -7, 0, 7, 14])) for r in (2, 5, 12)]
    coefficients = hermite_series(Softplus(), 12).coefficients
    np.testing.assert_allclose(coefficients[[2, 5, 12]], truth, rtol=0, atol=1e-14)


def test_negative_order_is_refused():
    with pytest.raises(ValueError, match="at least 0, got -1"):
        hermite_series(Softplus(), -1)
