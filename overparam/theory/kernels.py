"""The kernels Σ(X) (Definition 6.1) and Σ̃(X) (Definition 3.1), their smallest eigenvalues, and error bounds.

Entry (i, j) depends on ρ = xᵢᵀxⱼ alone: E[φφ] = Σ_r μ_r²(φ)ρʳ and E[φ′φ′] = Σ_r μ_r²(φ′)ρʳ (Appendix H).
A closed form is used where the activation has one, else the series, cut where its tail is below rounding.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from overparam.activations import Activation
from overparam.arrays import Array, array_namespace
from overparam.theory.closed_forms import closed_form
from overparam.theory.correlations import NEAR, coherence, correlation_matrix, identity, precision, unit_rows
from overparam.theory.gaussian import Estimate, expectation
from overparam.theory.hermite import HermiteSeries, hermite_series

__all__ = [
    "Kernel",
    "Sampled",
    "feature_covariance",
    "network_covariance",
    "sampled_covariance",
    "smallest_eigenvalue",
]

_FIRST_ORDER = 32
_HIGHEST_ORDER = 2048


@dataclass(frozen=True)
class Kernel:
    """A kernel matrix and what may separate it from the true one, K.

    matrix − below·I ⪯ K ⪯ matrix + above·I, up to a matrix of spectral norm `rounding`.

    Attributes
    ----------
    matrix : array, shape (n, n)
        Symmetric, in the namespace, device and data type of X; its diagonal is exact.
    below, above : float
        What the series left out; 0 for a closed form.
    rounding : float
        Bound on floating-point error and on the error of the Hermite coefficients.
    method : str
        "closed form" or "Hermite series to degree R".
    """

    matrix: Array
    below: float
    above: float
    rounding: float
    method: str

    @property
    def error(self) -> float:
        """Bound on the spectral norm of matrix − K."""
        return max(self.below, self.above) + self.rounding


def network_covariance(X: Array, activation: Activation) -> Kernel:
    """Σ(X) = E[φ′(Xw)φ′(Xw)ᵀ] ⊙ XXᵀ, w ~ N(0, I) (Definition 6.1): the expected JJᵀ over ‖v‖².

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
        Where the rows of X are not of norm 1.
    """
    return _covariance(X, activation, derivative=True)


def feature_covariance(X: Array, activation: Activation) -> Kernel:
    """Σ̃(X) = E[φ(Xw)φ(Xw)ᵀ], w ~ N(0, I) (Definition 3.1): the expected ΦΦᵀ over k.

    Parameters, returns and raises as `network_covariance`.
    """
    return _covariance(X, activation, derivative=False)


def smallest_eigenvalue(kernel: Kernel) -> Estimate:
    """λmin of the true kernel, with the kernel's error and the eigenvalue solver's.

    Returns
    -------
    Estimate
        λ(X) for Σ, λ̃(X) for Σ̃.
    """
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
    """Estimate Σ(X) (derivative=True) or Σ̃(X) from `samples` draws of w, on the host: a check on the others.

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
    X = unit_rows(X)
    form = closed_form(activation, derivative=derivative)
    if form is None:
        return _by_series(X, activation, derivative)

    f = activation.derivative if derivative else activation.value
    second_moment = expectation(lambda z: np.asarray(f(z), dtype=np.float64) ** 2, activation.kinks)

    def entry(cosine: Array, sine: Array) -> Array:
        return cosine * form(cosine, sine) if derivative else form(cosine, sine)

    one = identity(X[:1, :1])
    diagonal = float(entry(one, 0.0 * one)[0, 0])
    matrix = correlation_matrix(X, entry, diagonal, with_sine=True)
    # Beyond NEAR cosine and sine are exact to rounding; below, |dk/dρ| ≤ k(1)/(1 − ρ).
    rounding = _rounding(X, second_moment.value, slope=second_moment.value / (1.0 - NEAR), steps=8)
    return Kernel(matrix, 0.0, 0.0, rounding, "closed form")


def _by_series(X: Array, activation: Activation, derivative: bool) -> Kernel:
    largest = coherence(X)
    shift = 1 if derivative else 0
    series, resolved = _series_for(activation, derivative, largest, shift, precision(X))
    squares = [float(c * c) for c in series.coefficients]
    tail = series.remainder

    def entry(cosine: Array, sine: Array) -> Array:
        total = 0.0 * cosine + squares[-1]
        for c in reversed(squares[:-1]):
            total = total * cosine + c
        return total * cosine if derivative else total

    matrix = correlation_matrix(X, entry, series.second_moment.value, with_sine=False)
    reach = series.order + 1 + shift
    above = 0.0
    if tail > 0.0:
        powers = (X.shape[0] - 1) * largest**reach if resolved else _row_sum(X, reach)
        above = tail * powers
    slope = _slope(series, largest, shift)
    rounding = _rounding(X, series.second_moment.value, slope, steps=2 * series.order + 4)
    return Kernel(
        matrix,
        # The tail is positive semidefinite and its diagonal is in the matrix already.
        min(tail, above),
        above,
        rounding + _coefficient_error(X, series, shift),
        f"Hermite series to degree {series.order}",
    )


def _series_for(
    activation: Activation, derivative: bool, largest: float, shift: int, eps: float
) -> tuple[HermiteSeries, bool]:
    """Return the shortest series whose tail is below rounding between samples, and whether there is one."""
    order = _FIRST_ORDER
    while True:
        series = hermite_series(activation, order, derivative=derivative)
        degrees = np.arange(order + 1) + 1 + shift
        negligible = series.tails() * largest**degrees <= eps * series.second_moment.value
        # The remainder of a series that has converged is itself rounding.
        negligible |= series.tails() <= 2.0 * series.noise
        if negligible.any():
            return series.truncated(int(np.argmax(negligible))), True
        if order >= _HIGHEST_ORDER:
            return series, False
        order *= 2


def _row_sum(X: Array, power: int) -> float:
    """Max over i of Σ_{j≠i} |xᵢᵀxⱼ|^power, a bound on the spectral norm of that matrix."""
    xp = array_namespace(X)
    powers = correlation_matrix(X, lambda cosine, _: xp.abs(cosine) ** power, 0.0, with_sine=False)
    return float(xp.max(xp.sum(powers, axis=1)))


def _slope(series: HermiteSeries, largest: float, shift: int) -> float:
    """Bound on |dk/dρ| of the truncated series for |ρ| ≤ largest: Σ r c_r, or k(1)/(1 − ρ)."""
    degrees = np.arange(series.order + 1) + shift
    steepest = float(degrees @ series.coefficients**2)
    return min(steepest, series.second_moment.value / (1.0 - largest)) if largest < 1.0 else steepest


def _coefficient_error(X: Array, series: HermiteSeries, shift: int) -> float:
    """Σ |error of μ_r²|·‖(XXᵀ)^{⊙(r + shift)}‖, where ‖(XXᵀ)^{⊙r}‖ ≤ ‖X‖² for r ≥ 1 (Lemma 6.5)."""
    xp = array_namespace(X)
    norms = np.full(series.order + 1, float(xp.max(xp.linalg.svdvals(X))) ** 2)
    if shift == 0:
        norms[0] = X.shape[0]
    total: float = series.square_errors() @ norms
    return total


def _rounding(X: Array, scale: float, slope: float, steps: int) -> float:
    """Frobenius bound on rounding: ρ off by d·ε and `steps` roundings of numbers up to `scale` an entry."""
    n, d = X.shape
    return float(precision(X) * n * (d * slope + steps * scale))
