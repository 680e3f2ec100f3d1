"""λ, λ̃ and the kernels against forty digits: the error bounds hold and are not much larger than the errors.

A bound is at most a hundred times the larger of the error and ε‖K‖: an error below ε‖K‖ occurs only by
chance, because two eigenvalue solvers differ by as much. For float32, the truth is that of the rounded X.
"""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from overparam.model.activations import Activation, ReLU, Softplus
from overparam.theory import feature_covariance, network_covariance, smallest_eigenvalue
from tests.theory import oracles
from tests.theory.strangers import Erf, PlainErf, PlainReLU, Tanh, relu_kernels

EPS = float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class PlainELU(Activation):
    """z for z ≥ 0, α(eᶻ − 1) below: φ′ jumps from α to 1."""

    name: ClassVar[str] = "plain-elu"
    kinks: ClassVar[tuple[float, ...]] = (0.0,)
    alpha: float = 2.0

    def value(self, z):
        return np.where(z >= 0.0, z, self.alpha * np.expm1(np.minimum(z, 0.0)))

    def derivative(self, z):
        return np.where(z >= 0.0, 1.0, self.alpha * np.exp(np.minimum(z, 0.0)))


@dataclass(frozen=True)
class UndeclaredELU(PlainELU):
    """α = 1: φ″ has a jump that `kinks` does not declare."""

    name: ClassVar[str] = "undeclared-elu"
    kinks: ClassVar[tuple[float, ...]] = ()
    alpha: float = 1.0


@dataclass(frozen=True)
class PiecewiseLinear(Activation):
    """φ′ = Σ c·1{z ≥ a}, with kinks at any points."""

    name: ClassVar[str] = "piecewise-linear"
    jumps: tuple[tuple[float, float], ...]

    @property
    def kinks(self):
        return tuple(a for a, _ in self.jumps)

    def value(self, z):
        return sum(c * np.maximum(z - a, 0.0) for a, c in self.jumps)

    def derivative(self, z):
        return sum(c * (z >= a).astype(z.dtype) for a, c in self.jumps)


def logistic(z):
    return 1 / (1 + np.exp(-z))


HARD_TANH = ((-1.0, 1.0), (1.0, -1.0))
NARROW = ((-0.1, 1.0), (0.1, -1.0))
SHIFTED = ((0.7, 1.0),)
LEAKY = ((-30.0, 0.01), (0.0, 0.99))
HAT = ((-1.0, 1.0), (0.0, -2.0), (1.0, 1.0))
SLOPES = {
    ReLU(): oracles.relu_slope,
    PlainReLU(): oracles.relu_slope,
    Erf(): oracles.erf_slope,
    PlainErf(): oracles.erf_slope,
    Softplus(): oracles.analytic(logistic),
    Tanh(): oracles.analytic(lambda z: 1 / np.cosh(z) ** 2),
    PlainELU(): oracles.elu_slope(2.0),
    PlainELU(0.3): oracles.elu_slope(0.3),
    UndeclaredELU(): oracles.elu_slope(1.0),
    PiecewiseLinear(HARD_TANH): oracles.steps(*HARD_TANH),
    PiecewiseLinear(NARROW): oracles.steps(*NARROW),
    PiecewiseLinear(SHIFTED): oracles.steps(*SHIFTED),
    PiecewiseLinear(LEAKY): oracles.steps(*LEAKY),
    PiecewiseLinear(HAT): oracles.steps(*HAT),
    PiecewiseLinear(((0.0, 1.0), (6.0, -1.0))): oracles.steps((0.0, 1.0), (6.0, -1.0)),
}
VALUES = {
    ReLU(): oracles.relu_value,
    PlainReLU(): oracles.relu_value,
    Erf(): oracles.erf_value,
    PlainErf(): oracles.erf_value,
    Softplus(): oracles.analytic(lambda z: np.logaddexp(z, oracles.LONG(0))),
    Tanh(): oracles.analytic(np.tanh),
    PlainELU(): oracles.elu_value(2.0),
    UndeclaredELU(): oracles.elu_value(1.0),
}
KINDS = ("sphere", "coherent", "antipodal", "duplicated")


def draw(rng, kind, n, d):
    X = rng.standard_normal((n, d))
    if kind == "coherent":
        X = X[:1] + 10.0 ** rng.uniform(-9, -1) * X
    elif kind == "antipodal":
        half = n // 2
        X[half:] = -X[: n - half] + 10.0 ** rng.uniform(-12, -2) * rng.standard_normal((n - half, d))
    elif kind == "duplicated":
        X[-1] = X[0]
    return X / np.linalg.norm(X, axis=1, keepdims=True)


def check(X, activation, entry, *, derivative):
    """Check that the errors of the matrix and of λ are within their bounds, and that the bounds are tight."""
    kernel = (network_covariance if derivative else feature_covariance)(X, activation)
    estimate = smallest_eigenvalue(kernel)
    truth = oracles.true_kernel(X, entry, derivative=derivative)
    missed = oracles.difference(kernel.matrix, truth)
    off = abs(float(estimate.value - oracles.true_smallest(truth)))
    norm = np.linalg.norm(kernel.matrix.astype(float), 2)
    rounding = EPS * norm
    assert estimate.error <= 1e-13 * norm * math.sqrt(len(X))
    assert missed <= kernel.error <= 100.0 * max(missed, rounding)
    assert off <= estimate.error <= 100.0 * max(off, rounding)
    assert kernel.matrix.dtype == X.dtype


def random_case(rng):
    derivative = bool(rng.integers(2))
    table = SLOPES if derivative else VALUES
    activation = list(table)[rng.integers(len(table))]
    n = int(rng.integers(1, 6 if isinstance(activation, PlainELU) and not derivative else 12))
    X = draw(rng, rng.choice(KINDS), n, int(rng.integers(1, 12))).astype(rng.choice(["float32", "float64"]))
    return X, activation, table[activation], derivative


@pytest.mark.parametrize(
    ("kind", "dtype"),
    [
        ("sphere", "float32"),
        ("sphere", "float64"),
        ("coherent", "float64"),
        ("antipodal", "float32"),
        ("duplicated", "float64"),
    ],
)
@pytest.mark.parametrize("activation", SLOPES, ids=lambda a: a.name)
def test_network_covariance(activation, kind, dtype):
    X = draw(np.random.default_rng(0), kind, 6, 3).astype(dtype)
    check(X, activation, SLOPES[activation], derivative=True)


@pytest.mark.parametrize("kind", ["coherent", "antipodal"])
@pytest.mark.parametrize("activation", VALUES, ids=lambda a: a.name)
def test_feature_covariance(activation, kind):
    check(draw(np.random.default_rng(1), kind, 3, 4), activation, VALUES[activation], derivative=False)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1000))
def test_a_thousand_cases(seed):
    X, activation, entry, derivative = random_case(np.random.default_rng([seed, 11]))
    check(X, activation, entry, derivative=derivative)


@pytest.mark.parametrize("n", [500, pytest.param(2000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("coherent", [True, False])
def test_many_samples(coherent, dtype, n):
    """The ReLU by the series against its closed form, for every entry and for λ."""
    rng = np.random.default_rng(5)
    X = rng.standard_normal((n, 6))
    if coherent:
        X[n // 2 :] = X[: n // 2] + 1e-3 * X[n // 2 :]
    X = (X / np.linalg.norm(X, axis=1, keepdims=True)).astype(dtype)
    kernel = network_covariance(X, PlainReLU())
    wide = X.astype(float)
    sigma = relu_kernels(wide / np.linalg.norm(wide, axis=1, keepdims=True))[0]
    missed = np.linalg.norm(kernel.matrix - sigma, "fro")
    assert missed / math.sqrt(n) <= kernel.error
    np.testing.assert_allclose(kernel.matrix, sigma, rtol=0, atol=2.0 * float(np.finfo(dtype).eps))
    estimate = smallest_eigenvalue(kernel)
    eigenvalues = np.linalg.eigvalsh(sigma)
    assert abs(estimate.value - eigenvalues[0]) <= estimate.error
    assert estimate.error <= 100.0 * EPS * eigenvalues[-1]
