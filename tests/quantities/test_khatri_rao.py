"""Khatri–Rao products against Kronecker products, and their singular values against a dense SVD."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from overparam.theory import khatri_rao, khatri_rao_power, khatri_rao_spectrum
from tests.theory.strangers import unit


def test_rows_are_kronecker_products():
    rng = np.random.default_rng(0)
    A, B = rng.standard_normal((4, 3)), rng.standard_normal((4, 2))
    product = khatri_rao(A, B)
    for row, a, b in zip(product, A, B, strict=True):
        np.testing.assert_array_equal(row, np.kron(a, b))
    np.testing.assert_allclose(product @ product.T, (A @ A.T) * (B @ B.T), atol=1e-14)
    np.testing.assert_allclose(khatri_rao_power(A, 3)[1], np.kron(np.kron(A[1], A[1]), A[1]), atol=1e-15)


@settings(max_examples=100, deadline=None)
@given(n=st.integers(1, 30), d=st.integers(1, 6), r=st.integers(1, 4), seed=st.integers(0, 2**32))
def test_singular_values_of_the_power(n, d, r, seed):
    X = unit(np.random.default_rng(seed), n, d)
    spectrum = khatri_rao_spectrum(X, r)
    explicit = np.linalg.svd(khatri_rao_power(X, r), compute_uv=False)
    smallest = explicit[n - 1] if n <= len(explicit) else 0.0
    assert abs(spectrum.sigma_min - smallest) <= spectrum.floor + 1e-13 * explicit[0]
    assert spectrum.rank_bound == math.comb(d + r - 1, r)
    assert (spectrum.sigma_min == 0.0) == (n > spectrum.rank_bound)


@pytest.mark.parametrize(("n", "last"), [(100, 13), (200, 19)])
def test_exactly_zero_where_the_paper_is_vacuous(n, last):
    rng = np.random.default_rng(1)
    for d, zero in ((last, True), (last + 1, False)):
        spectrum = khatri_rao_spectrum(unit(rng, n, d), 2)
        assert (spectrum.sigma_min == 0.0) is zero
        assert ("exactly zero because n" in spectrum.note) is zero


def test_two_equal_samples_are_below_the_floor():
    X = unit(np.random.default_rng(2), 6, 5)
    X[3] = -X[1]
    spectrum = khatri_rao_spectrum(X, 2)
    assert spectrum.sigma_min <= spectrum.floor
    assert "zero within its error" in spectrum.note


@pytest.mark.parametrize("namespace", ["numpy", "torch", "array_api_strict"])
@pytest.mark.parametrize("shape", [(30, 8), (5, 12)])
def test_every_namespace(namespace, shape):
    xp = pytest.importorskip(namespace)
    X = unit(np.random.default_rng(3), *shape)
    for r in (1, 2, 3):
        here, reference = khatri_rao_spectrum(xp.asarray(X), r), khatri_rao_spectrum(X, r)
        assert here.sigma_min == pytest.approx(reference.sigma_min, abs=1e-12)
        assert here.note == reference.note


def test_bad_input():
    with pytest.raises(ValueError, match="at least 1, got 0"):
        khatri_rao_spectrum(np.ones((2, 2)), 0)
    with pytest.raises(ValueError, match="equally many rows"):
        khatri_rao(np.ones((2, 2)), np.ones((3, 2)))
