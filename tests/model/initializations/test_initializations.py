"""The weights that each initialization draws."""

import math

import numpy as np
import pytest

from overparam.model.initializations import Paper, Scaled, Symmetric, output_weights
from overparam.model.problem import draw_problem

Y = np.array([3.0, 0.0, -4.0, 0.0, 0.0])


def draw(initialization, k=6, d=3, seed=0):
    return initialization.draw(5, k, d, Y, np.random.default_rng(seed))


@pytest.mark.parametrize("k", [1, 2, 5, 6])
def test_the_papers_is_what_problems_were_drawn_with(k):
    W, v = draw(Paper(), k)
    np.testing.assert_array_equal(W, np.random.default_rng(0).standard_normal((k, 3)))
    np.testing.assert_array_equal(v, output_weights(k, 5, Y))
    assert np.linalg.norm(v) ** 2 == pytest.approx(25.0 / (5 * k) * 2 * (k // 2))
    drawn, said = draw_problem(5, 3, k, seed=2), draw_problem(5, 3, k, seed=2, initialization=Paper())
    np.testing.assert_array_equal(drawn.W0, said.W0)


@pytest.mark.parametrize("k", [1, 2, 5, 6])
def test_scaled(k):
    W, v = draw(Scaled(hidden=2.5, output=3.0), k)
    np.testing.assert_allclose(W, 2.5 * np.random.default_rng(0).standard_normal((k, 3)))
    np.testing.assert_allclose(np.abs(v), 3.0 / math.sqrt(k))
    assert (v > 0).sum() == (k + 1) // 2
    signs = np.concatenate([np.sign(draw(Scaled(signs="random"), k, seed=s).v) for s in range(400)])
    assert abs(signs.mean()) < 4.0 / math.sqrt(signs.size)


@pytest.mark.parametrize("k", [1, 2, 5, 6, 9])
@pytest.mark.parametrize("initialization", [Symmetric(), Symmetric(hidden=0.5, output=2.0)], ids=repr)
def test_symmetric_starts_at_zero(k, initialization):
    W, v = draw(initialization, k)
    X = np.random.default_rng(1).standard_normal((20, 3))
    np.testing.assert_allclose(np.logaddexp(0.0, X @ W.T) @ v, 0.0, atol=1e-14)
    size = 5.0 / math.sqrt(5) if initialization.output is None else 2.0
    np.testing.assert_allclose(np.abs(v[: 2 * (k // 2)]), size / math.sqrt(k))
    assert W.shape == (k, 3)
    assert np.linalg.matrix_rank(W) == min((k + 1) // 2, 3)


@pytest.mark.parametrize(
    ("cls", "parameters"),
    [(Scaled, {"hidden": 0.0}), (Scaled, {"signs": "mixed"}), (Symmetric, {"output": -1.0})],
)
def test_impossible_parameters_are_refused(cls, parameters):
    with pytest.raises(ValueError, match="must be"):
        cls(**parameters)
