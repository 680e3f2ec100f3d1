"""Least squares on the output layer against numpy.linalg.lstsq."""

import numpy as np
import pytest

from overparam.methods import LeastSquares
from overparam.model.activations import Hermite, Softplus
from overparam.model.problem import Problem, draw_problem
from tests.tolerances import tolerance


@pytest.mark.parametrize(("n", "k"), [(30, 10), (10, 30), (20, 20), (5, 1)])
def test_solution_rank_and_residual_are_numpys(xp, dtype, n, k):
    p = draw_problem(n, 6, k)
    X, y, W0, v = (xp.asarray(a, dtype) for a in (p.X, p.y, p.W0, p.v))
    solution = LeastSquares().solve(Problem(X, y, W0, v), Softplus())
    features = np.logaddexp(0.0, p.X @ p.W0.T)
    expected, _, rank, _ = np.linalg.lstsq(features, p.y)
    residual = features @ expected - p.y
    allowed = tolerance(dtype, "solve") * np.linalg.cond(features) * np.linalg.norm(expected)
    np.testing.assert_allclose(xp.to_numpy(solution.v), expected, rtol=0, atol=allowed)
    np.testing.assert_allclose(xp.to_numpy(solution.residual), residual, rtol=0, atol=allowed)
    assert int(xp.to_numpy(solution.rank)) == rank == min(n, k)


@pytest.mark.parametrize("k", [5, 15, 40])
def test_a_rank_that_is_not_full_is_reported_and_the_solution_is_of_least_norm(xp, dtype, k):
    p = draw_problem(20, 3, k)
    # Quadratics on the sphere in R³ span 1 + 3 + 5 functions, for any number of hidden units.
    activation = Hermite((0.3, 0.5, 0.2))
    X, y, W0, v = (xp.asarray(a, dtype) for a in (p.X, p.y, p.W0, p.v))
    solution = LeastSquares().solve(Problem(X, y, W0, v), activation)
    features = activation.value(p.X @ p.W0.T)
    singular = np.linalg.svd(features, compute_uv=False)
    expected, _, rank, _ = np.linalg.lstsq(features, p.y, rcond=1e-12)
    assert int(xp.to_numpy(solution.rank)) == rank == min(k, 9)
    allowed = tolerance(dtype, "solve") * (singular[0] / singular[rank - 1]) * np.linalg.norm(expected)
    np.testing.assert_allclose(xp.to_numpy(solution.v), expected, rtol=0, atol=allowed)


def test_a_stack_is_solved_one_by_one(xp, dtype):
    problems = [draw_problem(8, 3, 5, trial=t) for t in range(6)]
    X, y, W0, v = (
        xp.asarray(np.stack(arrays).reshape(2, 3, *arrays[0].shape), dtype)
        for arrays in zip(*((p.X, p.y, p.W0, p.v) for p in problems), strict=True)
    )
    solution = LeastSquares().solve(Problem(X, y, W0, v), Softplus())
    found = xp.to_numpy(solution.v).reshape(6, 5)
    assert xp.to_numpy(solution.rank).tolist() == [[5, 5, 5], [5, 5, 5]]
    for row, p in zip(found, problems, strict=True):
        features = np.logaddexp(0.0, p.X @ p.W0.T)
        expected = np.linalg.lstsq(features, p.y)[0]
        allowed = tolerance(dtype, "solve") * np.linalg.cond(features) * np.linalg.norm(expected)
        np.testing.assert_allclose(row, expected, rtol=0, atol=allowed)
