"""One thread's part in an update of a large training run: products over a block of samples, and sums.

Samples are stored in panels of a few vectors, X within a panel as (d, samples). A second copy has every block
of panels as (samples, inputs), by tiles of inputs. So both products of an update broadcast a number of one
factor and multiply it by vectors of the other. W and its gradients have rows of `wide` numbers, which is d
rounded up to whole vectors.
"""

from __future__ import annotations

from numba import njit

from overparam_numba.products import OPTIONS
from overparam_numba.tiles import MOST_VECTORS, multiply_panel
from overparam_numba.vectors import add, broadcast, lane_count, load, multiply, store  # type: ignore[attr-defined]

__all__ = ["add_up", "backward", "forward", "weigh"]


@njit(**OPTIONS, inline="always")
def forward(a, x, w, z, k, d, wide, panels, first, last):  # type: ignore[no-untyped-def]
    """Z = WXᵀ (k, m) on the m samples of panels `first` to `last` − 1; `panels` has their first vectors."""
    lanes = lane_count(a)
    begin = panels[first] * lanes
    m = panels[last] * lanes - begin
    for panel in range(first, last):
        at, vectors = panels[panel] * lanes, panels[panel + 1] - panels[panel]
        multiply_panel(a, w, wide, x + at * d, vectors * lanes, z + at - begin, m, k, d, vectors, 0)


@njit(**OPTIONS, inline="always")
def weigh(a, q, r, v, k, m):  # type: ignore[no-untyped-def]
    """Q (k, m) becomes diag(v)·(Q ∘ r)."""
    lanes = lane_count(a)
    for j in range(k):
        scale = broadcast(a, v + j)
        row = q + j * m
        for s in range(0, m, lanes):
            store(a, row + s, multiply(multiply(load(a, row + s), load(a, r + s)), scale))


@njit(**OPTIONS, inline="always")
def backward(a, q, x, g, k, wide, m, adding):  # type: ignore[no-untyped-def]
    """G = QX (k, wide), or G + QX where `adding` is not 0, for Q (k, m) and the block's copy of X."""
    lanes = lane_count(a)
    vectors = wide // lanes
    tiles = -(-vectors // MOST_VECTORS)
    at = 0
    for tile in range(tiles):
        count = (vectors + tile) // tiles
        multiply_panel(a, q, m, x + m * at, count * lanes, g + at, wide, k, m, count, adding)
        at += count * lanes


@njit(**OPTIONS, inline="always")
def add_up(a, slots, count, stride, to, length):  # type: ignore[no-untyped-def]
    """Add up `count` arrays, each at distance `stride` from the previous one, in that order."""
    lanes = lane_count(a)
    for s in range(0, length, lanes):
        total = load(a, slots + s)
        for slot in range(1, count):
            total = add(total, load(a, slots + slot * stride + s))
        store(a, to + s, total)
