"""The matrix products of an update, on the flat workspace of one training run.

All arrays are parts of one array, at the given places: X as (d, m) with the m samples contiguous and padded
with zeros to whole vectors, W and the gradient as (k, d) with an even k, Z as (k, m).
"""

from __future__ import annotations

from typing import Any

from numba import njit

from overparam_numba.blocks import (
    MOST_INPUTS,
    MOST_UNITS,
    MOST_VECTORS,
    gradient_block,
    output_gradient_block,
    preactivation_block,
    weighing_gradient_block,
)
from overparam_numba.vectors import lane_count

__all__ = ["OPTIONS", "gradients", "output_gradients", "preactivations"]

OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy"}
"""Compiler options. No fast-math flag, because divergence must stay visible."""


@njit(**OPTIONS)
def preactivations(a, x, w, z, k, d, m):  # type: ignore[no-untyped-def]
    """Z = WXᵀ, two units at a time, in blocks of samples of nearly equal size."""
    lanes = lane_count(a)
    vectors = m // lanes
    blocks = -(-vectors // MOST_VECTORS)
    for j in range(0, k, 2):
        s = 0
        for block in range(blocks):
            count = (vectors + block) // blocks
            preactivation_block(a, x + s, w + j * d, z + j * m + s, m, d, count)
            s += count * lanes


@njit(**OPTIONS)
def gradients(a, x, q, r, v, g, k, d, m):  # type: ignore[no-untyped-def]
    """G = diag(v)·(Q ∘ r)·X for Q (k, m), two units at a time; Q becomes Q ∘ r."""
    blocks = -(-d // MOST_INPUTS)
    for j in range(0, k, 2):
        row, out = q + j * m, g + j * d
        i = d // blocks
        weighing_gradient_block(a, x, row, r, v + j, out, m, d, i)
        for block in range(1, blocks):
            count = (d + block) // blocks
            gradient_block(a, x + i * m, row, r, v + j, out + i, m, d, count)
            i += count


@njit(**OPTIONS)
def output_gradients(a, p, r, h, k, m):  # type: ignore[no-untyped-def]
    """H = Φr for Φ (k, m), in blocks of units of nearly equal size."""
    blocks = -(-k // MOST_UNITS)
    j = 0
    for block in range(blocks):
        count = (k + block) // blocks
        output_gradient_block(a, p + j * m, r, h + j, m, count)
        j += count
