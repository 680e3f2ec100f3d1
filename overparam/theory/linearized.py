"""What training would do were the network linear in W: the kernel's prediction of the residual."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from overparam.arrays import Array, array_namespace

__all__ = ["linearized_residuals"]


def linearized_residuals(
    kernel: Array, residual: Array, step_size: float, iterations: Sequence[int]
) -> NDArray[np.float64]:
    """‖(I − ηK)^τ r₀‖ for gradient descent on the linearized network.

    In the kernel's eigenbasis every component decays on its own: |1 − ηλᵢ|^τ |uᵢᵀr₀|.

    Parameters
    ----------
    kernel : array, shape (n, n)
        K: the empirical J(W₀)J(W₀)ᵀ, or its expectation ‖v‖²Σ(X).
    residual : array, shape (n,)
        r₀ = f(W₀) − y.
    step_size : float
        η.
    iterations : sequence of int, length m
        τ.

    Returns
    -------
    ndarray, shape (m,)
    """
    xp = array_namespace(kernel, residual)
    eigenvalues, vectors = xp.linalg.eigh(kernel)
    components = (vectors.mT @ residual[:, None])[:, 0]
    factors = xp.abs(1.0 - step_size * eigenvalues)
    return np.array(
        [float(xp.linalg.vector_norm(factors**tau * components)) for tau in (float(t) for t in iterations)]
    )
