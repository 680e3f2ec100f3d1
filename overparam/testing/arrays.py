"""Array libraries on which components are tested, and calls of elementwise functions on each."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overparam.arrays import Array
from overparam.arrays.backends import Ambient, Backend, CuPy, DType, NumPy, Torch
from overparam.testing.checks import Skipped

__all__ = ["BACKENDS", "DTYPES", "EPS", "installed_backend", "on_host", "tolerance"]

BACKENDS = ("numpy", "array-api-strict", "torch", "cupy")
"""Backends on which every elementwise function is called, if they are installed."""

DTYPES: tuple[DType, ...] = ("float32", "float64")

EPS: Mapping[DType, float] = {name: float(np.finfo(name).eps) for name in DTYPES}


def installed_backend(name: str) -> Backend:
    """Return a backend of `BACKENDS`.

    Raises
    ------
    Skipped
        If it cannot run here; the message says why.
    """
    if name == "array-api-strict":
        if importlib.util.find_spec("array_api_strict") is None:
            raise Skipped("array-api-strict is not installed: pip install array-api-strict")
        strict = importlib.import_module("array_api_strict")  # a test dependency
        return Ambient(strict, strict.asarray(0.0).device)
    backend: Backend = {"numpy": NumPy, "torch": Torch, "cupy": CuPy}[name]()
    if reason := backend.unavailable():
        raise Skipped(reason)
    return backend


def on_host(function: Callable[[Array], Array], z: NDArray[Any]) -> NDArray[np.float64]:
    """Return `function` of a NumPy array as float64, without warnings of overflow or invalid operations."""
    with np.errstate(all="ignore"):
        return np.asarray(function(z), dtype=np.float64)


def tolerance(dtype: DType, operations: float = 64.0) -> float:
    """Return the relative difference allowed after this many roundings."""
    return operations * EPS[dtype]
