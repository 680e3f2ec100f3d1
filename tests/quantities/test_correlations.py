"""Functions of the samples' correlation matrix, computed tile by tile, against NumPy's dense products."""

import numpy as np
import pytest

from overparam.quantities import correlations
from overparam.quantities.correlations import correlation_matrix, largest_row_sum


@pytest.mark.parametrize("n", [1, 5, 300])
def test_tiles_make_the_whole(n, xp, dtype, monkeypatch):
    monkeypatch.setattr(correlations, "_side", lambda _: 128)
    X = np.random.default_rng(n).standard_normal((n, 4))
    X = (X / np.linalg.norm(X, axis=1, keepdims=True)).astype(dtype)
    gram = X.astype(float) @ X.T
    given, close = xp.asarray(X, dtype), 50.0 * float(np.finfo(dtype).eps)
    cubes = xp.to_numpy(correlation_matrix(given, lambda cosine, _: cosine**3, 2.0))
    expected = gram**3
    np.fill_diagonal(expected, 2.0)
    np.testing.assert_allclose(cubes, expected, rtol=0, atol=close)
    assert np.array_equal(cubes, cubes.T)
    off = np.abs(gram) ** 3
    np.fill_diagonal(off, 0.0)
    assert largest_row_sum(given, 3) == pytest.approx(off.sum(axis=1).max(), rel=close, abs=close)
