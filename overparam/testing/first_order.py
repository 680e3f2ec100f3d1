"""Checks of first-order methods: purity, data types, recording, sampling."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import array_api_compat
import numpy as np
from numpy.typing import NDArray

from overparam.arrays import Array
from overparam.arrays.backends import DType
from overparam.methods import FirstOrder, Step
from overparam.model.activations import ReLU, Softplus
from overparam.model.problem import draw_problem
from overparam.testing.arrays import BACKENDS, DTYPES, installed_backend, tolerance
from overparam.testing.checks import Check, Skipped, require, require_close, same_bits
from overparam.tracing.printing import compile_program
from overparam.tracing.symbolic import Unrecordable, record_update

__all__ = ["first_order_checks"]

_SHAPE = (2, 4, 3)
_UPDATES = 5

Updates = Callable[[Array, Sequence[Array], Array], list[Array]]
"""(weights, gradients, step sizes) to W and the state after one update per gradient."""


def first_order_checks(optimizer: FirstOrder) -> list[Check]:
    """Return the named checks that every first-order method must pass."""
    return [
        Check("step-size-is-positive", partial(_step_size, optimizer)),
        Check("writes-to-no-argument", partial(_immutable, optimizer)),
        Check("update-is-elementwise", partial(_elementwise, optimizer)),
        *(Check(f"runs-on-{name}", partial(_backend, optimizer, name)) for name in BACKENDS),
        Check("recordable", partial(_recordable, optimizer)),
        Check("rows-are-drawn-from-the-data", partial(_rows, optimizer)),
    ]


def _arrays(dtype: DType) -> tuple[NDArray[Any], list[NDArray[Any]], NDArray[Any]]:
    """Weights, gradients and step sizes as in the training loop, all read-only."""
    rng = np.random.default_rng(3)
    arrays = [rng.standard_normal(_SHAPE).astype(dtype) for _ in range(_UPDATES + 1)]
    sizes = np.array([0.1, 0.2]).reshape(2, 1, 1).astype(dtype)
    for array in (*arrays, sizes):
        array.flags.writeable = False
    return arrays[0], arrays[1:], sizes


def _updates(optimizer: FirstOrder) -> Updates:
    def run(weights: Array, gradients: Sequence[Array], sizes: Array) -> list[Array]:
        state = optimizer.init(weights)
        for iteration, gradient in enumerate(gradients):
            step = Step(sizes, 0.0 * sizes[:1, ...] + float(iteration))
            weights, state = optimizer.update(weights, gradient, state, step)
        return [weights, *state]

    return run


def _step_size(optimizer: FirstOrder) -> None:
    for activation in (Softplus(), ReLU()):
        size = optimizer.step_size_for(draw_problem(10, 4, 6), activation)
        require(
            isinstance(size, int | float) and math.isfinite(size) and size > 0,
            f"step_size_for({activation.name}) is {size!r}: it must be a positive number",
        )
    between = optimizer.updates_between_checks()
    require(
        isinstance(between, int) and between >= 1, f"updates_between_checks() is {between!r}: it must be ≥ 1"
    )


def _immutable(optimizer: FirstOrder) -> None:
    weights, gradients, sizes = _arrays("float64")
    state = optimizer.init(weights)
    require(
        isinstance(state, tuple) and all(s.shape == weights.shape for s in state),
        "init must return a tuple of arrays shaped like the weights, () for a method without state",
    )
    for array in state:
        array.flags.writeable = False
    before = [array.copy() for array in state]
    step = Step(sizes, np.zeros((1, 1, 1)))
    try:
        new, new_state = optimizer.update(weights, gradients[0], state, step)
    except ValueError as error:
        if "read-only" not in str(error):
            raise
        raise AssertionError("update writes to its arguments: return new arrays") from error
    require(
        isinstance(new_state, tuple) and len(new_state) == len(state),
        f"update must return a state of {len(state)} arrays, as init does",
    )
    for what, array in (("weights", new), *(("state", s) for s in new_state)):
        require(
            array.shape == weights.shape, f"update returns {what} of shape {array.shape}, not {weights.shape}"
        )
    require(all(map(same_bits, state, before)), "update writes to its state: return new arrays")


def _elementwise(optimizer: FirstOrder) -> None:
    """Permuted entries must give permuted updates, and a subset the same updates as the whole."""
    weights, gradients, sizes = _arrays("float64")
    everything = _updates(optimizer)(weights, gradients, sizes)
    order = np.random.default_rng(4).permutation(_SHAPE[1] * _SHAPE[2])[:7]

    def chosen(array: NDArray[Any]) -> NDArray[Any]:
        return array.reshape(2, 1, -1)[:, :, order]

    some = _updates(optimizer)(chosen(weights), [chosen(g) for g in gradients], sizes)
    for whole, part in zip(everything, some, strict=True):
        require_close(
            "an entry updated with fewer other entries (the rule must be elementwise)",
            part.ravel(),
            chosen(np.asarray(whole)).ravel(),
            1e-12,
            np.arange(part.size),
        )


def _backend(optimizer: FirstOrder, name: str) -> None:
    backend = installed_backend(name)
    for dtype in DTYPES:
        weights, gradients, sizes = _arrays(dtype)
        wanted = _updates(optimizer)(*_arrays("float64"))
        with backend.scope():
            found = _updates(optimizer)(
                backend.asarray(weights, dtype),
                [backend.asarray(gradient, dtype) for gradient in gradients],
                backend.asarray(sizes, dtype),
            )
        for got, exact in zip(found, wanted, strict=True):
            host = backend.to_numpy(got)
            require(
                host.dtype == np.dtype(dtype),
                f"update of {dtype} arrays on {name} gives {host.dtype}: use Python floats",
            )
            allowed = tolerance(dtype, 2000.0) * (1.0 + np.abs(exact).ravel())
            what = f"W or state after {_UPDATES} updates on {name} in {dtype}, entry"
            require_close(what, host.astype(np.float64).ravel(), exact.ravel(), allowed, np.arange(host.size))


def _recordable(optimizer: FirstOrder) -> None:
    try:
        start, update = record_update(optimizer)
    except Unrecordable as reason:
        raise Skipped(f"fused engines cannot run it: {reason}") from reason
    weights, gradients, sizes = _arrays("float64")
    xp = array_api_compat.array_namespace(weights)
    wanted = _updates(optimizer)(weights, gradients, sizes)
    state = list(compile_program(start, xp)(weights)) if start.outputs else []
    replay = compile_program(update, xp)
    for iteration, gradient in enumerate(gradients):
        step = (np.broadcast_to(sizes, _SHAPE), np.full(_SHAPE, float(iteration)))
        weights, *state = replay(weights, gradient, *state, *step)
    for found, exact in zip([weights, *state], wanted, strict=True):
        require_close(
            "W or state, recorded and replayed, entry",
            found.ravel(),
            exact.ravel(),
            tolerance("float64") * (1.0 + np.abs(exact).ravel()),
            np.arange(exact.size),
        )


def _rows(optimizer: FirstOrder) -> None:
    n = 9
    streams = [optimizer.row_blocks(n, np.random.Generator(np.random.Philox(2))) for _ in range(2)]
    first, second = streams
    if first is None or second is None:
        raise Skipped("it uses the full gradient")
    for _ in range(2):
        block, again = next(first), next(second)
        require(
            block.ndim == 2 and block.dtype.kind == "i" and bool(((block >= 0) & (block < n)).all()),
            f"a block must be row numbers (updates, rows) below n, got {block.dtype} {block.shape}",
        )
        require(same_bits(block, again), "equal generators draw different rows: take all randomness from rng")
