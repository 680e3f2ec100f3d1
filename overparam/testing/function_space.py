"""Checks of function-space methods: descent directions, and equality on every array library."""

from __future__ import annotations

import math
from functools import partial

import numpy as np

from overparam.arrays import Array
from overparam.arrays.backends import Backend, DType, NumPy
from overparam.methods import FunctionSpace, JacobianGram, Network
from overparam.model.activations import Softplus
from overparam.model.losses import Squared
from overparam.model.problem import draw_problem
from overparam.testing.arrays import BACKENDS, DTYPES, installed_backend
from overparam.testing.checks import Check, require, require_close

__all__ = ["function_space_checks"]

_SIZES = ((12, 4, 20), (20, 3, 4))
"""(n, d, k): more parameters than labels, and fewer, where JJᵀ is singular."""

_GAINS = (1.0, 0.5, 1e-3, 0.0, -2.0, -math.inf, math.nan)


def function_space_checks(method: FunctionSpace) -> list[Check]:
    """Return the named checks that every function-space method must pass."""
    return [
        Check("steps-go-downhill", partial(_downhill, method)),
        Check("damping-stays-a-number", partial(_damping, method)),
        *(Check(f"runs-on-{name}", partial(_backend, method, name)) for name in BACKENDS),
    ]


def _at_start(
    n: int,
    d: int,
    k: int,
    backend: Backend = NumPy(),  # noqa: B008 - frozen
    dtype: DType = "float64",
    scale: float = 1.0,
) -> tuple[JacobianGram, Array]:
    """JJᵀ and r at W₀, with v times `scale`; both are read-only on the host."""
    p = draw_problem(n, d, k, seed=3)
    X, y, W0, v = (backend.asarray(array, dtype) for array in (p.X, p.y, p.W0, scale * p.v))
    point = Network(X, y, Softplus(), Squared(), "hidden").at(W0, v)
    gram, r = JacobianGram(point), point.residual
    for array in (gram.matrix, r):
        if isinstance(array, np.ndarray):
            array.flags.writeable = False
    return gram, r


def _downhill(method: FunctionSpace) -> None:
    for sizes in _SIZES:
        gram, r = _at_start(*sizes)
        damping = method.initial_damping(gram)
        for factor in (1e-6, 1.0, 1e6):
            alpha = method.coefficients(gram, r, factor * damping)
            require(alpha.shape == r.shape, f"coefficients has shape {alpha.shape}, must be {r.shape}")
            slope = float(r @ (gram @ alpha))  # of ½‖r‖² along Jᵀα
            require(
                slope > 0.0,
                f"at n, d, k = {sizes} and damping {factor * damping:.3g} the step leads uphill: rᵀJJᵀα = "
                f"{slope:.3g}",
            )


def _damping(method: FunctionSpace) -> None:
    grams = [_at_start(*_SIZES[0], scale=scale)[0] for scale in (1.0, 0.0)]
    for start in map(method.initial_damping, grams):
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
            found = method.coefficients(*_at_start(*_SIZES[0], backend, dtype), damping)
            host = backend.to_numpy(found)
        require(host.dtype == np.dtype(dtype), f"coefficients of {dtype} arrays on {name} are {host.dtype}")
        allowed = (1e-2 if dtype == "float32" else 1e-8) * float(np.abs(wanted).max())
        what = f"coefficients on {name} in {dtype}, sample"
        require_close(what, host.astype(np.float64), wanted, allowed, np.arange(wanted.size))
