"""Small array helpers on top of the Array API standard."""

from __future__ import annotations

from typing import Any, TypeAlias

from array_api_compat import array_namespace

__all__ = ["Array", "Namespace", "array_namespace", "dot", "form_of", "squared_norm"]

Array: TypeAlias = Any
"""An array of any namespace of the Array API standard."""

Namespace: TypeAlias = Any
"""A module or object with the functions of the Array API standard."""


def form_of(given: object) -> str:
    """Return a description of a value that should be an array: its data type and shape, else its type."""
    return f"{getattr(given, 'dtype', type(given).__name__)} {getattr(given, 'shape', '')}".strip()


def dot(a: Array, b: Array) -> Array:
    """Return the inner product over the last axis, as one matrix product: (..., m), (..., m) -> (...)."""
    return (a[..., None, :] @ b[..., :, None])[..., 0, 0]


def squared_norm(a: Array, axes: int = 1) -> Array:
    """Return the sum of squares over the last `axes` axes: the squared Euclidean or Frobenius norm.

    Parameters
    ----------
    a : array, shape (..., m) or (..., k, d)
    axes : int
        Number of trailing axes to sum over.
    """
    xp = array_namespace(a)
    flat = a if axes == 1 else xp.reshape(a, (*a.shape[:-axes], -1))
    return dot(flat, flat)
