"""The built-in activations against mpmath and NumPy, in both tails and on every library."""

import math

import mpmath
import numpy as np
import pytest
from numpy.polynomial import hermite_e

from overparam.model.activations import Hermite, ReLU, Softplus
from tests.tolerances import tolerance

EVERY = [Softplus(), ReLU(), Hermite((0.7,)), Hermite((0.1, -0.2, 0.3, 0.4, -0.5, 0.6))]


@pytest.mark.parametrize("activation", EVERY, ids=lambda a: a.specification())
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 1, 4)])
def test_shape_and_data_type_are_kept_and_the_argument_too(xp, dtype, activation, shape):
    host = np.linspace(-1.0, 1.0, math.prod(shape)).reshape(shape)
    z = xp.asarray(host.copy(), dtype)
    for f in (activation.value, activation.derivative):
        found = f(z)
        assert (found.shape, found.dtype) == (z.shape, z.dtype)
    np.testing.assert_array_equal(xp.to_numpy(z), host.astype(dtype))


@pytest.mark.parametrize("activation", EVERY, ids=lambda a: a.specification())
def test_the_derivative_is_the_difference_quotient(activation):
    z = np.array([-3.1, -1.0, -0.2, 0.3, 1.7, 4.0])
    h = 1e-3

    def central(step):
        return (activation.value(z + step) - activation.value(z - step)) / (2.0 * step)

    # One extrapolation leaves an error of order h⁴, besides the rounding error ε/h.
    quotient = (4.0 * central(h / 2) - central(h)) / 3.0
    np.testing.assert_allclose(activation.derivative(z), quotient, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("activation", [Softplus(), ReLU(), Hermite((2.0, -0.5)), Hermite((3.0,))])
def test_bounds_hold(activation):
    z = np.linspace(-30.0, 30.0, 20_001)
    slopes = activation.derivative(z)
    kinked = np.diff(np.sign(z)) != 0 if activation.kinks else False
    curvature = np.where(kinked, 0.0, np.abs(np.diff(slopes)) / np.diff(z))
    assert np.abs(slopes).max() <= activation.bound * (1.0 + 1e-15)
    assert curvature.max() <= activation.bound + 1e-12


def test_a_polynomial_of_higher_degree_has_no_bound():
    assert Hermite((0.0, 1.0, 0.1)).bound is None


@pytest.mark.parametrize("z", [0.0, 1e-8, 0.3, -0.3, 5.0, -5.0, 40.0, -40.0, 1e4, -1e4])
def test_softplus_in_both_tails(xp, dtype, z):
    given = xp.asarray(np.array([z]), dtype)
    exact = mpmath.mpf(float(xp.to_numpy(given)[0]))
    value = float(xp.to_numpy(Softplus().value(given))[0])
    slope = float(xp.to_numpy(Softplus().derivative(given))[0])
    allowed, tiny = tolerance(dtype, "elementwise"), float(np.finfo(dtype).tiny)
    assert value == pytest.approx(float(mpmath.log1p(mpmath.exp(exact))), rel=allowed, abs=tiny)
    assert slope == pytest.approx(float(1 / (1 + mpmath.exp(-exact))), rel=allowed, abs=tiny)


def test_relu_takes_the_right_side_of_its_kink(xp, dtype, close):
    z = xp.asarray(np.array([-2.0, -0.0, 0.0, 3.0, -1e4, 1e4]), dtype)
    close(xp, ReLU().value(z), [0.0, 0.0, 0.0, 3.0, 0.0, 1e4], dtype)
    close(xp, ReLU().derivative(z), [0.0, 1.0, 1.0, 1.0, 0.0, 1.0], dtype)


@pytest.mark.parametrize(
    "coefficients", [(0.7,), (0.0, 0.5), (0.0, 0.5, 0.0, 0.2), (0.1, -0.2, 0.3, 0.4, -0.5, 0.6)]
)
def test_hermite_is_numpys_normalized_series(xp, dtype, close, coefficients):
    z = np.linspace(-2.0, 2.0, 9)
    scaled = [c / math.sqrt(math.factorial(r)) for r, c in enumerate(coefficients)]
    activation = Hermite(coefficients)
    given = xp.asarray(z, dtype)
    value, slope = activation.value(given), activation.derivative(given)
    close(xp, value, hermite_e.hermeval(z, scaled), dtype, "polynomial")
    close(xp, slope, hermite_e.hermeval(z, hermite_e.hermeder(scaled)), dtype, "polynomial")


def test_hermite_takes_any_sequence_of_numbers_and_keeps_single_precision():
    activation = Hermite(np.array([0.25, 0.5, 0.125]))
    assert activation == Hermite([0.25, 0.5, 0.125]) == Hermite((0.25, 0.5, 0.125))
    assert activation.specification() == "hermite:coefficients=0.25;0.5;0.125"
    assert activation.value(np.ones(3, dtype=np.float32)).dtype == np.float32


@pytest.mark.parametrize("coefficients", [(), (math.nan,), (1.0, math.inf)])
def test_hermite_refuses_what_is_no_series(coefficients):
    with pytest.raises(ValueError, match="finite numbers"):
        Hermite(coefficients)
