"""Uniform data: moments of the uniform distribution on the sphere, within their standard errors."""

import numpy as np

from overparam.model.data import Sphere


def test_moments_of_the_uniform_distribution():
    n, d = 40_000, 5
    X = Sphere().draw(n, d, np.random.default_rng(0)).X
    np.testing.assert_allclose(np.linalg.norm(X, axis=1), 1.0, rtol=1e-14)
    # E[x] = 0 with variance 1/d a coordinate; E[x₁²] = 1/d; E[x₁⁴] = 3/(d(d + 2)).
    assert np.abs(X.mean(axis=0)).max() < 4.5 / np.sqrt(d * n)
    fourth = 3.0 / (d * (d + 2))
    assert np.abs((X**2).mean(axis=0) - 1.0 / d).max() < 4.5 * np.sqrt((fourth - 1.0 / d**2) / n)
    assert np.abs((X**4).mean() - fourth) < 4.5 * np.sqrt((X**4).var() / n)
