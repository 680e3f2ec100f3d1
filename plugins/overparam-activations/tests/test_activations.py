"""Values to thirty digits, bounds that are attained, kernels against Monte Carlo, and a training of each."""

import mpmath
import numpy as np
import pytest
from overparam_activations import ELU, GELU, Absolute, ErrorFunction, Quadratic, Sigmoid, Tanh

import overparam as op
from overparam.plugin import record_activation

mpmath.mp.dps = 30

EXACT = {
    ErrorFunction(): mpmath.erf,
    Tanh(): mpmath.tanh,
    GELU(): lambda z: z * mpmath.ncdf(z),
    Sigmoid(): lambda z: 1 / (1 + mpmath.exp(-z)),
    ELU(): lambda z: z if z >= 0 else mpmath.expm1(z),
    ELU(0.5): lambda z: z if z >= 0 else mpmath.expm1(z) / 2,
    ELU(1.75): lambda z: z if z >= 0 else 1.75 * mpmath.expm1(z),
    Quadratic(): lambda z: z * z / 2,
    Absolute(): abs,
}
ATTAINED = {
    ErrorFunction(): 0.0,
    Tanh(): 0.0,
    GELU(): 2.0**0.5,
    Sigmoid(): 0.0,
    ELU(): 1.0,
    Absolute(): 1.0,
}


def by_name(activation):
    return activation.specification()


@pytest.mark.parametrize("alpha", [0.0, -1.0, float("nan"), float("inf")])
def test_an_alpha_that_is_none(alpha):
    with pytest.raises(ValueError, match="alpha must be a positive number"):
        ELU(alpha)


@pytest.mark.parametrize("activation", EXACT, ids=by_name)
def test_values_and_derivatives_to_thirty_digits(activation):
    z = np.concatenate([np.linspace(-7.0, 7.0, 57) + 0.01, [-30.0, 30.0]])
    f = EXACT[activation]
    value = np.array([float(f(mpmath.mpf(x))) for x in z])
    slope = np.array([float(mpmath.diff(f, mpmath.mpf(x), h=mpmath.mpf("1e-10"))) for x in z])
    np.testing.assert_allclose(activation.value(z), value, rtol=4e-15, atol=4e-16 * 7)
    np.testing.assert_allclose(activation.derivative(z), slope, rtol=1e-14, atol=4e-16 * 7)


@pytest.mark.parametrize("activation", ATTAINED, ids=by_name)
def test_the_bound_is_the_largest_slope(activation):
    [slope] = activation.derivative(np.array([ATTAINED[activation]]))
    assert slope == pytest.approx(activation.bound, rel=1e-14)


@pytest.mark.parametrize("activation", [ErrorFunction(), GELU(), Quadratic(), Absolute()], ids=by_name)
@pytest.mark.parametrize("angle", [0.0, 0.4, 1.5, 2.6, np.pi])
def test_kernels_are_expectations(activation, angle):
    rng = np.random.default_rng(0)
    g, independent = rng.standard_normal((2, 400_000))
    cosine, sine = np.cos(angle), np.sin(angle)
    other = cosine * g + sine * independent
    for f, kernel in (
        (activation.value, activation.gaussian_kernel),
        (activation.derivative, activation.derivative_kernel),
    ):
        products = f(g) * f(other)
        error = products.std() / np.sqrt(len(g))
        found = float(kernel(np.array([cosine]), np.array([sine]))[0])
        assert abs(found - products.mean()) <= 5.0 * error + 1e-12


@pytest.mark.parametrize("activation", EXACT, ids=by_name)
def test_it_trains_by_name(activation):
    problem = op.draw_problem(n=15, d=10, k=40)
    step_size = 0.05 / (activation.bound or 1.0) ** 2  # as Theorem 2.1 has it
    outcome = op.train(
        problem,
        activation=activation.specification(),
        optimizer=f"gd:step_size={step_size}",
        max_iterations=10_000,
    )
    assert outcome.success


@pytest.mark.parametrize("activation", EXACT, ids=by_name)
def test_it_fuses_without_repeating_itself(activation):
    program = record_activation(activation)
    assert program.instructions
    assert len(set(program.instructions)) == len(program.instructions)
