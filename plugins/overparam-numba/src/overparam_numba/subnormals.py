"""Subnormal numbers, treated as zero during training.

The processor computes with them in microcode, a hundred times slower. An activation with vanishing tails and
weights of a few tens produce some in most vectors. They are below 1e-38 (2e-308 in float64), and no outcome
depends on them.
"""

from __future__ import annotations

import platform
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

__all__ = ["flush_subnormals", "restore_subnormals"]

_HAS_REGISTER = platform.machine().lower() in ("x86_64", "amd64")
_FLUSH = 0x8040  # subnormal results and operands become 0


@intrinsic
def flush_subnormals(typing: Any) -> Any:
    """Treat subnormal numbers as zero on this thread; return the argument of `restore_subnormals`."""

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        if not _HAS_REGISTER:
            return ir.Constant(ir.IntType(32), 0)
        place = builder.alloca(ir.IntType(32))
        _call(builder, "stmxcsr", place)
        before = builder.load(place)
        builder.store(builder.or_(before, ir.Constant(ir.IntType(32), _FLUSH)), place)
        _call(builder, "ldmxcsr", place)
        return before

    return types.int32(), generate


@intrinsic
def restore_subnormals(typing: Any, before: Any) -> Any:
    """Restore the previous treatment of subnormal numbers."""

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        if _HAS_REGISTER:
            place = builder.alloca(ir.IntType(32))
            builder.store(args[0], place)
            _call(builder, "ldmxcsr", place)
        return context.get_dummy_value()

    return types.void(types.int32), generate


def _call(builder: ir.IRBuilder, name: str, place: Any) -> None:
    """Store or load the register that controls rounding."""
    name, bytes_ = f"llvm.x86.sse.{name}", ir.IntType(8).as_pointer()
    function = builder.module.globals.get(name)
    if function is None:
        function = ir.Function(builder.module, ir.FunctionType(ir.VoidType(), [bytes_]), name)
    builder.call(function, [builder.bitcast(place, bytes_)])
