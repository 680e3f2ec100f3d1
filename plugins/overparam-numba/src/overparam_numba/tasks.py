"""The tasks of one large training run, distributed to the threads that work on it.

An update has two phases: passes over the samples, with one task per slot, and updates of the weights, with
one task per group of rows. Threads take tasks as they become free. The thread that finishes the last task of
a phase opens the next phase. Only threads with a task are waited for, so threads may join and leave at any
time, and results depend on the tasks only.

The state is an array of 64-bit integers. One word contains the number of the phase, its kind, its number of
tasks and the number of tasks taken. A thread that adds 1 to it reads all of these at once.
"""

from __future__ import annotations

import os
import platform
from typing import Any

from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

from overparam_numba.products import OPTIONS

__all__ = [
    "CHECK_EVERY",
    "ENDED",
    "ITERATION",
    "LAST",
    "MEASURED",
    "MOST_TASKS",
    "MOVE",
    "PASS",
    "QUIT",
    "STATE_LENGTH",
    "finish",
    "publish",
    "take",
]

ENDED, PASS, MOVE = 0, 1, 2
"""Kinds of phases: none, because the slice has ended; passes over the samples; updates of the weights."""

# Words that several threads write have their own cache lines, in pairs because processors fetch two.
_WORD, _DONE, QUIT = 0, 16, 32
ITERATION, LAST, CHECK_EVERY, MEASURED = 48, 49, 50, 51
STATE_LENGTH = 64

_TASK_BITS = 12
_TASK_MASK = (1 << _TASK_BITS) - 1
_KIND = 2 * _TASK_BITS
_PHASE = _KIND + 2
MOST_TASKS = 256
"""Most tasks of a phase: the bits leave room for one request too many by every thread."""

_PATIENCE = 64  # checks of the word before a waiting thread yields its core
_PAUSES = platform.machine().lower() in ("x86_64", "amd64")
_yield_core = types.ExternalFunction("sched_yield" if os.name == "posix" else "SwitchToThread", types.int32())


@intrinsic
def _fetch_add(typing: Any, array: Any, index: Any, number: Any) -> Any:
    """Add to array[index] and return its previous value, atomically."""

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        place = _place(context, builder, signature, args)
        number = context.cast(builder, args[2], signature.args[2], types.int64)
        return builder.atomic_rmw("add", place, number, "acq_rel")

    return types.int64(array, types.intp, types.int64), generate


@intrinsic
def _look(typing: Any, array: Any, index: Any) -> Any:
    """Return the current array[index]; all writes before it are visible."""

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        return builder.load_atomic(_place(context, builder, signature, args), "acquire", 8)

    return types.int64(array, types.intp), generate


@intrinsic
def _release(typing: Any, array: Any, index: Any, number: Any) -> Any:
    """Set array[index] after all previous writes."""

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        builder.store_atomic(args[2], _place(context, builder, signature, args), "release", 8)
        return context.get_dummy_value()

    return types.void(array, types.intp, types.int64), generate


def _place(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
    return builder.gep(context.make_array(signature.args[0])(context, builder, args[0]).data, [args[1]])


@intrinsic
def _pause(typing: Any) -> Any:
    """Tell the processor that this is a spin-wait loop."""

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        if _PAUSES:
            name, kind = "llvm.x86.sse2.pause", ir.FunctionType(ir.VoidType(), [])
            function = builder.module.globals.get(name) or ir.Function(builder.module, kind, name)
            builder.call(function, [])
        return context.get_dummy_value()

    return types.void(), generate


@njit(**OPTIONS)
def take(c):  # type: ignore[no-untyped-def]
    """Return the kind of the phase and a task of it; wait for one, or return ENDED if none will come."""
    while True:
        word = _fetch_add(c, _WORD, 1)
        kind = (word >> _KIND) & 3
        if kind == ENDED:
            return ENDED, 0
        task = word & _TASK_MASK
        if task < (word >> _TASK_BITS) & _TASK_MASK:
            return (ENDED if _look(c, QUIT) != 0 else kind), task
        looks = 0
        while _look(c, _WORD) >> _PHASE == word >> _PHASE:
            if _look(c, QUIT) != 0:
                return ENDED, 0
            looks += 1
            if looks < _PATIENCE:
                _pause()
            else:
                _yield_core()


@njit(**OPTIONS)
def finish(c, count):  # type: ignore[no-untyped-def]
    """Record a finished task; return whether it was the last one of a phase of `count`."""
    return _fetch_add(c, _DONE, 1) + 1 == count


@njit(**OPTIONS)
def publish(c, kind, count):  # type: ignore[no-untyped-def]
    """Open a phase; only for the thread that finished the previous one, or if there is none."""
    c[_DONE] = 0
    phase = (c[_WORD] >> _PHASE) + 1
    _release(c, _WORD, (phase << _PHASE) | (kind << _KIND) | (count << _TASK_BITS))
