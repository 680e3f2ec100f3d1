"""Template of a printed module; `overparam_numba.template` fills in the parts that depend on the recipe."""

__all__ = ["MODULE"]

MODULE = '''\
"""Printed for {activation}, {loss} and {optimizer}, layers {layers}, {dtype}."""

import math

from numba import njit

from overparam_numba.passes import add_up, backward, forward, weigh
from overparam_numba.products import OPTIONS, gradients, output_gradients, preactivations
from overparam_numba.subnormals import flush_subnormals, restore_subnormals
from overparam_numba.tasks import (
    CHECK_EVERY, ENDED, ITERATION, LAST, MEASURED, MOVE, PASS, finish, publish, take
)
from overparam_numba.vectors import ({functions})

INF, NAN = math.inf, math.nan


@njit(**OPTIONS)
def residual(a, y, z, p, r, v, k, n, m):
    """r = ∂ℓ/∂f with zeros in the padding; returns Σ miss². {changes}"""
    lanes = lane_count(a)
    squares = filled(0.0, a)
    for s in range(0, m, lanes):
        labels = load(a, y + s)
        even, odd = {origin}, filled(0.0, a)
        for j in range(0, k, 2):
{features}
            even = fma(broadcast(a, v + j), first, even)
            odd = fma(broadcast(a, v + j + 1), second, odd)
        outputs = add(even, odd)
{loss_of_outputs}
        inside = before(a, s, n)
        store(a, r + s, where(inside, {derivative}, filled(0.0, a)))
        kept = where(inside, {miss}, filled(0.0, a))
        squares = fma(kept, kept, squares)
    return float(total(squares))


@njit(**OPTIONS)
def update(a, w, g, states, count, size, tau):
    """One update of `count` weights and of the method's state; returns the squared length of the step."""
    lanes = lane_count(a)
    last = max(0, (count - 1) // lanes * lanes)
    beyond = load(a, w + last)
    moved = filled(0.0, a)
    step_size, iteration = filled(size, a), filled(tau, a)
    for s in range(0, count, lanes):
        weights, gradient = load(a, w + s), load(a, g + s)
{loads}
{rule}
        change = where(before(a, s, count), subtract({weights}, weights), filled(0.0, a))
        moved = fma(change, change, moved)
        store(a, w + s, {weights})
{stores}
    store(a, w + last, where(before(a, last, count), load(a, w + last), beyond))
    return total(moved)


@njit(**OPTIONS)
def start(a, w, states, count):
    """The method's state before the first update."""
    lanes = lane_count(a)
    for s in range(0, count, lanes):
        weights = load(a, w + s)
{initial}


@njit(**OPTIONS, cache=KEPT)
def begin(a, places, sizes):
    """What is computed once, before the first update."""
    x, y, z, p, r, v, w, g, h, for_w, for_v = places
    n, k, d, m, real = sizes
    lanes = lane_count(a)
{begin}


@njit(**OPTIONS, cache=KEPT)
def descend(a, places, sizes, bounds, size, path, iteration, last):
    """Updates with the full gradient up to iterate `last`, or until the run leaves the bounds.

    Returns (iteration, Σ miss²/scale² there, path length).
    """
    x, y, z, p, r, v, w, g, h, for_w, for_v = places
    n, k, d, m, real = sizes
    scale, low, high = bounds
    subnormals = flush_subnormals()
    while True:
{forward}
        relative = residual(a, y, z, p, r, v, k, n, m) * scale
        if iteration >= last or not (low <= relative <= high):
            restore_subnormals(subnormals)
            return iteration, relative, path
{gradients}
        path += math.sqrt({moved})
        iteration += 1


@njit(**OPTIONS, cache=KEPT)
def sample(a, places, sizes, bounds, size, path, iteration, last, rows, used, check_every, final):
    """Stochastic updates up to iterate `last`, or until the run leaves the bounds where that is checked.

    `rows` (updates, rows of an update) is used from update `used` on. What an update needs of its samples
    is gathered into a batch of its own; labels and inputs lie behind r.
    """
    x, y, z, p, r, v, w, g, h, for_w, for_v = places
    n, k, d, m, real = sizes
    scale, low, high = bounds
    batch = rows.shape[1]
    lanes = lane_count(a)
    wide = -(-batch // lanes) * lanes
    yb = r + max(m, wide)
    xb = yb + wide
    subnormals = flush_subnormals()
    while True:
        due = iteration % check_every == 0 or iteration >= final
        relative = 0.0
        if due or iteration >= last:
    {forward}
            relative = residual(a, y, z, p, r, v, k, n, m) * scale
        if iteration >= last or (due and not (low <= relative <= high)):
            restore_subnormals(subnormals)
            return iteration, relative, path
        for b in range(batch):
            row = rows[used, b]
            a[yb + b] = a[y + row]
            for i in range({gathered}):
                a[{gathered_to} + i * wide + b] = a[{gathered_from} + i * m + row]
        used += 1
{batch_forward}
        residual(a, yb, z, {batch_features}, r, v, k, batch, wide)
        for s in range(0, wide, lanes):
            store(a, r + s, divide(load(a, r + s), filled(float(batch), a)))
{batch_gradients}
        path += math.sqrt({moved})
        iteration += 1
'''
"""Functions over the flat array `a`, at the places of `overparam_numba.workspace`."""
