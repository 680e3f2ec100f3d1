"""Checks of function-space methods: their steps go downhill, and are the same on every array library."""

from __future__ import annotations

import math
from functools import partial

import numpy as np

from overparam.arrays import Array
from overparam.methods import FunctionSpace
from overparam.model.activations import Softplus
from overparam.model.network import jacobian_gram, residual
from overparam.model.problem import draw_problem
from overparam.testing.arrays import BACKENDS, DTYPES, installed_backend
from overparam.testing.checks import Check, require, require_close

__all__ = ["function_space_checks"]

_SIZES = ((12, 4, 20), (20, 3, 4))
"""(n, d, k): more parameters than labels, and fewer, where JJᵀ is singular."""

_GAINS = (1.0, 0.5, 1e-3, 0.0, -2.0, -math.inf, math.nan)


def function_space_checks(method: FunctionSpace) -> list[Check]:
    """What every function-space method must satisfy: names and the functions that check."""
    return [
        Check("steps-go-downhill", partial(_downhill, method)),
        Check("damping-stays-a-number", partial(_damping, method)),
        *(Check(f"runs-on-{name}", partial(_backend, method, name)) for name in BACKENDS),
    ]


def _at_start(n: int, d: int, k: int) -> tuple[Array, Array]:
    """JJᵀ and r at W₀, neither of them writeable."""
    p = draw_problem(n, d, k, seed=3)
    gram, r = jacobian_gram(p.X, p.W0, p.v, Softplus()), residual(p.X, p.y, p.W0, p.v, Softplus())
    for array in (gram, r):
        array.flags.writeable = False
    return gram, r


def _downhill(method: FunctionSpace) -> None:
    for sizes in _SIZES:
        gram, r = _at_start(*sizes)
        damping = method.initial_damping(gram)
        for factor in (1e-6, 1.0, 1e6):
            alpha = method.coefficients(gram, r, factor * damping)
            require(alpha.shape == r.shape, f"coefficients has shape {alpha.shape}, it must be {r.shape}")
            slope = float(r @ gram @ alpha)  # of ½‖r‖² along Jᵀα
            require(
                slope > 0.0,
                f"at n, d, k = {sizes} and damping {factor * damping:.3g} the step leads uphill: rᵀJJᵀα = "
                f"{slope:.3g}",
            )


def _damping(method: FunctionSpace) -> None:
    gram, _ = _at_start(*_SIZES[0])
    for start in (method.initial_damping(gram), method.initial_damping(0.0 * gram)):
        for gain in _GAINS:
            damping = start
            for _ in range(2000):
                damping = method.next_damping(damping, gain)
            require(
                math.isfinite(damping) and damping >= 0.0,
                f"after 2000 steps of gain {gain} the damping is {damping}: it must stay a number ≥ 0",
            )


def _backend(method: FunctionSpace, name: str) -> None:
    backend = installed_backend(name)
    gram, r = _at_start(*_SIZES[0])
    damping = method.initial_damping(gram)
    wanted = np.asarray(method.coefficients(gram, r, damping))
    for dtype in DTYPES:
        with backend.scope():
            found = method.coefficients(backend.asarray(gram, dtype), backend.asarray(r, dtype), damping)
            host = backend.to_numpy(found)
        require(host.dtype == np.dtype(dtype), f"coefficients of {dtype} arrays on {name} are {host.dtype}")
        allowed = (1e-2 if dtype == "float32" else 1e-8) * float(np.abs(wanted).max())
        what = f"coefficients on {name} in {dtype}, sample"
        require_close(what, host.astype(np.float64), wanted, allowed, np.arange(wanted.size))
