"""The kernels Σ(X) (Definition 6.1) and Σ̃(X) (Definition 3.1), their smallest eigenvalues, and error bounds.

Entry (i, j) depends on ρ = xᵢᵀxⱼ alone: E[φφ] = Σ_r μ_r²(φ)ρʳ and E[φ′φ′] = Σ_r μ_r²(φ′)ρʳ (Appendix H).
Everything is computed in float64, for any data type of X: the kernel is that of the given samples. Only the
returned matrix is rounded to the data type of X.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from array_api_compat import is_writeable_array
from numpy.typing import NDArray

from overparam.arrays import Array, array_namespace
from overparam.model.activations import Activation
from overparam.quantities.correlations import (
    NEAR,
    Entry,
    coherence,
    correlation_matrix,
    in_double,
    in_dtype_of,
    largest_row_sum,
    precision,
    unit_rows,
)
from overparam.quantities.eigenvalues import extreme_eigenvalues
from overparam.quantities.gaussian import Estimate
from overparam.theory.kernel_functions import kernel_function

__all__ = [
    "Kernel",
    "Sampled",
    "feature_covariance",
    "network_covariance",
    "sampled_covariance",
    "smallest_eigenvalue",
]

_EPS = float(np.finfo(np.float64).eps)
_SLOPES = 200
"""Angles at which the slope of a kernel is computed, and half as many near 0 and near π each."""
_NEAREST = 1e-8
_LARGE = 3000
"""From this n on the iterative solver is faster than computing all eigenvalues."""


@dataclass(frozen=True)
class Kernel:
    """A kernel matrix with bounds on its distance from the true one, K.

    matrix − below·I ⪯ K ⪯ matrix + above·I, up to a matrix of spectral norm `rounding`.

    Attributes
    ----------
    matrix : array, shape (n, n)
        Symmetric, in the namespace, device and data type of X; its diagonal is E[f(g)²].
    below, above : float
        Omitted part of the Hermite series; 0 if the series reaches rounding, and for other methods.
    rounding : float
        Bound on floating-point error and on the error of the coefficients. Rounding errors of entries at
        different angles count as independent.
    method : str
        Method used for the entries, as in `KernelFunction`.
    wide : Kernel or None
        The same kernel in float64, before `matrix` was rounded to a narrower data type; None if X is in
        float64. If the device has no float64, it is on the host.
    """

    matrix: Array
    below: float
    above: float
    rounding: float
    method: str
    wide: Kernel | None = None

    @property
    def error(self) -> float:
        """Bound on the spectral norm of matrix − K."""
        return max(self.below, self.above) + self.rounding


def network_covariance(X: Array, activation: Activation) -> Kernel:
    """Return Σ(X) = E[φ′(Xw)φ′(Xw)ᵀ] ⊙ XXᵀ, w ~ N(0, I) (Definition 6.1): the expected JJᵀ over ‖v‖².

    Parameters
    ----------
    X : array, shape (n, d)
        Unit rows, of any namespace.
    activation : Activation

    Returns
    -------
    Kernel
        Matrix (n, n).

    Raises
    ------
    ValueError
        If the rows of X do not have norm 1.
    """
    return _covariance(X, activation, derivative=True)


def feature_covariance(X: Array, activation: Activation) -> Kernel:
    """Return Σ̃(X) = E[φ(Xw)φ(Xw)ᵀ], w ~ N(0, I) (Definition 3.1): the expected ΦΦᵀ over k.

    Parameters, results and errors as for `network_covariance`.
    """
    return _covariance(X, activation, derivative=False)


def smallest_eigenvalue(kernel: Kernel) -> Estimate:
    """Return λmin of the true kernel, with the kernel's error and the eigenvalue solver's.

    It is computed from the kernel in float64, even if `kernel.matrix` is in float32. From n = 3,000 on the
    solver is `extreme_eigenvalues`, which uses the matrix as workspace and restores it.

    Returns
    -------
    Estimate
        λ(X) for Σ, λ̃(X) for Σ̃; nan ± inf for a kernel that could not be computed.
    """
    kernel = kernel.wide or kernel
    if not math.isfinite(kernel.error):
        return Estimate(math.nan, math.inf)
    if kernel.matrix.shape[0] >= _LARGE and is_writeable_array(kernel.matrix):
        smallest = extreme_eigenvalues(kernel.matrix).smallest
        return Estimate(smallest.value, kernel.error + smallest.error)
    xp = array_namespace(kernel.matrix)
    eigenvalues = xp.linalg.eigvalsh(kernel.matrix)
    largest = float(xp.max(xp.abs(eigenvalues)))
    solver = precision(kernel.matrix) * math.sqrt(kernel.matrix.shape[0]) * largest
    return Estimate(float(xp.min(eigenvalues)), kernel.error + solver)


@dataclass(frozen=True)
class Sampled:
    """A Monte Carlo estimate of a kernel.

    Attributes
    ----------
    mean, standard_error : ndarray, shape (n, n)
    """

    mean: NDArray[np.float64]
    standard_error: NDArray[np.float64]


def sampled_covariance(
    X: NDArray[np.float64],
    activation: Activation,
    samples: int,
    rng: np.random.Generator,
    *,
    derivative: bool,
) -> Sampled:
    """Return an estimate of Σ(X) (derivative=True) or Σ̃(X) from draws of w, on the host, as a check.

    Parameters
    ----------
    X : ndarray, shape (n, d)
    activation : Activation
    samples : int
        At least 2.
    rng : numpy.random.Generator
    derivative : bool
    """
    if samples < 2:
        raise ValueError(f"samples must be at least 2 for a standard error, got {samples}")
    n, d = X.shape
    first, second = np.zeros((n, n)), np.zeros((n, n))
    for start in range(0, samples, 4096):
        Z = rng.standard_normal((min(4096, samples - start), d)) @ X.T
        F = np.asarray(activation.derivative(Z) if derivative else activation.value(Z))
        first += F.T @ F
        second += (F * F).T @ (F * F)
    mean = first / samples
    variance = np.maximum(second / samples - mean**2, 0.0) * samples / (samples - 1)
    weight = X @ X.T if derivative else np.ones((n, n))
    return Sampled(mean * weight, np.sqrt(variance / samples) * np.abs(weight))


def _covariance(X: Array, activation: Activation, *, derivative: bool) -> Kernel:
    rows = unit_rows(in_double(X))
    largest = coherence(rows)
    k = kernel_function(activation, largest, derivative=derivative)

    def entry(cosine: Array, sine: Array) -> Array:
        return cosine * k.entry(cosine, sine) if derivative else k.entry(cosine, sine)

    matrix = correlation_matrix(rows, entry, k.moment.value)
    shift = 1 if derivative else 0
    above = k.tail * largest_row_sum(rows, k.reach + shift) if k.tail > 0.0 else 0.0
    # The tail is positive semidefinite, and the matrix already contains its diagonal.
    below = min(k.tail, above)
    an_entry = k.error + _argument_error(rows, entry, largest) + 0.5 * _EPS * k.moment.value * shift
    rounding = _norm_factor(rows) * an_entry + k.moment.error
    kernel = Kernel(matrix, below, above, rounding, k.method)
    return kernel if kernel.matrix.dtype == X.dtype else _narrowed(kernel, X)


def _narrowed(wide: Kernel, X: Array) -> Kernel:
    """The kernel with its entries rounded to the data type of X, and the size of that rounding."""
    matrix = in_dtype_of(X, wide.matrix)
    missed = in_double(matrix) - wide.matrix
    xp = array_namespace(missed)
    norm = math.sqrt(float(xp.sum(missed * missed)))
    return Kernel(matrix, wide.below, wide.above, wide.rounding + norm, wide.method, wide)


def _argument_error(X: Array, entry: Entry, largest: float) -> float:
    """Error of an entry from the rounding of cos θ and sin θ: the slope of `entry` times that of θ.

    The inner product of unit rows has an error of √d roundings, and θ that error over sin θ. Beyond NEAR,
    where cosine and sine come from the difference of the rows, the error of θ is the rounding of their
    components.
    """
    least = 0.0 if largest > NEAR else math.acos(NEAR)
    theta = np.linspace(least, math.pi - least, _SLOPES + 1)
    if least == 0.0:
        # Close kinks make the kernel steep near 0 and π, and only there.
        near = np.geomspace(_NEAREST, theta[1], _SLOPES // 2)[:-1]
        theta = np.concatenate([theta[:1], near, theta[1:-1], math.pi - near[::-1], theta[-1:]])
    xp = array_namespace(X)
    cosine, sine = (xp.asarray(list(map(float, c)), dtype=X.dtype, device=X.device) for c in _circle(theta))
    values = entry(cosine, sine)
    width = xp.asarray(np.diff(theta).tolist(), dtype=X.dtype, device=X.device)
    slope = xp.abs(values[1:] - values[:-1]) / width
    middle = 0.5 * (theta[1:] + theta[:-1])
    far = np.abs(np.cos(middle)) <= NEAR
    off = np.where(far, (0.5 * math.sqrt(X.shape[1]) + 1.5) / np.maximum(np.sin(middle), 0.1), 2.0)
    off = xp.asarray([float(a) for a in off], dtype=X.dtype, device=X.device)
    return 0.5 * _EPS * float(xp.max(slope * off))


def _circle(theta: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return np.cos(theta), np.sin(theta)


def _norm_factor(X: Array) -> float:
    """Factor with ‖E‖ ≤ factor·max|Eᵢⱼ| for the matrix E of entries' errors.

    At most n. Errors of entries at different angles are independent, and a symmetric matrix of independent
    ones has norm at most 2√n. Entries at one angle have one common error, which counts as often as samples
    are alike, at most ‖X‖² times.
    """
    xp = array_namespace(X)
    n = int(X.shape[0])
    return min(float(n), 2.0 * math.sqrt(n) + float(xp.max(xp.linalg.svdvals(X))) ** 2)
