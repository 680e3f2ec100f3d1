"""Khatri–Rao products and the smallest singular value of X^{∗r} (Section 1.3, Appendix H)."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from itertools import combinations_with_replacement

from overparam.arrays import Array, array_namespace
from overparam.quantities.correlations import in_double, precision
from overparam.quantities.gaussian import Estimate
from overparam.quantities.intervals import Interval, singular_value

__all__ = ["KhatriRaoSpectrum", "khatri_rao", "khatri_rao_power", "khatri_rao_spectrum", "product_of_squares"]

_DIRECT = 4
"""Up to this many distinct columns per sample, the singular values are computed from the columns themselves.
Beyond, the n² entries of the Gram matrix are less work, but square the condition number."""


@dataclass(frozen=True)
class KhatriRaoSpectrum:
    """σmin(X^{∗r}), the n-th singular value, with the floor below which it is only rounding error.

    Attributes
    ----------
    order : int
        r.
    sigma_min : float
        Exactly 0.0 if it is zero within its error.
    floor : float
        A computed σmin up to this is rounding error; 0 if σmin is exactly 0.
    rank_bound : int
        C(d+r−1, r), the number of distinct products of r inputs: if n exceeds it, σmin is exactly 0.
    note : str
        Why σmin is zero, exactly or within its error; empty otherwise.
    """

    order: int
    sigma_min: float
    floor: float
    rank_bound: int
    note: str = ""

    @property
    def nonzero(self) -> bool:
        """Whether σmin is certainly not zero, as in `Estimate.nonzero`."""
        return self.sigma_min > self.floor


def khatri_rao(A: Array, B: Array) -> Array:
    """Return A ∗ B, whose row i is A_i ⊗ B_i: (p, m), (p, n) -> (p, m·n)."""
    if A.ndim != 2 or B.ndim != 2 or A.shape[0] != B.shape[0]:
        raise ValueError(f"A ∗ B needs equally many rows, got {tuple(A.shape)} and {tuple(B.shape)}")
    xp = array_namespace(A, B)
    return xp.reshape(A[:, :, None] * B[:, None, :], (A.shape[0], A.shape[1] * B.shape[1]))


def khatri_rao_power(X: Array, r: int) -> Array:
    """Return X^{∗r} of a matrix (n, d): row i is x_i ⊗ … ⊗ x_i, r times; shape (n, dʳ)."""
    _require_order(r)
    power = X
    for _ in range(r - 1):
        power = khatri_rao(power, X)
    return power


def khatri_rao_spectrum(X: Array, r: int = 2) -> KhatriRaoSpectrum:
    """Return σmin(X^{∗r}) in float64 from its C(d+r−1, r) distinct columns, without forming all dʳ.

    Parameters
    ----------
    X : array, shape (n, d)
    r : int
        At least 1; r = 2 is X ∗ X.
    """
    _require_order(r)
    n, d = X.shape
    columns = math.comb(d + r - 1, r)
    if n > columns:
        bound = f"d(d+1)/2 = {columns}" if r == 2 else f"C(d+r−1, r) = {columns}"
        return KhatriRaoSpectrum(r, 0.0, 0.0, columns, f"exactly zero because n = {n} > {bound}")
    X = in_double(X)
    xp = array_namespace(X)
    if columns <= _DIRECT * n:
        singular = xp.linalg.svdvals(_distinct_columns(X, r))
        sigma, largest = float(xp.min(singular)), float(xp.max(singular))
        floor = 2.0 * math.sqrt(max(n, columns)) * precision(X) * largest
    else:
        eigenvalues = xp.linalg.eigvalsh(_gram_power(X, r))
        sigma = math.sqrt(max(float(xp.min(eigenvalues)), 0.0))
        # Rounding changes an entry by √d·ε, and a matrix of such independent entries by 2√n of that.
        rounding = (2.0 * math.sqrt(n) + r * math.sqrt(d)) * precision(X)
        floor = math.sqrt(rounding * float(xp.max(eigenvalues)))
    if sigma > floor:
        return KhatriRaoSpectrum(r, sigma, floor, columns)
    note = f"zero within its error ({sigma:.1e}, error {floor:.1e})"
    return KhatriRaoSpectrum(r, 0.0, floor, columns, note)


def product_of_squares(factor: Estimate, spectrum: KhatriRaoSpectrum, n: int) -> Interval:
    """Return (factor·σmin(X^{∗r}))² of n samples with the errors of both, for a factor ≥ 0."""
    a = Interval.nonnegative(factor.value, factor.error)
    # Beyond 4n distinct columns σmin comes from the Gram matrix, and the error is that of its eigenvalue.
    from_gram = spectrum.rank_bound > 4 * n
    b = (singular_value if from_gram else Interval.nonnegative)(spectrum.sigma_min, spectrum.floor)
    low, value, high = (
        float(x) * float(y) for x, y in ((a.low, b.low), (a.value, b.value), (a.high, b.high))
    )
    return Interval(low * low, value * value, high * high)


def _require_order(r: int) -> None:
    if r < 1:
        raise ValueError(f"the order r of X^∗r must be at least 1, got {r}")


def _gram_power(X: Array, r: int) -> Array:
    """(XXᵀ)^{⊙r}, symmetric."""
    gram = X @ X.mT
    gram = 0.5 * (gram + gram.mT)
    return gram**r


def _distinct_columns(X: Array, r: int) -> Array:
    """One column per product of r inputs, times the root of its count in X^{∗r}: same singular values."""
    xp = array_namespace(X)
    chosen = list(combinations_with_replacement(range(X.shape[1]), r))

    def inputs(place: int) -> Array:
        index = xp.asarray([indices[place] for indices in chosen], dtype=xp.int64, device=X.device)
        return xp.take(X, index, axis=1)

    product = inputs(0)
    for place in range(1, r):
        product = product * inputs(place)
    repeats = [
        math.sqrt(math.factorial(r) / math.prod(math.factorial(m) for m in Counter(indices).values()))
        for indices in chosen
    ]
    weights = xp.asarray(repeats, dtype=X.dtype, device=X.device)
    return product * weights[None, :]
