"""The two matrix products of an update, on the flat workspace of one training.

Everything lies in one array, at the places given: X as (d, m) with the m samples contiguous and padded
with zeros to whole vectors, W and the gradient as (k, d) with an even k, Z as (k, m).
"""

from __future__ import annotations

from typing import Any

from numba import njit

from overparam_numba.lanes import AVX512
from overparam_numba.vectors import gradient_block, lane_count, preactivation_block

__all__ = ["OPTIONS", "gradients", "preactivations"]

OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "cache": True}
"""How everything is compiled. No fast-math flag: a training that diverges has to show."""

# The largest blocks whose sums fit the registers: 2·7 and 2·8 of 32, or 2·4 of 16.
_VECTORS, _INPUTS = (7, 8) if AVX512 else (4, 4)
_most_vectors, _most_inputs = preactivation_block(_VECTORS), gradient_block(_INPUTS)
_vectors_4, _vectors_2, _vectors_1 = (preactivation_block(count) for count in (4, 2, 1))
_inputs_4, _inputs_2, _inputs_1 = (gradient_block(count) for count in (4, 2, 1))


@njit(**OPTIONS)
def preactivations(a, x, w, z, k, d, m):  # type: ignore[no-untyped-def]
    """Z = WXᵀ, two units at a time."""
    lanes = lane_count(a)
    for j in range(0, k, 2):
        row, out = w + j * d, z + j * m
        s = 0
        while s + _VECTORS * lanes <= m:
            _most_vectors(a, x + s, row, out + s, m, d)
            s += _VECTORS * lanes
        if m - s >= 4 * lanes:
            _vectors_4(a, x + s, row, out + s, m, d)
            s += 4 * lanes
        if m - s >= 2 * lanes:
            _vectors_2(a, x + s, row, out + s, m, d)
            s += 2 * lanes
        if m > s:
            _vectors_1(a, x + s, row, out + s, m, d)


@njit(**OPTIONS)
def gradients(a, x, q, v, g, k, d, m):  # type: ignore[no-untyped-def]
    """G = diag(v)·Q·X for Q (k, m), two units at a time."""
    for j in range(0, k, 2):
        row, out = q + j * m, g + j * d
        i = 0
        while i + _INPUTS <= d:
            _most_inputs(a, x + i * m, row, v + j, out + i, m, d)
            i += _INPUTS
        if d - i >= 4:
            _inputs_4(a, x + i * m, row, v + j, out + i, m, d)
            i += 4
        if d - i >= 2:
            _inputs_2(a, x + i * m, row, v + j, out + i, m, d)
            i += 2
        if d > i:
            _inputs_1(a, x + i * m, row, v + j, out + i, m, d)
