"""Kernels against closed forms, direct integration, another library, and their laws."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from overparam.model.activations import Activation, Hermite, ReLU, Softplus
from overparam.theory import (
    empirical_kernel,
    feature_covariance,
    hermite_series,
    kernels,
    network_covariance,
    sampled_covariance,
    smallest_eigenvalue,
)
from tests.theory.strangers import (
    GELU,
    Erf,
    PlainErf,
    PlainQuadratic,
    PlainReLU,
    Quadratic,
    Tanh,
    erf_kernels,
    quadratic_kernels,
    relu_kernels,
    unit,
)

CLOSED = [
    (ReLU(), relu_kernels),
    (Erf(), erf_kernels),
    (PlainErf(), erf_kernels),
    (Quadratic(), quadratic_kernels),
    (PlainQuadratic(), quadratic_kernels),
    (Hermite((0.5 * 1.0, 0.0, 0.5 * math.sqrt(2.0))), quadratic_kernels),
]
ALL = [Softplus(), ReLU(), Tanh(), GELU(), Erf(), Hermite((0.1, 0.5, 0.0, 0.2))]


def pair(rho):
    return np.array([[1.0, 0.0], [rho, math.sqrt(1.0 - rho * rho)]])


@pytest.mark.parametrize(("activation", "truth"), CLOSED, ids=lambda a: getattr(a, "name", ""))
@pytest.mark.parametrize(("n", "d"), [(1, 1), (2, 1), (40, 3), (300, 20)])
def test_closed_forms_diagonal_included(activation, truth, n, d):
    X = unit(np.random.default_rng(n + d), n, d)
    sigma, sigma_tilde = truth(X)
    np.testing.assert_allclose(network_covariance(X, activation).matrix, sigma, rtol=0, atol=1e-12)
    np.testing.assert_allclose(feature_covariance(X, activation).matrix, sigma_tilde, rtol=0, atol=1e-12)


def test_relu_keeps_its_digits_between_samples_that_nearly_coincide():
    rng = np.random.default_rng(0)
    X = unit(rng, 20, 5)
    X = np.concatenate([X, X + 1e-9 * rng.standard_normal(X.shape), -X + 1e-6 * rng.standard_normal(X.shape)])
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    sigma, sigma_tilde = relu_kernels(X)
    np.testing.assert_allclose(network_covariance(X, ReLU()).matrix, sigma, rtol=0, atol=1e-14)
    np.testing.assert_allclose(feature_covariance(X, ReLU()).matrix, sigma_tilde, rtol=0, atol=1e-14)


MP = {
    "softplus": (lambda z: mpmath.log1p(mpmath.exp(z)), lambda z: 1 / (1 + mpmath.exp(-z))),
    "tanh": (mpmath.tanh, lambda z: mpmath.sech(z) ** 2),
    "gelu": (lambda z: z * mpmath.ncdf(z), lambda z: mpmath.ncdf(z) + z * mpmath.npdf(z)),
}


def gaussian_pair(f, rho):
    """E[f(g)f(g′)] with 30 digits by the trapezoidal rule, which is exponentially accurate for analytic f."""
    with mpmath.workdps(30):
        step, reach = mpmath.mpf("0.25"), 10
        grid = [i * step for i in range(-round(reach / step), round(reach / step) + 1)]
        weights = [mpmath.npdf(g) * step for g in grid]
        rho = mpmath.mpf(rho)
        other = mpmath.sqrt(1 - rho * rho)
        return float(
            mpmath.fsum(
                w * f(g) * mpmath.fsum(u * f(rho * g + other * h) for h, u in zip(grid, weights, strict=True))
                for g, w in zip(grid, weights, strict=True)
            )
        )


@pytest.mark.parametrize("rho", [0.35, -0.875])
@pytest.mark.parametrize("activation", [Softplus(), Tanh(), GELU()], ids=lambda a: a.name)
def test_thirty_digit_integration(activation, rho):
    value, derivative = MP[activation.name]
    X = pair(rho)
    sigma, sigma_tilde = network_covariance(X, activation), feature_covariance(X, activation)
    assert sigma_tilde.matrix[0, 1] == pytest.approx(gaussian_pair(value, rho), abs=1e-10)
    assert sigma.matrix[0, 1] == pytest.approx(rho * gaussian_pair(derivative, rho), abs=1e-10)


@settings(max_examples=200, deadline=None)
@given(
    n=st.integers(1, 12),
    d=st.integers(1, 12),
    seed=st.integers(0, 2**32),
    twin=st.floats(1e-8, 1.0),
    which=st.sampled_from(
        [(PlainErf(), erf_kernels), (PlainQuadratic(), quadratic_kernels), (ReLU(), relu_kernels)]
    ),
)
def test_error_bounds_hold(n, d, seed, twin, which):
    rng = np.random.default_rng(seed)
    X = unit(rng, n, d)
    X[-1] = X[0] + twin * rng.standard_normal(d)
    X[-1] /= np.linalg.norm(X[-1])
    activation, truth = which
    for kernel, true in zip(
        (network_covariance(X, activation), feature_covariance(X, activation)), truth(X), strict=True
    ):
        assert np.linalg.norm(kernel.matrix - true, 2) <= kernel.error
        estimate = smallest_eigenvalue(kernel)
        assert abs(estimate.value - np.linalg.eigvalsh(true)[0]) <= estimate.error


@pytest.mark.parametrize(("n", "d"), [(30, 12), (10, 2)])
def test_the_tail_of_a_slow_series_is_bounded(n, d):
    X = unit(np.random.default_rng(3), n, d)
    for kernel, true in zip(
        (network_covariance(X, PlainReLU()), feature_covariance(X, PlainReLU())), relu_kernels(X), strict=True
    ):
        eigenvalues = np.linalg.eigvalsh(true - kernel.matrix)
        assert -kernel.below - kernel.rounding <= eigenvalues[0]
        assert eigenvalues[-1] <= kernel.above + kernel.rounding
        np.testing.assert_allclose(np.diag(kernel.matrix), np.diag(true), rtol=0, atol=1e-14)


@pytest.mark.parametrize("activation", ALL, ids=lambda a: a.name)
def test_price(activation):
    """Σ entry = ρ·d(Σ̃ entry)/dρ."""
    step = 1e-5
    for rho in (-0.8, -0.1, 0.3, 0.9):
        up, down = (feature_covariance(pair(rho + s), activation).matrix[0, 1] for s in (step, -step))
        slope = (up - down) / (2 * step)
        assert network_covariance(pair(rho), activation).matrix[0, 1] == pytest.approx(rho * slope, abs=1e-8)


@pytest.mark.parametrize("activation", ALL, ids=lambda a: a.name)
@pytest.mark.parametrize("covariance", [network_covariance, feature_covariance])
def test_symmetric_positive_semidefinite_and_invariant(activation, covariance):
    rng = np.random.default_rng(5)
    X = unit(rng, 300, 6)
    kernel = covariance(X, activation)
    np.testing.assert_array_equal(kernel.matrix, kernel.matrix.T)
    assert smallest_eigenvalue(kernel).value >= -smallest_eigenvalue(kernel).error
    rotation = np.linalg.qr(rng.standard_normal((6, 6)))[0]
    np.testing.assert_allclose(covariance(X @ rotation, activation).matrix, kernel.matrix, rtol=0, atol=1e-13)
    order = rng.permutation(300)
    np.testing.assert_allclose(
        covariance(X[order], activation).matrix, kernel.matrix[np.ix_(order, order)], rtol=0, atol=1e-13
    )


@settings(max_examples=60, deadline=None)
@given(
    n=st.integers(2, 25),
    d=st.integers(1, 8),
    seed=st.integers(0, 2**32),
    r=st.integers(0, 4),
    activation=st.sampled_from(ALL),
)
def test_orderings_of_appendix_h(n, d, seed, r, activation):
    """(6.4), (H.1) and (H.3) as orderings of positive semidefinite matrices."""
    X = unit(np.random.default_rng(seed), n, d)
    G = X @ X.T
    sigma, sigma_tilde = network_covariance(X, activation), feature_covariance(X, activation)
    value = hermite_series(activation, 5).coefficients
    slope = hermite_series(activation, 5, derivative=True).coefficients
    quadratic = (slope[0] ** 2 + slope[1] ** 2 * G) * G
    for larger, smaller in (
        (sigma, quadratic),
        (sigma, slope[r] ** 2 * G ** (r + 1)),
        (sigma_tilde, value[r] ** 2 * G**r),
    ):
        gap = np.linalg.eigvalsh(larger.matrix - smaller)[0]
        assert gap >= -larger.error - 1e-13 * n


@pytest.mark.parametrize("derivative", [False, True])
@pytest.mark.parametrize("activation", ALL, ids=lambda a: a.name)
def test_monte_carlo(activation, derivative):
    rng = np.random.default_rng(11)
    X = unit(rng, 12, 4)
    sampled = sampled_covariance(X, activation, 20_000, rng, derivative=derivative)
    kernel = (network_covariance if derivative else feature_covariance)(X, activation)
    deviations = np.abs(sampled.mean - kernel.matrix) / np.maximum(sampled.standard_error, 1e-12)
    assert deviations.max() < 5.5
    assert np.sqrt(np.mean(deviations**2)) < 2.0


def test_sigma_is_the_expected_empirical_kernel():
    rng = np.random.default_rng(2)
    X, k = unit(rng, 10, 4), 200_000
    W, v = rng.standard_normal((k, 4)), np.full(k, 1.0 / math.sqrt(k))
    deviation = empirical_kernel(X, W, v, Softplus()) - network_covariance(X, Softplus()).matrix
    assert np.abs(deviation).max() < 5.0 / math.sqrt(k)


def test_scikit_ntk():
    skntk = pytest.importorskip("skntk", reason="scikit-ntk is not installed: pip install scikit-ntk")
    X = unit(np.random.default_rng(8), 60, 9)
    theirs = skntk.NeuralTangentKernel(depth=1, bias=0.0, bias_bounds="fixed")(X)
    # Depth 1 without bias trains both layers. The weights have variance 2 and the two kernels are averaged.
    ours = network_covariance(X, ReLU()).matrix + feature_covariance(X, ReLU()).matrix
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-12)


@pytest.mark.parametrize("namespace", ["numpy", "torch", "array_api_strict"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("activation", [ReLU(), Softplus(), Tanh()], ids=lambda a: a.name)
def test_every_namespace(namespace, dtype, activation):
    xp = pytest.importorskip(namespace)
    rng = np.random.default_rng(4)
    X = unit(rng, 60, 6)
    X[1] = X[0] + 1e-3 * rng.standard_normal(6)
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    X = X.astype(dtype)
    here = xp.asarray(X)
    for covariance in (network_covariance, feature_covariance):
        reference, kernel = covariance(X.astype(float), activation), covariance(here, activation)
        assert kernel.matrix.dtype == here.dtype
        tolerance = 1e-13 if dtype == "float64" else 1e-6
        np.testing.assert_allclose(np.asarray(kernel.matrix), reference.matrix, rtol=0, atol=tolerance)
        exact, estimate = smallest_eigenvalue(reference), smallest_eigenvalue(kernel)
        assert abs(exact.value - estimate.value) <= exact.error + estimate.error


@dataclass(frozen=True)
class Steps(Activation):
    """φ′ = Σ 1{z ≥ a}; `corners` may be any kind of sequence."""

    name: ClassVar[str] = "steps"
    corners: Sequence[float]

    @property
    def kinks(self):
        return tuple(self.corners)

    def value(self, z):
        return sum(np.maximum(z - a, 0.0) for a in self.corners)

    def derivative(self, z):
        return sum((z >= a).astype(z.dtype) for a in self.corners)


def test_a_kernel_is_that_of_the_parameters():
    """A cached result is not used for other parameters; an activation without a hash has a kernel, too."""
    X = unit(np.random.default_rng(6), 5, 3)
    first, other, again, listed = (
        network_covariance(X, Steps(corners)).matrix
        for corners in ((0.0, 1.0), (0.0, 2.0), (0.0, 1.0), [0.0, 1.0])
    )
    np.testing.assert_array_equal(again, first)
    np.testing.assert_array_equal(listed, first)
    assert np.abs(other - first).min() > 1e-3


def test_rows_that_are_not_of_norm_1_are_refused():
    with pytest.raises(ValueError, match="must have norm 1, one is off by 1"):
        network_covariance(np.array([[1.0, 0.0], [2.0, 0.0]]), ReLU())
    with pytest.raises(ValueError, match="norm 1"):
        network_covariance(np.array([[np.nan, 0.0]]), ReLU())
    with pytest.raises(ValueError, match="matrix"):
        feature_covariance(np.ones(3), ReLU())


@pytest.mark.parametrize("duplicated", [False, True])
@pytest.mark.parametrize("covariance", [network_covariance, feature_covariance])
def test_the_iterative_solver_takes_over_for_many_samples(covariance, duplicated, monkeypatch):
    """λ agrees with the full eigenvalue decomposition within both errors; the kernel is not changed."""
    X = unit(np.random.default_rng(7), 300, 40)
    if duplicated:
        X[-1] = X[0]
    kernel = covariance(X, ReLU())
    before, direct = kernel.matrix.copy(), smallest_eigenvalue(kernel)
    monkeypatch.setattr(kernels, "_LARGE", 300)
    iterative = smallest_eigenvalue(kernel)
    solvers = direct.error + iterative.error - 2.0 * kernel.error
    assert abs(iterative.value - direct.value) <= solvers
    assert iterative.error <= 20.0 * direct.error
    assert np.array_equal(kernel.matrix, before)
    assert iterative.nonzero is not duplicated
