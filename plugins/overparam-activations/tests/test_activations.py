"""Values with thirty digits, attained bounds, kernels against Monte Carlo, and a training run of each."""

import mpmath
import numpy as np
import pytest
from overparam_activations import ELU, GELU, Absolute, ErrorFunction, Quadratic, Sigmoid, Tanh

import overparam as op
from overparam.plugin import record_activation
from overparam.theory import hermite_series

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


@pytest.mark.parametrize(
    ("activation", "where"),
    [
        (ErrorFunction(), 0.5**0.5),
        (Tanh(), float(np.arctanh(3.0**-0.5))),
        (GELU(), 0.0),
        (Sigmoid(), float(np.log(2.0 + 3.0**0.5))),
        (ELU(), -1e-9),
        (Quadratic(), 1.0),
    ],
    ids=lambda a: by_name(a) if hasattr(a, "name") else "",
)
def test_the_curvature_bound_is_the_largest_second_derivative(activation, where):
    with mpmath.workdps(40):
        curvature = abs(mpmath.diff(EXACT[activation], mpmath.mpf(where), 2, h=mpmath.mpf("1e-12")))
    assert activation.curvature_bound == pytest.approx(float(curvature), rel=1e-8)
    step = 1e-4
    z = np.linspace(-8.0, 8.0, 160_001)
    rise = np.abs(activation.derivative(z + step) - activation.derivative(z - step)) / (2.0 * step)
    assert rise.max() <= activation.curvature_bound * (1.0 + 1e-9)


@pytest.mark.parametrize("activation", [ELU(0.5), ELU(1.75), Absolute()], ids=by_name)
def test_no_curvature_bound_where_the_slope_jumps(activation):
    assert activation.curvature_bound is None


@pytest.mark.parametrize("activation", [*EXACT, ELU(2.0)], ids=by_name)
def test_hermite_coefficients_to_fifteen_digits(activation):
    exact = EXACT.get(activation, lambda z: z if z >= 0 else 2 * mpmath.expm1(z))
    series = hermite_series(activation, 8)
    points = [-14, -8, -5, -2, 0, 2, 5, 8, 14]
    for r in (0, 1, 2, 3, 5, 8):
        norm = mpmath.sqrt(mpmath.mpf(2) ** r * mpmath.factorial(r))
        truth = mpmath.quad(
            lambda z, r=r: exact(z) * mpmath.hermite(r, z / mpmath.sqrt(2)) * mpmath.npdf(z), points
        )
        missed = abs(float(mpmath.mpf(series.coefficients[r]) - truth / norm))
        assert missed <= 1e-15 * max(1.0, series.second_moment.value**0.5)
        assert missed <= series.errors[r] <= 1e-14


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
    step_size = 0.05 / (activation.bound or 1.0) ** 2  # scales with B as in Theorem 2.1
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
