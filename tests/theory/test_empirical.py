"""The empirical kernel and the singular values of J against the explicit J; Lemmas 6.5, 6.6 and 6.8."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from overparam.model import network
from overparam.model.activations import ReLU, Softplus
from overparam.theory import empirical_kernel, jacobian_change, jacobian_spectrum
from tests.theory.strangers import Tanh, unit


def instance(seed, n, d, k):
    rng = np.random.default_rng(seed)
    v = rng.standard_normal(k)
    return unit(rng, n, d), rng.standard_normal((k, d)), v, rng


@pytest.mark.parametrize("namespace", ["numpy", "torch", "array_api_strict"])
@pytest.mark.parametrize("activation", [Softplus(), ReLU(), Tanh()], ids=lambda a: a.name)
def test_against_the_explicit_jacobian(namespace, activation):
    xp = pytest.importorskip(namespace)
    X, W, v, rng = instance(0, 12, 5, 300)
    W0 = W + 0.3 * rng.standard_normal(W.shape)
    J, J0 = (network.jacobian(X, weights, v, activation) for weights in (W, W0))
    here = [xp.asarray(a) for a in (X, W, v)]
    np.testing.assert_allclose(
        np.asarray(empirical_kernel(*here, activation)), J @ J.T, rtol=1e-11, atol=1e-11
    )
    spectrum = jacobian_spectrum(*here, activation)
    singular = np.linalg.svd(J, compute_uv=False)
    assert spectrum.spectral_norm == pytest.approx(singular[0], rel=1e-12)
    assert abs(spectrum.sigma_min - singular[-1]) <= spectrum.floor
    change = jacobian_change(here[0], here[1], xp.asarray(W0), here[2], activation)
    assert change == pytest.approx(np.linalg.norm(J - J0, 2), rel=1e-10)


def test_sigma_min_is_exactly_zero_with_too_few_parameters():
    X, W, v, _ = instance(1, 13, 4, 4)
    v[2:] = 0.0
    assert jacobian_spectrum(X, W, v, Softplus()).sigma_min == 0.0
    assert jacobian_spectrum(X[:8], W, v, Softplus()).sigma_min > 0.0


@settings(max_examples=100, deadline=None)
@given(n=st.integers(1, 15), seed=st.integers(0, 2**32))
def test_lemma_6_5(n, seed):
    rng = np.random.default_rng(seed)
    A, B = (root @ root.T for root in rng.standard_normal((2, n, n)))
    eigenvalues, of_A = np.linalg.eigvalsh(A * B), np.linalg.eigvalsh(A)
    slack = 1e-12 * eigenvalues[-1]
    assert eigenvalues[0] >= np.diag(B).min() * of_A[0] - slack
    assert eigenvalues[-1] <= np.diag(B).max() * of_A[-1] + slack


@settings(max_examples=100, deadline=None)
@given(
    n=st.integers(1, 12),
    d=st.integers(1, 6),
    k=st.integers(1, 12),
    seed=st.integers(0, 2**32),
    size=st.floats(1e-6, 30.0),
    activation=st.sampled_from([Softplus(), ReLU()]),
)
def test_lemmas_6_6_and_6_8(n, d, k, seed, size, activation):
    X, W, v, rng = instance(seed, n, d, k)
    moved = W + size * rng.standard_normal(W.shape)
    scale = np.abs(v).max() * np.linalg.norm(X, 2)
    norm = jacobian_spectrum(X, moved, v, activation).spectral_norm
    assert norm <= math.sqrt(k) * scale * (1 + 1e-9)
    if not activation.kinks:
        # |φ″| ≤ ¼ for softplus, which is sharper than the declared B.
        change = jacobian_change(X, moved, W, v, activation)
        assert change <= 0.25 * scale * np.linalg.norm(moved - W) * (1 + 1e-9) + 1e-9 * scale


def test_many_hidden_units_in_blocks():
    X, W, v, _ = instance(3, 40, 6, 30_000)
    blocked = empirical_kernel(X, W, v, Softplus())
    np.testing.assert_allclose(blocked, network.jacobian_gram(X, W, v, Softplus()), rtol=1e-10)
