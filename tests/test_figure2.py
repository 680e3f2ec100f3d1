"""Figure 2 against an independent implementation with its own instances, up to the binomial error."""

import math

import numpy as np
import pytest

import overparam as op

N, TRIALS, BUDGET, TOLERANCE = 20, 40, 1500, 2.5e-3
CELLS = [
    (2, 4),
    (6, 6),
    *(pytest.param(k, d, marks=pytest.mark.slow) for k, d in ((4, 8), (8, 8), (10, 10), (3, 12))),
]


def succeeds(n, k, d, rng):
    """One realization as described in Section 4, in plain NumPy; return whether it succeeds."""
    X = rng.standard_normal((n, d))
    X /= np.linalg.norm(X, axis=1)[:, None]
    y = rng.standard_normal(n)
    W = rng.standard_normal((k, d))
    v = np.zeros(k)
    v[: k // 2] = np.linalg.norm(y) / math.sqrt(k * n)
    v[k // 2 : 2 * (k // 2)] = -np.linalg.norm(y) / math.sqrt(k * n)
    for _ in range(BUDGET + 1):
        z = X @ W.T
        r = np.logaddexp(0.0, z) @ v - y
        if np.linalg.norm(r) < TOLERANCE * np.linalg.norm(y):
            return True
        W = W - 0.15 * ((r[:, None] / (1.0 + np.exp(-z))) * v).T @ X
    return False


@pytest.mark.parametrize(("k", "d"), CELLS)
def test_success_probabilities_agree(tmp_path, k, d):
    study = op.sweep(tmp_path / "a.study", n=N, k=k, d=d, trials=TRIALS, max_iterations=BUDGET)
    ours = int(study.diagram(N).successes[0, 0])
    rng = np.random.default_rng(7)
    theirs = sum(succeeds(N, k, d, rng) for _ in range(TRIALS))
    pooled = (ours + theirs) / (2 * TRIALS)
    spread = math.sqrt(2 * TRIALS * pooled * (1 - pooled))
    assert abs(ours - theirs) <= 4 * spread
