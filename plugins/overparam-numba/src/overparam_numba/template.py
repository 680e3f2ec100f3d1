"""The source of one training's loop, printed for an activation and an update rule.

The printed module is compiled like any other: it has the two products and the vectors of this package,
and in between the recorded expressions, an assignment each.
"""

from __future__ import annotations

from textwrap import indent

from overparam.plugin import Activation, DType, FirstOrder, record_activation, record_update
from overparam_numba.emit import print_program
from overparam_numba.vectors import FUNCTIONS

__all__ = ["print_module"]

_MODULE = '''\
"""Printed for {activation} and {optimizer}, {dtype}."""

import math

from numba import njit

from overparam_numba.products import OPTIONS, gradients, preactivations
from overparam_numba.subnormals import flush_subnormals, restore_subnormals
from overparam_numba.vectors import ({functions})

INF, NAN = math.inf, math.nan


@njit(**OPTIONS)
def residual(a, y, z, r, v, k, n, m):
    """r = φ(Z)ᵀv − y with zeros in the padding, and Z becomes φ′(Z); returns ‖r‖²."""
    lanes = lane_count(a)
    squares = filled(0.0, a)
    for s in range(0, m, lanes):
        even, odd = negative(load(a, y + s)), filled(0.0, a)
        for j in range(0, k, 2):
            row = z + j * m + s
            units = pair(load(a, row), load(a, row + m))
{phi}
            value, slope = {value}, {slope}
            store(a, row, first_of(slope))
            store(a, row + m, second_of(slope))
            even = fma(broadcast(a, v + j), first_of(value), even)
            odd = fma(broadcast(a, v + j + 1), second_of(value), odd)
        kept = select_before(add(even, odd), s, n)
        store(a, r + s, kept)
        squares = fma(kept, kept, squares)
    return float(total(squares))


@njit(**OPTIONS)
def update(a, w, g, states, kd, size, tau):
    """One update of W and of the method's state; returns ‖W_new − W‖."""
    lanes = lane_count(a)
    moved = filled(0.0, a)
    step_size, iteration = filled(size, a), filled(tau, a)
    for s in range(0, kd, lanes):
        weights, gradient = load(a, w + s), load(a, g + s)
{loads}
{rule}
        change = select_before(subtract({weights}, weights), s, kd)
        moved = fma(change, change, moved)
        store(a, w + s, {weights})
{stores}
    return math.sqrt(total(moved))


@njit(**OPTIONS, cache=KEPT)
def begin(a, w, states, kd):
    """The method's state before the first update."""
    lanes = lane_count(a)
    for s in range(0, kd, lanes):
        weights = load(a, w + s)
{start}


@njit(**OPTIONS, cache=KEPT)
def descend(a, places, sizes, bounds, size, path, iteration, last):
    """Gradient descent up to iterate `last`, or until the stop rule is met.

    Returns (iteration, relative squared residual there, path length).
    """
    x, y, v, w, g, z, r, states = places
    n, k, d, m = sizes
    scale, low, high = bounds
    subnormals = flush_subnormals()
    while True:
        preactivations(a, x, w, z, k, d, m)
        relative = residual(a, y, z, r, v, k, n, m) * scale
        if iteration >= last or not (low <= relative <= high):
            restore_subnormals(subnormals)
            return iteration, relative, path
        gradients(a, x, z, r, v, g, k, d, m)
        path += update(a, w, g, states, k * d, size, float(iteration))
        iteration += 1


@njit(**OPTIONS, cache=KEPT)
def sample(a, places, sizes, bounds, size, path, iteration, last, rows, used, check_every, final):
    """Stochastic updates up to iterate `last`, or until the stop rule is met where it is checked.

    `rows` (updates, rows of an update) is used from update `used` on. The samples of an update are
    gathered behind r into a batch of their own.
    """
    x, y, v, w, g, z, r, states = places
    n, k, d, m = sizes
    scale, low, high = bounds
    batch = rows.shape[1]
    lanes = lane_count(a)
    wide = -(-batch // lanes) * lanes
    xb = r + max(m, wide)
    yb = xb + d * wide
    subnormals = flush_subnormals()
    while True:
        due = iteration % check_every == 0 or iteration >= final
        relative = 0.0
        if due or iteration >= last:
            preactivations(a, x, w, z, k, d, m)
            relative = residual(a, y, z, r, v, k, n, m) * scale
        if iteration >= last or (due and not (low <= relative <= high)):
            restore_subnormals(subnormals)
            return iteration, relative, path
        for b in range(batch):
            row = rows[used, b]
            a[yb + b] = a[y + row]
            for i in range(d):
                a[xb + i * wide + b] = a[x + i * m + row]
        used += 1
        preactivations(a, xb, w, z, k, d, wide)
        residual(a, yb, z, r, v, k, batch, wide)
        for s in range(0, wide, lanes):
            store(a, r + s, divide(load(a, r + s), filled(float(batch), a)))
        gradients(a, xb, z, r, v, g, k, d, wide)
        path += update(a, w, g, states, k * d, size, float(iteration))
        iteration += 1
'''


def print_module(activation: Activation, optimizer: FirstOrder, dtype: DType) -> tuple[str, int]:
    """Print the module of an activation and a first-order method; return it and the number of state arrays.

    The source is the same for every data type and step size; that it names the first keeps what is
    compiled for one apart from what is compiled for the other.

    Raises
    ------
    Unrecordable
        Where one of them is not an elementwise expression that vectors can compute.
    """
    phi, (value, slope) = print_program(record_activation(activation), {"z": "units"}, "units")
    start, rule = record_update(optimizer)
    states = [f"state{i}" for i in range(len(start.outputs))]
    inputs = {name: name for name in ("weights", "gradient", "step_size", "iteration", *states)}
    lines, (weights, *after) = print_program(rule, inputs, "a", "u")
    first, before = print_program(start, {"weights": "weights"}, "a", "b")
    # Arrays of the state follow one another, each as long as W.
    places = [f"states + {i} * kd_padded + s" for i in range(len(states))]
    padded = ["kd_padded = -(-kd // lanes) * lanes"] if states else []
    return (
        _MODULE.format(
            activation=activation.name,
            optimizer=optimizer.name,
            dtype=dtype,
            functions=", ".join(
                sorted(
                    {
                        *FUNCTIONS,
                        "broadcast",
                        "filled",
                        "first_of",
                        "lane_count",
                        "load",
                        "pair",
                        "second_of",
                        "select_before",
                        "store",
                        "total",
                    }
                )
            ),
            phi=indent("\n".join(phi), " " * 12),
            value=value,
            slope=slope,
            loads=indent(
                "\n".join([*padded, *(f"{s} = load(a, {p})" for s, p in zip(states, places, strict=True))]),
                " " * 8,
            ),
            rule=indent("\n".join(lines), " " * 8),
            weights=weights,
            stores=indent(
                "\n".join(f"store(a, {p}, {new})" for p, new in zip(places, after, strict=True)), " " * 8
            ),
            start=indent(
                "\n".join(
                    [
                        *padded,
                        *first,
                        *(f"store(a, {p}, {new})" for p, new in zip(places, before, strict=True)),
                    ]
                ),
                " " * 8,
            ),
        ),
        len(states),
    )
