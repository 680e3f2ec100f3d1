"""The empirical kernel J(W)J(W)ᵀ and the singular values of the Jacobian, without forming the Jacobian."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from overparam.arrays import Array, array_namespace
from overparam.arrays.backends import backend_of
from overparam.model.activations import Activation
from overparam.quantities.correlations import precision

__all__ = ["JacobianSpectrum", "empirical_kernel", "flipped_patterns", "jacobian_change", "jacobian_spectrum"]

_IN_A_ROW = 32.0


@dataclass(frozen=True)
class JacobianSpectrum:
    """Extreme singular values of J(W), n × kd.

    Attributes
    ----------
    The n-th singular value; 0 if n exceeds the number of parameters that can act.
        The n-th singular value; 0 where n exceeds the parameters that can act.
    spectral_norm : float
        ‖J(W)‖.
    floor : float
        A σmin below this is rounding error, because JJᵀ squares the condition number. 0 if σmin is exactly 0.
    """

    sigma_min: float
    spectral_norm: float
    floor: float


def empirical_kernel(X: Array, W: Array, v: Array, activation: Activation) -> Array:
    """Return J(W)J(W)ᵀ = (φ′(XWᵀ) diag(v)² φ′(WXᵀ)) ⊙ XXᵀ (Section 6.1), in blocks of hidden units.

    Parameters
    ----------
    X : array, shape (n, d)
    W : array, shape (k, d)
    v : array, shape (k,)
    activation : Activation

    Returns
    -------
    array, shape (n, n)
        Symmetric; the workspace is n² and a few blocks, for any k.
    """
    return _gram(X, (W,), v, lambda Z: activation.derivative(Z[0]))


def jacobian_spectrum(X: Array, W: Array, v: Array, activation: Activation) -> JacobianSpectrum:
    """Return σmin and ‖·‖ of J(W); shapes as in `empirical_kernel`."""
    xp = array_namespace(X)
    n, d = X.shape
    eigenvalues = xp.linalg.eigvalsh(empirical_kernel(X, W, v, activation))
    largest = max(float(xp.max(eigenvalues)), 0.0)
    acting = int(xp.sum(xp.astype(v != 0.0, v.dtype)))
    if n > acting * d:
        return JacobianSpectrum(0.0, math.sqrt(largest), 0.0)
    smallest = max(float(xp.min(eigenvalues)), 0.0)
    # Roundings of entries are independent. Those of a sum of k equal terms, as of the ReLU's slopes, are not:
    # they all have the same sign, up to the few hundred terms that a matrix product adds in a row.
    units = 2.0 * math.sqrt(n) + min(math.sqrt(v.shape[0]), _IN_A_ROW)
    return JacobianSpectrum(
        math.sqrt(smallest), math.sqrt(largest), math.sqrt(units * precision(X) * largest)
    )


def jacobian_change(X: Array, W: Array, W0: Array, v: Array, activation: Activation) -> float:
    """Return ‖J(W) − J(W₀)‖, the left side of Lemmas 6.8, 6.9 and C.1; shapes as in `empirical_kernel`."""
    xp = array_namespace(X)
    gram = _gram(X, (W, W0), v, lambda Z: activation.derivative(Z[0]) - activation.derivative(Z[1]))
    return math.sqrt(max(float(xp.max(xp.linalg.eigvalsh(gram))), 0.0))


def flipped_patterns(Z: Array, Z0: Array) -> float:
    """Return the share of patterns 1{wᵀx ≥ 0} that differ between two preactivations WXᵀ, both (k, n)."""
    xp = array_namespace(Z)
    return float(xp.mean(xp.astype((Z >= 0.0) != (Z0 >= 0.0), Z.dtype)))


def _gram(
    X: Array, weights: tuple[Array, ...], v: Array, slopes_of: Callable[[tuple[Array, ...]], Array]
) -> Array:
    """(SᵀS) ⊙ XXᵀ with S = diag(v)·slopes_of(WXᵀ, …), summed over blocks of rows of S."""
    n, k = X.shape[0], v.shape[0]
    itemsize = 4 if "32" in str(X.dtype) else 8
    block = max(64, backend_of(X).working_set() // (itemsize * n * 4))

    def part(start: int) -> Array:
        rows = slice(start, min(start + block, k))
        slopes = v[rows][:, None] * slopes_of(tuple(W[rows, :] @ X.mT for W in weights))
        return slopes.mT @ slopes

    total = part(0)
    for start in range(block, k, block):
        total = total + part(start)
    gram = total * (X @ X.mT)
    return 0.5 * (gram + gram.mT)
