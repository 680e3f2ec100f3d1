"""Numbers too small for a full mantissa, taken as zero while a training runs.

The processor computes with them in microcode, a hundred times slower. An activation whose tails vanish, and
weights of a few tens, make some in most vectors. Below 1e-38 (2e-308 in float64) no outcome depends on them.
"""

from __future__ import annotations

import platform
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

__all__ = ["flush_subnormals", "restore_subnormals"]

_HAS_REGISTER = platform.machine().lower() in ("x86_64", "amd64")
_FLUSH = 0x8040  # results too small become 0, and so do operands


@intrinsic
def flush_subnormals(typing: Any) -> Any:
    """Take subnormal numbers as zero on this thread; return what `restore_subnormals` takes."""

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
    """Compute with subnormal numbers as before."""

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        if _HAS_REGISTER:
            place = builder.alloca(ir.IntType(32))
            builder.store(args[0], place)
            _call(builder, "ldmxcsr", place)
        return context.get_dummy_value()

    return types.void(types.int32), generate


def _call(builder: ir.IRBuilder, name: str, place: Any) -> None:
    """Store or load the register that says how numbers are rounded."""
    name, bytes_ = f"llvm.x86.sse.{name}", ir.IntType(8).as_pointer()
    function = builder.module.globals.get(name)
    if function is None:
        function = ir.Function(builder.module, ir.FunctionType(ir.VoidType(), [bytes_]), name)
    builder.call(function, [builder.bitcast(place, bytes_)])
