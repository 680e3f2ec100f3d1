"""Data from a cube, normalized to the sphere."""

import numpy as np

from overparam.model.data import Cube


def test_rows_point_to_the_corners():
    """By Monte Carlo: E‖x‖₄⁴ equals that of a cube's directions and is below the sphere's 3/(d + 2)."""
    d, m = 3, 40_000
    X = Cube().draw(m, d, np.random.default_rng(0)).X
    np.testing.assert_allclose(np.linalg.norm(X, axis=1), 1.0, atol=1e-12)
    fourth = (X**4).sum(axis=1)
    rng = np.random.default_rng(1)
    rays = rng.uniform(-1.0, 1.0, (m, d))
    expected = (rays**4).sum(axis=1) / (rays**2).sum(axis=1) ** 2
    error = 5.0 * np.hypot(fourth.std(), expected.std()) / np.sqrt(m)
    assert abs(fourth.mean() - expected.mean()) < error
    assert fourth.mean() < 3.0 / (d + 2) - error


def test_it_brings_no_labels():
    dataset = Cube().draw(4, 2, np.random.default_rng(0))
    assert dataset.y is None
    assert Cube().brings_labels() is False
