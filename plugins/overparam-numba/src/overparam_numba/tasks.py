"""The tasks of one large training run, handed out to the threads that work on it.

An update has two phases: passes over the samples, a task for each slot of them, and moves of the weights, a
task for some rows each. Threads take tasks as they come; whoever ends a phase's last task opens the next
phase. No thread is waited for that has not taken a task, so threads may join and leave at any time, and what
is computed depends on the tasks only.

The state is an array of 64-bit integers. One word holds the number of the phase, what kind it is, how many
tasks it has and how many are taken, so that whoever adds 1 to it learns all of that at once.
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
"""Kinds of phases: none, for the slice has ended; passes over the samples; moves of the weights."""

# Words that several threads write stand in cache lines of their own, two by two as processors fetch them.
_WORD, _DONE, QUIT = 0, 16, 32
ITERATION, LAST, CHECK_EVERY, MEASURED = 48, 49, 50, 51
STATE_LENGTH = 64

_TASK_BITS = 12
_TASK_MASK = (1 << _TASK_BITS) - 1
_KIND = 2 * _TASK_BITS
_PHASE = _KIND + 2
MOST_TASKS = 256
"""Tasks of a phase at most: the bits leave room for every thread to ask once too often."""

_PATIENCE = 64  # looks at the word before a waiting thread lets others have its core
_PAUSES = platform.machine().lower() in ("x86_64", "amd64")
_yield_core = types.ExternalFunction("sched_yield" if os.name == "posix" else "SwitchToThread", types.int32())


@intrinsic
def _fetch_add(typing: Any, array: Any, index: Any, number: Any) -> Any:
    """Add to array[index] and return what was there, in one step."""

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        place = _place(context, builder, signature, args)
        number = context.cast(builder, args[2], signature.args[2], types.int64)
        return builder.atomic_rmw("add", place, number, "acq_rel")

    return types.int64(array, types.intp, types.int64), generate


@intrinsic
def _look(typing: Any, array: Any, index: Any) -> Any:
    """array[index] as it is now, and all that was written before it."""

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        return builder.load_atomic(_place(context, builder, signature, args), "acquire", 8)

    return types.int64(array, types.intp), generate


@intrinsic
def _release(typing: Any, array: Any, index: Any, number: Any) -> Any:
    """Set array[index] after all that was written before."""

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        builder.store_atomic(args[2], _place(context, builder, signature, args), "release", 8)
        return context.get_dummy_value()

    return types.void(array, types.intp, types.int64), generate


def _place(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
    return builder.gep(context.make_array(signature.args[0])(context, builder, args[0]).data, [args[1]])


@intrinsic
def _pause(typing: Any) -> Any:
    """Tell the processor that this is a waiting loop."""

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        if _PAUSES:
            name, kind = "llvm.x86.sse2.pause", ir.FunctionType(ir.VoidType(), [])
            function = builder.module.globals.get(name) or ir.Function(builder.module, kind, name)
            builder.call(function, [])
        return context.get_dummy_value()

    return types.void(), generate


@njit(**OPTIONS)
def take(c):  # type: ignore[no-untyped-def]
    """The kind of the phase and a task of it; waits for one, and says ENDED where none will come."""
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
    """Note that a task is done; whether it was the last one of a phase of `count`."""
    return _fetch_add(c, _DONE, 1) + 1 == count


@njit(**OPTIONS)
def publish(c, kind, count):  # type: ignore[no-untyped-def]
    """Open a phase; only for whoever has ended the one before, or while there is none."""
    c[_DONE] = 0
    phase = (c[_WORD] >> _PHASE) + 1
    _release(c, _WORD, (phase << _PHASE) | (kind << _KIND) | (count << _TASK_BITS))
