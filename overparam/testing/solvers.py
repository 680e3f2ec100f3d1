"""Checks of direct solvers of the output layer."""

from __future__ import annotations

from functools import partial

import numpy as np

from overparam.methods import DirectSolver
from overparam.model.activations import Softplus
from overparam.model.network import hidden_features
from overparam.model.problem import Problem, draw_problem
from overparam.testing.arrays import BACKENDS, DTYPES, installed_backend, tolerance
from overparam.testing.checks import Check, require, require_close

__all__ = ["solver_checks"]

_SHAPES = ((20, 6, 4), (12, 5, 30))
"""(n, d, k): more labels than units, and fewer."""


def solver_checks(solver: DirectSolver) -> list[Check]:
    """Return the named checks that every direct solver must pass."""
    return [
        Check("solves-least-squares", partial(_solves, solver)),
        *(Check(f"runs-on-{name}", partial(_backend, solver, name)) for name in BACKENDS),
    ]


def _solves(solver: DirectSolver) -> None:
    for n, d, k in _SHAPES:
        problem = draw_problem(n, d, k)
        solution = solver.solve(problem, Softplus())
        features = hidden_features(problem.X, problem.W0, Softplus())
        rows = np.arange(n)
        residual = features @ solution.v - problem.y
        require_close("the reported residual against Φv − y, row", solution.residual, residual, 1e-9, rows)
        best, _, rank, _ = np.linalg.lstsq(features, problem.y)
        reached, least = np.linalg.norm(residual), np.linalg.norm(features @ best - problem.y)
        require(
            bool(reached <= least * (1.0 + 1e-6) + 1e-9),
            f"‖Φv − y‖ is {reached:.6g} at n={n}, k={k}, the least is {least:.6g}",
        )
        require(int(solution.rank) == rank, f"the reported rank is {int(solution.rank)}, Φ has rank {rank}")


def _backend(solver: DirectSolver, name: str) -> None:
    backend = installed_backend(name)
    host = draw_problem(20, 6, 4)
    wanted = np.asarray(solver.solve(host, Softplus()).v)
    for dtype in DTYPES:
        with backend.scope():
            arrays = (backend.asarray(a, dtype) for a in (host.X, host.y, host.W0, host.v))
            found = backend.to_numpy(solver.solve(Problem(*arrays), Softplus()).v)
        require(found.dtype == np.dtype(dtype), f"v of a {dtype} problem on {name} is {found.dtype}")
        allowed = tolerance(dtype, 1e5) * (1.0 + np.abs(wanted))
        require_close(
            f"v on {name} in {dtype}, unit", found.astype(np.float64), wanted, allowed, np.arange(4)
        )
