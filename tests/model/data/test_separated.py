"""δ-separated data: Assumption 1 with both signs, known packings, and values of δ that are impossible."""

import math
import re

import numpy as np
import pytest

from overparam.model.data import Separated, separation


def least_distance(X):
    """The largest δ for which Assumption 1 holds, computed pair by pair."""
    return min(
        min(np.linalg.norm(X[i] - X[j]), np.linalg.norm(X[i] + X[j])) for i in range(len(X)) for j in range(i)
    )


@pytest.mark.parametrize(
    ("n", "d", "delta"),
    [
        (100, 20, 0.5),
        (100, 20, 0.9),
        (50, 3, 0.2),
        (3, 2, 0.999),  # three lines in the plane, 60° apart: δ = 1
        (6, 3, 1.05),  # the diagonals of the icosahedron: cos = 1/√5, δ = 1.0515
        (200, 2, 0.0157),  # 200 lines in the plane: 2 sin(π/400) = 0.015708
        (28, 7, 1.154),  # 28 equiangular lines: cos = 1/3, δ = 2/√3
        (100, 3, 0.24),
        (20, 20, 1.41),  # orthogonal: √2
        (5, 8, 1.414),
        (1, 1, 1.0),
    ],
)
def test_the_separation_is_what_was_asked_for(n, d, delta):
    X = Separated(delta).draw(n, d, np.random.default_rng(0)).X
    assert X.shape == (n, d)
    np.testing.assert_allclose(np.linalg.norm(X, axis=1), 1.0, rtol=1e-14)
    if n > 1:
        assert least_distance(X) >= delta
        assert separation(X) == pytest.approx(least_distance(X), abs=1e-14)


@pytest.mark.parametrize("seed", range(8))
def test_pairs_closer_than_inner_products_can_rank(seed):
    rng = np.random.default_rng(seed)
    n, d = int(rng.integers(3, 30)), int(rng.integers(1, 8))
    X = rng.standard_normal((n, d))
    for distance in (1e-9, 1e-11, 1e-13):
        i, j = rng.choice(n, 2, replace=False)
        X[i] = rng.choice([-1.0, 1.0]) * X[j] + distance * rng.standard_normal(d)
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    assert separation(X) == pytest.approx(least_distance(X), rel=1e-12, abs=0.0)


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_equal_and_opposite_rows_are_at_distance_0(sign, dtype):
    X = np.random.default_rng(0).standard_normal((700, 5))
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    X = X.astype(dtype).astype(float)
    X[650] = sign * X[20]
    X[1] = X[0] + 1e-15
    assert separation(X) == 0.0


def test_many_samples_in_one_cluster():
    rng = np.random.default_rng(1)
    X = rng.standard_normal(3) + 1e-9 * rng.standard_normal((1500, 3))
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    apart = np.linalg.norm(X[:, None] - X[None], axis=2)
    assert separation(X) == pytest.approx(apart[~np.eye(1500, dtype=bool)].min(), rel=1e-12)


@pytest.mark.parametrize("delta", [1e-3, 1e-9])
def test_a_small_delta_is_kept(delta):
    X = Separated(delta).draw(60, 2, np.random.default_rng(3)).X
    assert least_distance(X) >= delta


@pytest.mark.parametrize(
    ("n", "d", "most"),
    [
        (3, 2, 1.0),
        (40, 2, 2 * math.sin(math.pi / 80)),
        (28, 7, 2 / math.sqrt(3)),
        (6, 3, math.sqrt(2 - 2 / math.sqrt(5))),
        (4, 4, math.sqrt(2)),
        (2, 1, 0.0),
    ],
)
def test_too_much_is_refused_with_what_could_be_had(n, d, most):
    with pytest.raises(ValueError, match="the largest delta reached is") as caught:
        Separated(most + 0.01).draw(n, d, np.random.default_rng(0))
    reached = float(re.search(r"reached is ([\d.]+)", str(caught.value)).group(1))
    assert reached <= most
    assert reached >= most - 0.01
    if reached > 0:
        X = Separated(reached).draw(n, d, np.random.default_rng(0)).X
        assert least_distance(X) >= reached


@pytest.mark.parametrize("delta", [0.0, -0.5, math.nan, math.inf])
def test_delta_is_a_positive_number(delta):
    with pytest.raises(ValueError, match="delta must be a positive number"):
        Separated(delta)


def test_one_stream_gives_one_data_set():
    first, second = (Separated(0.4).draw(30, 5, np.random.default_rng(3)).X for _ in range(2))
    np.testing.assert_array_equal(first, second)
