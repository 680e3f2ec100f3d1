"""The built-in activations against mpmath and NumPy, in both tails and on every library."""

import math

import mpmath
import numpy as np
import pytest
from numpy.polynomial import hermite_e

from overparam.activations import Hermite, ReLU, Softplus


@pytest.mark.parametrize("z", [0.0, 1e-8, 0.3, -0.3, 5.0, -5.0, 40.0, -40.0, 1e4, -1e4])
def test_softplus_in_both_tails(xp, dtype, z):
    given = xp.asarray(np.array([z]), dtype)
    exact = mpmath.mpf(float(xp.to_numpy(given)[0]))
    value = float(xp.to_numpy(Softplus().value(given))[0])
    slope = float(xp.to_numpy(Softplus().derivative(given))[0])
    unit = float(np.finfo(dtype).eps)
    tiny = float(np.finfo(dtype).tiny)
    assert value == pytest.approx(float(mpmath.log1p(mpmath.exp(exact))), rel=4 * unit, abs=tiny)
    assert slope == pytest.approx(float(1 / (1 + mpmath.exp(-exact))), rel=4 * unit, abs=tiny)


def test_relu_takes_the_right_side_of_its_kink(xp, dtype, close):
    z = xp.asarray(np.array([-2.0, -0.0, 0.0, 3.0, -1e4, 1e4]), dtype)
    close(xp, ReLU().value(z), [0.0, 0.0, 0.0, 3.0, 0.0, 1e4], dtype)
    close(xp, ReLU().derivative(z), [0.0, 1.0, 1.0, 1.0, 0.0, 1.0], dtype)


@pytest.mark.parametrize(
    "coefficients", [(0.7,), (0.0, 0.5), (0.0, 0.5, 0.0, 0.2), (0.1, -0.2, 0.3, 0.4, -0.5, 0.6)]
)
def test_hermite_is_numpys_normalized_series(xp, dtype, coefficients):
    z = np.linspace(-2.0, 2.0, 9)
    scaled = [c / math.sqrt(math.factorial(r)) for r, c in enumerate(coefficients)]
    activation = Hermite(coefficients)
    given = xp.asarray(z, dtype)
    tolerance = 100 * np.finfo(dtype).eps
    value, slope = (xp.to_numpy(f(given)) for f in (activation.value, activation.derivative))
    assert value.dtype == slope.dtype == np.dtype(dtype)
    np.testing.assert_allclose(value, hermite_e.hermeval(z, scaled), rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(
        slope, hermite_e.hermeval(z, hermite_e.hermeder(scaled)), rtol=tolerance, atol=tolerance
    )


@pytest.mark.parametrize("coefficients", [(), (math.nan,), (1.0, math.inf)])
def test_hermite_refuses_what_is_no_series(coefficients):
    with pytest.raises(ValueError, match="finite numbers"):
        Hermite(coefficients)
