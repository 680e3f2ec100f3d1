"""Matrices whose entry (i, j) depends on ρ = xᵢᵀxⱼ alone, tile by tile.

Only tiles on and above the diagonal are computed: half the work, temporaries that fit in the cache, and an
exactly symmetric result.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from array_api_compat import is_jax_array

from overparam.arrays import Array, array_namespace
from overparam.arrays.backends import backend_of

__all__ = [
    "NEAR",
    "Entry",
    "coherence",
    "correlation_matrix",
    "identity",
    "in_double",
    "in_dtype_of",
    "largest_row_sum",
    "precision",
    "unit_rows",
]

Entry: TypeAlias = Callable[[Array, Array], Array]
"""Function from (cosine, sine) of the angles between samples to the entries of a kernel matrix."""

NEAR = 0.95
"""Above this |ρ| the sine is computed from the difference of the two samples: √(1 − ρ²) cancels."""

_ARRAYS_IN_FLIGHT = 6
_UNIT = 1e-5


@dataclass(frozen=True)
class _Tile:
    """Rows top:top+height against rows left:left+width of X; without sine both arrays are the cosine."""

    top: int
    left: int
    cosine: Array
    sine: Array


def precision(array: Array) -> float:
    """Return the machine epsilon of an array's data type."""
    return float(array_namespace(array).finfo(array.dtype).eps)


def in_double(array: Array) -> Array:
    """Return the array in float64; on the host if its device or its library, as configured, has none."""
    xp = array_namespace(array)
    try:
        if array.dtype == xp.float64:
            return array
        if "float64" in xp.__array_namespace_info__().dtypes(kind="real floating"):
            return xp.astype(array, xp.float64)
    except (TypeError, ValueError):
        pass  # the device lacks float64 although its library has it
    return np.asarray(backend_of(array).to_numpy(array), dtype=np.float64)


def in_dtype_of(like: Array, array: Array) -> Array:
    """Return a float64 array of `in_double` in the namespace, device and data type of `like`."""
    xp = array_namespace(like)
    if array_namespace(array) is xp:
        return xp.astype(array, like.dtype)
    return backend_of(like).asarray(array, "float32" if "32" in str(like.dtype) else "float64")


def identity(like: Array) -> Array:
    """Return the identity matrix with the size, data type and device of a square matrix."""
    # CuPy ignores device= and follows the current device, which the scope sets.
    with backend_of(like).scope():
        return array_namespace(like).eye(like.shape[0], dtype=like.dtype, device=like.device)


def unit_rows(X: Array) -> Array:
    """Return X (n, d) with its rows scaled to norm exactly 1.

    Raises
    ------
    ValueError
        If X is not a matrix, or a row's norm is off by more than 1e-5: the theorems assume unit rows.
    """
    if X.ndim != 2:
        raise ValueError(f"X must be a matrix (n, d), got shape {tuple(X.shape)}")
    xp = array_namespace(X)
    norms = xp.linalg.vector_norm(X, axis=1, keepdims=True)
    furthest = float(xp.max(xp.abs(norms - 1.0)))
    if not furthest <= _UNIT:
        raise ValueError(
            f"the rows of X must have norm 1, one is off by {furthest:.2g}: divide each row by its norm"
        )
    return X / norms


def correlation_matrix(X: Array, entry: Entry, diagonal: float, *, with_sine: bool = True) -> Array:
    """Return the matrix of entry(cos θᵢⱼ, sin θᵢⱼ), shape (n, n), with `diagonal` on its diagonal.

    The memory is that of the matrix and of a few tiles.

    Parameters
    ----------
    X : array, shape (n, d)
        Unit rows.
    entry : callable
        Elementwise.
    diagonal : float
        The value at θ = 0, used without a call of `entry`.
    with_sine : bool
        Whether `entry` uses the sine; if not, it receives the cosine twice.
    """
    xp, n = array_namespace(X), X.shape[0]
    in_place = not is_jax_array(X)  # JAX arrays are immutable
    with backend_of(X).scope():
        matrix = (
            xp.empty((n, n), dtype=X.dtype, device=X.device)
            if in_place
            else np.empty((n, n), dtype=np.asarray(X).dtype)
        )
    for tile in _tiles(X, with_sine=with_sine):
        value = entry(tile.cosine, tile.sine)
        down, right = (slice(i, i + m) for i, m in zip((tile.top, tile.left), value.shape, strict=True))
        if tile.top == tile.left:
            eye = identity(value)
            value = (0.5 * (value + value.mT)) * (1.0 - eye) + diagonal * eye
        else:
            matrix[right, down] = value.mT
        matrix[down, right] = value
    return matrix if in_place else xp.asarray(matrix)


def largest_row_sum(X: Array, power: int) -> float:
    """Return max over i of Σ_{j≠i} |xᵢᵀxⱼ|^power for unit rows: a bound on the matrix's spectral norm."""
    xp = array_namespace(X)
    sums: dict[int, Array] = {}
    for tile in _tiles(X, with_sine=False):
        powers = xp.abs(tile.cosine) ** power
        if tile.top == tile.left:
            powers = powers * (1.0 - identity(powers))
        else:
            sums[tile.left] = sums.get(tile.left, 0.0) + xp.sum(powers, axis=0)
        sums[tile.top] = sums.get(tile.top, 0.0) + xp.sum(powers, axis=1)
    return max(float(xp.max(one)) for one in sums.values())


def coherence(X: Array) -> float:
    """Return max over i ≠ j of |xᵢᵀxⱼ| for unit rows, rounded upwards; 0 for one row.

    For the distance of the closest samples use `separation`: 1 − ρ is inaccurate below rounding.
    """
    xp = array_namespace(X)
    largest = 0.0
    for tile in _tiles(X, with_sine=False):
        size = xp.abs(tile.cosine)
        if tile.top == tile.left:
            size = size * (1.0 - identity(size))
        largest = max(largest, float(xp.max(size)))
    return min(largest + X.shape[1] * precision(X), 1.0) if X.shape[0] > 1 else 0.0


def _tiles(X: Array, *, with_sine: bool = True) -> Iterator[_Tile]:
    """Tiles on and above the diagonal, row by row."""
    xp = array_namespace(X)
    n, side = X.shape[0], _side(X)
    for top in range(0, n, side):
        rows = X[top : min(top + side, n), :]
        for left in range(top, n, side):
            columns = X[left : min(left + side, n), :]
            cosine = xp.clip(rows @ columns.mT, -1.0, 1.0)
            if not with_sine:
                yield _Tile(top, left, cosine, cosine)
                continue
            sine = xp.sqrt((1.0 - cosine) * (1.0 + cosine))
            if float(xp.max(_off_diagonal(cosine, same=top == left))) > NEAR:
                cosine, sine = _sharpened(rows, columns, cosine, sine)
            yield _Tile(top, left, cosine, sine)


def _off_diagonal(cosine: Array, same: bool) -> Array:
    xp = array_namespace(cosine)
    size = xp.abs(cosine)
    return size * (1.0 - identity(size)) if same else size


def _sharpened(rows: Array, columns: Array, cosine: Array, sine: Array) -> tuple[Array, Array]:
    """Cosine and sine of nearly parallel samples from ‖x ∓ y‖² = 2(1 ∓ ρ), which does not cancel."""
    xp = array_namespace(rows)
    sign = xp.sign(cosine)
    gap = 0.0 * cosine
    for column in range(rows.shape[1]):
        difference = rows[:, column][:, None] - sign * columns[:, column][None, :]
        gap = gap + difference * difference
    gap = 0.5 * gap
    near = xp.abs(cosine) > NEAR
    sharp = xp.sqrt(gap * xp.clip(2.0 - gap, 0.0, 2.0))
    return xp.where(near, sign * (1.0 - gap), cosine), xp.where(near, sharp, sine)


def _side(X: Array) -> int:
    """Number of rows of a tile whose arrays fit in the fast cache."""
    itemsize = 4 if "32" in str(X.dtype) else 8
    fitting = math.isqrt(max(1, backend_of(X).working_set() // (itemsize * _ARRAYS_IN_FLIGHT)))
    return max(128, min(fitting, int(X.shape[0])))
