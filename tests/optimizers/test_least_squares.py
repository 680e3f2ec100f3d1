"""Least squares on the output layer against numpy.linalg.lstsq."""

import numpy as np
import pytest

from overparam.activations import Hermite, Softplus
from overparam.optimizers import LeastSquares
from overparam.problems import Problem, draw_problem

TOLERANCE = {"float32": 2e-3, "float64": 1e-9}


@pytest.mark.parametrize(("n", "k"), [(30, 10), (10, 30), (20, 20), (5, 1)])
def test_solution_rank_and_residual_are_numpys(xp, dtype, n, k):
    p = draw_problem(n, 6, k)
    X, y, W0, v = (xp.asarray(a, dtype) for a in (p.X, p.y, p.W0, p.v))
    solution = LeastSquares().solve(Problem(X, y, W0, v), Softplus())
    features = np.logaddexp(0.0, p.X @ p.W0.T)
    expected, _, rank, _ = np.linalg.lstsq(features, p.y)
    residual = features @ expected - p.y
    if dtype == "float64" or n != k:
        scale = np.linalg.norm(expected)
        np.testing.assert_allclose(xp.to_numpy(solution.v), expected, atol=TOLERANCE[dtype] * scale)
        np.testing.assert_allclose(xp.to_numpy(solution.residual), residual, atol=TOLERANCE[dtype] * scale)
    assert int(xp.to_numpy(solution.rank)) == rank == min(n, k)


def test_a_rank_that_is_not_full_is_reported_and_the_solution_is_of_least_norm(xp):
    p = draw_problem(20, 3, 40)
    # A quadratic of three inputs spans 10 functions however many hidden units there are.
    activation = Hermite((0.3, 0.5, 0.2))
    X, y, W0, v = (xp.asarray(a, "float64") for a in (p.X, p.y, p.W0, p.v))
    solution = LeastSquares().solve(Problem(X, y, W0, v), activation)
    features = activation.value(p.X @ p.W0.T)
    expected, _, rank, _ = np.linalg.lstsq(features, p.y, rcond=1e-12)
    assert int(xp.to_numpy(solution.rank)) == rank < 20
    np.testing.assert_allclose(xp.to_numpy(solution.v), expected, atol=1e-8)


def test_a_stack_is_solved_one_by_one(xp):
    problems = [draw_problem(8, 3, 5, trial=t) for t in range(3)]
    X, y, W0, v = (
        xp.asarray(np.stack([getattr(p, name) for p in problems]), "float64")
        for name in ("X", "y", "W0", "v")
    )
    stacked = xp.to_numpy(LeastSquares().solve(Problem(X, y, W0, v), Softplus()).v)
    for row, p in zip(stacked, problems, strict=True):
        np.testing.assert_allclose(row, LeastSquares().solve(p, Softplus()).v, rtol=1e-9, atol=1e-12)
