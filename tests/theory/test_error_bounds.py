"""σ²min(X ∗ X) and σ²min(J(W₀)) with their errors against forty digits, for X in both data types.

The bound is at least the error and at most a hundred times the larger of the error and ε‖·‖: an error below
ε‖·‖ occurs only by chance. test_kernel_accuracy tests the kernels.
"""

import math

import numpy as np
import pytest

from overparam.model.activations import ReLU, Softplus
from overparam.quantities.gaussian import Estimate
from overparam.quantities.intervals import singular_value
from overparam.quantities.khatri_rao import khatri_rao_spectrum, product_of_squares
from overparam.theory.empirical import jacobian_spectrum
from tests.theory import oracles
from tests.theory.test_kernel_accuracy import KINDS, draw

MP = oracles.WORK
DOUBLE = float(np.finfo(np.float64).eps)


def exact(A):
    return [[MP.mpf(float(a)) for a in row] for row in np.atleast_2d(A)]


def gram(A):
    return MP.matrix([[MP.fsum(a * b for a, b in zip(x, y, strict=True)) for y in A] for x in A])


def hadamard(A, B):
    return MP.matrix([[A[i, j] * B[i, j] for j in range(A.cols)] for i in range(A.rows)])


def ends(G):
    values = MP.eigsy(G, eigvals_only=True)
    return max(values[0], MP.mpf(0)), float(values[G.rows - 1])


def within(found, truth, unit):
    """Assert that the interval contains the truth and is at most a hundred errors wide."""
    assert found.low <= truth <= found.high
    bound = max(found.high - found.value, found.value - found.low)
    assert bound <= 100.0 * max(float(abs(found.value - truth)), unit)


def quadratic(X):
    """σ²min(X ∗ X) = λmin((XXᵀ)^{⊙2})."""
    n, d = X.shape
    spectrum = khatri_rao_spectrum(X, 2)
    G = gram(exact(X))
    smallest, largest = ends(hadamard(G, G))
    if n > d * (d + 1) // 2:
        assert (spectrum.sigma_min, spectrum.floor) == (0.0, 0.0)
    elif spectrum.rank_bound > 4 * n:
        within(product_of_squares(Estimate(1.0, 0.0), spectrum, n), smallest, DOUBLE * largest)
    else:  # computed from the columns; here rounding changes σ, not σ²
        off = float(abs(spectrum.sigma_min - MP.sqrt(smallest)))
        assert off <= spectrum.floor <= 100.0 * max(off, DOUBLE * math.sqrt(largest))


def slope(activation, z):
    if isinstance(activation, ReLU):
        return MP.mpf(1 if z >= 0 else 0)
    return 1 / (1 + MP.exp(-z))


def at_start(X, W, v, activation):
    """σ²min(J(W)) = λmin((Φ′diag(v)²Φ′ᵀ) ⊙ XXᵀ)."""
    spectrum = jacobian_spectrum(X, W, v, activation)
    rows, units = exact(X), exact(W)
    slopes = [
        [
            MP.mpf(float(a)) * slope(activation, MP.fsum(p * q for p, q in zip(w, x, strict=True)))
            for w, a in zip(units, v, strict=True)
        ]
        for x in rows
    ]
    smallest, largest = ends(hadamard(gram(slopes), gram(rows)))
    found = singular_value(spectrum.sigma_min, spectrum.floor).through(lambda one: one * one)
    within(found, smallest, float(np.finfo(X.dtype).eps) * largest)


def check(seed):
    rng = np.random.default_rng([seed, 12])
    dtype, d, n = rng.choice(["float32", "float64"]), int(rng.integers(2, 12)), int(rng.integers(2, 8))
    X = draw(rng, rng.choice(KINDS), n, d).astype(dtype)
    quadratic(X)
    k = int(rng.integers(max(2, n // d + 1), 12))
    W = rng.standard_normal((k, d)).astype(dtype)
    v = (rng.choice([-1.0, 1.0], k) / math.sqrt(k)).astype(dtype)
    at_start(X, W, v, (ReLU(), Softplus())[rng.integers(2)])


@pytest.mark.parametrize("seed", range(40))
def test_some_cases(seed):
    check(seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(40, 1040))
def test_a_thousand_cases(seed):
    check(seed)


@pytest.mark.parametrize(("n", "d", "k"), [(4, 4, 20_000), (8, 30, 3000), (100, 50, 300), (400, 20, 50)])
def test_wide_networks_in_single_precision(n, d, k):
    """Sums of equal terms round to one side; the reference is the same network in double precision."""
    rng = np.random.default_rng(n)
    X = draw(rng, "sphere", n, d).astype("float32")
    W = rng.standard_normal((k, d)).astype("float32")
    v = np.full(k, 1.0 / math.sqrt(k), dtype="float32")
    found, truth = (
        jacobian_spectrum(X.astype(t), W.astype(t), v.astype(t), ReLU()) for t in ("float32", "float64")
    )
    unit = float(np.finfo("float32").eps) * truth.spectral_norm**2
    missed = abs(found.sigma_min**2 - truth.sigma_min**2)
    assert missed <= found.floor**2 <= 100.0 * max(missed, unit)
