"""Matrix products of large training runs: C = AB or C + AB by tiles whose sums stay in registers.

A tile is some rows of C times some vectors of its columns. During the contraction a number from each row of A
is broadcast to a vector and multiplied by the vectors of a row of B, so that no sum over a vector's lanes is
needed.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from overparam_numba.blocks import Block
from overparam_numba.lanes import AVX512
from overparam_numba.products import OPTIONS
from overparam_numba.vectors import llvm_type

__all__ = ["MOST_VECTORS", "multiply_panel"]

# The largest number of rows, halved, for 1, 2, … vectors: a tile's sums, a row of B and one number of A fit
# into 32 registers, or 16.
_MOST_PAIRS = (6, 6, 4, 3) if AVX512 else (4, 3, 2)
MOST_VECTORS = len(_MOST_PAIRS)
"""The widest panel of B and C."""

_INDEX = ir.IntType(64)


@intrinsic
def _tile(
    typing: Any,
    array: Any,
    a: Any,
    a_stride: Any,
    b: Any,
    b_stride: Any,
    c: Any,
    c_stride: Any,
    length: Any,
    pairs: Any,
    vectors: Any,
    adding: Any,
    ahead: Any,
) -> Any:
    """Compute a tile of C of `pairs` pairs of rows and up to MOST_VECTORS vectors.

    It stores Σᵢ array[a + u·a_stride + i]·array[b + i·b_stride + s], i < length, at array[c + u·c_stride + s]
    for every row u and column s; if `adding` is not 0, the old value is added. Meanwhile the cache lines at
    array[ahead + i·b_stride] are fetched.
    """

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, args[0]).data
        builder.call(_function(builder.module, llvm_type(array.dtype)), [data, *args[1:]])
        return context.get_dummy_value()

    return types.void(array, *[types.intp] * 11), generate


def _function(module: ir.Module, kind: ir.VectorType) -> ir.Function:
    """The function for every size. It is not inlined: one copy of it is most of the code to compile."""
    name = f"overparam_tile_{'float' if isinstance(kind.element, ir.FloatType) else 'double'}"
    if (known := module.globals.get(name)) is not None:
        return known
    signature = ir.FunctionType(ir.VoidType(), [kind.element.as_pointer(), *[_INDEX] * 11])
    function = ir.Function(module, signature, name)
    function.linkage = "linkonce_odr"
    function.attributes.add("noinline")
    builder = ir.IRBuilder(function.append_basic_block("entry"))
    data, a, a_stride, b, b_stride, c, c_stride, length, pairs, vectors, adding, ahead = function.args
    block = Block(builder, kind, data)
    adds = builder.icmp_signed("!=", adding, ir.Constant(_INDEX, 0))

    def of(rows: int, vectors: int) -> None:
        sums = block.zeroed(rows * vectors)
        out = [
            block.offset(block.offset(c, u, c_stride), q, kind.count)
            for u in range(rows)
            for q in range(vectors)
        ]
        with builder.if_then(adds):
            for place, index in zip(sums, out, strict=True):
                builder.store(block.load(index), place)
        with cgutils.for_range(builder, length) as loop:
            step = builder.mul(loop.index, b_stride)
            row = builder.add(b, step)
            block.prefetch(builder.add(ahead, step))
            columns = [block.load(block.offset(row, q, kind.count)) for q in range(vectors)]
            for u in range(rows):
                number = block.broadcast(builder.add(block.offset(a, u, a_stride), loop.index), kind)
                for q in range(vectors):
                    block.accumulate(sums[u * vectors + q], number, columns[q])
        for place, index in zip(sums, out, strict=True):
            block.store(builder.load(place), index)

    def of_width(count: int) -> None:
        block.for_size(pairs, _MOST_PAIRS[count - 1], lambda half: of(2 * half, count))

    block.for_size(vectors, MOST_VECTORS, of_width)
    builder.ret_void()
    return function


@njit(**OPTIONS, inline="always")
def multiply_panel(array, a, a_stride, b, b_stride, c, c_stride, rows, length, vectors, adding):  # type: ignore[no-untyped-def]
    """C = AB (+ C where `adding` is not 0) for up to MOST_VECTORS vectors and an even number of rows.

    A is (rows, length) at `a`, B (length, vectors) at `b` and C (rows, vectors) at `c`, each row at distance
    `stride` from the previous one. Tiles have nearly equal numbers of rows.
    """
    pairs = rows // 2
    tiles = -(-pairs // _MOST_PAIRS[vectors - 1])
    u = 0
    for tile in range(tiles):
        count = (pairs + tile) // tiles
        left, to = a + u * a_stride, c + u * c_stride
        # The next panel follows B: each tile fetches a column of its lines into the cache.
        ahead = b + length * b_stride + tile % vectors * (b_stride // vectors)
        _tile(array, left, a_stride, b, b_stride, to, c_stride, length, count, vectors, adding, ahead)
        u += 2 * count
