"""The inner loops of the two matrix products: blocks whose sums stay in registers.

A block handles two hidden units and a number of vectors, or of inputs, that is known at compile time. An
intrinsic has one block for every such number and jumps to the right one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from overparam_numba.lanes import AVX512, Lanes
from overparam_numba.vectors import llvm_type, picked, spread

__all__ = [
    "MOST_INPUTS",
    "MOST_UNITS",
    "MOST_VECTORS",
    "Block",
    "gradient_block",
    "output_gradient_block",
    "preactivation_block",
    "weighing_gradient_block",
]

# The largest blocks whose sums fit the registers: 2·7 and 2·8 of 32, or 2·4 of 16.
MOST_VECTORS, MOST_INPUTS = (7, 8) if AVX512 else (4, 4)
MOST_UNITS = 8


class Block:
    """The common parts of a function's blocks: the flat array at `data`, and its type of vectors."""

    def __init__(self, builder: ir.IRBuilder, kind: ir.VectorType, data: Any) -> None:
        self.builder = builder
        self.kind = kind
        self.lanes = Lanes(builder, kind)
        self._data = data

    @classmethod
    def of(cls, context: Any, builder: ir.IRBuilder, signature: Any, array: Any) -> Block:
        """Return the block of an intrinsic whose first argument is the flat array."""
        data = context.make_array(signature.args[0])(context, builder, array).data
        return cls(builder, llvm_type(signature.args[0].dtype), data)

    def _at(self, index: Any, kind: ir.Type) -> Any:
        return self.builder.bitcast(self.builder.gep(self._data, [index]), ir.PointerType(kind))

    def load(self, index: Any) -> Any:
        """Return the vector at array[index]."""
        return self.builder.load(self._at(index, self.kind), align=self.lanes.bits // 8)

    def broadcast(self, index: Any, kind: ir.VectorType) -> Any:
        """Return a vector with the number array[index] in every lane."""
        return spread(self.builder, self.builder.load(self._at(index, self.kind.element)), kind)

    def prefetch(self, index: Any) -> None:
        """Fetch the line of array[index] into the second-level cache; the index may be out of bounds."""
        name, number = "llvm.prefetch.p0i8", ir.IntType(32)
        bytes_ = ir.IntType(8).as_pointer()
        function = self.builder.module.globals.get(name) or ir.Function(
            self.builder.module, ir.FunctionType(ir.VoidType(), [bytes_, number, number, number]), name
        )
        self.builder.call(
            function, [self._at(index, ir.IntType(8)), *(ir.Constant(number, i) for i in (0, 2, 1))]
        )

    def store(self, vector: Any, index: Any) -> None:
        """Store a vector at array[index]."""
        self.builder.store(vector, self._at(index, vector.type), align=self.lanes.bits // 8)

    def offset(self, index: Any, count: int, stride: Any = 1) -> Any:
        """Return index + count·stride."""
        if isinstance(stride, int):
            return self.builder.add(index, ir.Constant(index.type, count * stride))
        return self.builder.add(index, self.builder.mul(stride, ir.Constant(index.type, count)))

    def zeroed(self, count: int) -> list[Any]:
        """Return zeroed sums: memory that LLVM turns into registers."""
        places = [cgutils.alloca_once(self.builder, self.kind) for _ in range(count)]
        for place in places:
            self.builder.store(ir.Constant(self.kind, None), place)
        return places

    def accumulate(self, place: Any, x: Any, y: Any) -> None:
        """Add x·y to a sum."""
        self.builder.store(self.lanes.fma(x, y, self.builder.load(place)), place)

    def for_size(self, size: Any, most: int, generate: Callable[[int], None]) -> None:
        """Generate code for every size from 1 to `most`, and a jump to the given one."""
        end = self.builder.append_basic_block("sizes.end")
        switch = self.builder.switch(size, end)
        for count in range(1, most + 1):
            case = self.builder.append_basic_block(f"size.{count}")
            switch.add_case(ir.Constant(size.type, count), case)
            self.builder.position_at_end(case)
            generate(count)
            self.builder.branch(end)
        self.builder.position_at_end(end)


@intrinsic
def preactivation_block(typing: Any, array: Any, x: Any, w: Any, z: Any, m: Any, d: Any, vectors: Any) -> Any:
    """Compute two units' pre-activations on up to MOST_VECTORS vectors of samples.

    It stores Σᵢ array[w + u·d + i]·array[x + i·m + s] at array[z + u·m + s] for u = 0, 1; both units'
    sums stay in registers while i runs over the d inputs.
    """

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        array, x, w, z, m, d, vectors = args
        block = Block.of(context, builder, signature, array)

        def of(count: int) -> None:
            sums = block.zeroed(2 * count)
            with cgutils.for_range(builder, d) as loop:
                column = builder.add(x, builder.mul(loop.index, m))
                weight = [
                    block.broadcast(builder.add(row, loop.index), block.kind)
                    for row in (w, builder.add(w, d))
                ]
                for q in range(count):
                    samples = block.load(block.offset(column, q, block.kind.count))
                    for unit in (0, 1):
                        block.accumulate(sums[unit * count + q], weight[unit], samples)
            for unit, row in enumerate((z, builder.add(z, m))):
                for q in range(count):
                    total = builder.load(sums[unit * count + q])
                    block.store(total, block.offset(row, q, block.kind.count))

        block.for_size(vectors, MOST_VECTORS, of)
        return context.get_dummy_value()

    return types.void(array, *[types.intp] * 6), generate


def _gradient_block(name: str, *, weigh: bool) -> Any:
    """Return the function that computes two units' gradients with respect to up to MOST_INPUTS weights.

    It stores array[v + u]·Σₛ array[q + u·m + s]·array[x + i·m + s] at array[g + u·d + i] for u = 0, 1;
    all sums stay in registers while s runs over the m samples. With `weigh`, q is first multiplied by
    array[r + s] in place, for the units' other blocks too.
    """

    def function(
        typing: Any, array: Any, x: Any, q: Any, r: Any, v: Any, g: Any, m: Any, d: Any, inputs: Any
    ) -> Any:
        def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
            array, x, q, r, v, g, m, d, inputs = args
            block = Block.of(context, builder, signature, array)

            def of(count: int) -> None:
                sums = block.zeroed(2 * count)
                step = ir.Constant(m.type, block.kind.count)
                loop = cgutils.for_range_slice(builder, ir.Constant(m.type, 0), m, step, inc=True)
                with loop as (s, _):
                    places = [builder.add(row, s) for row in (q, builder.add(q, m))]
                    weighted = [block.load(place) for place in places]
                    if weigh:
                        residual = block.load(builder.add(r, s))
                        weighted = [builder.fmul(slope, residual) for slope in weighted]
                        for place, product in zip(places, weighted, strict=True):
                            block.store(product, place)
                    for i in range(count):
                        samples = block.load(builder.add(block.offset(x, i, m), s))
                        for unit in (0, 1):
                            block.accumulate(sums[unit * count + i], weighted[unit], samples)
                totals = _totals(builder, [builder.load(place) for place in sums])
                for unit, row in enumerate((g, builder.add(g, d))):
                    scale = block.broadcast(block.offset(v, unit), totals[unit].type)
                    block.store(builder.fmul(totals[unit], scale), row)

            block.for_size(inputs, MOST_INPUTS, of)
            return context.get_dummy_value()

        return types.void(array, *[types.intp] * 8), generate

    function.__module__ = __name__
    function.__name__ = function.__qualname__ = name
    return intrinsic(function)


gradient_block = _gradient_block("gradient_block", weigh=False)
weighing_gradient_block = _gradient_block("weighing_gradient_block", weigh=True)


@intrinsic
def output_gradient_block(typing: Any, array: Any, p: Any, r: Any, h: Any, m: Any, units: Any) -> Any:
    """Compute up to MOST_UNITS units' gradients with respect to their output weights.

    It stores Σₛ array[p + u·m + s]·array[r + s] at array[h + u] for every unit u; all sums stay in registers
    while s runs over the m samples.
    """

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        array, p, r, h, m, units = args
        block = Block.of(context, builder, signature, array)

        def of(count: int) -> None:
            sums = block.zeroed(count)
            step = ir.Constant(m.type, block.kind.count)
            with cgutils.for_range_slice(builder, ir.Constant(m.type, 0), m, step, inc=True) as (s, _):
                residual = block.load(builder.add(r, s))
                for unit in range(count):
                    features = block.load(builder.add(block.offset(p, unit, m), s))
                    block.accumulate(sums[unit], features, residual)
            totals = _folded(builder, [builder.load(place) for place in sums])
            block.store(picked(builder, totals, totals, range(count)), h)

        block.for_size(units, MOST_UNITS, of)
        return context.get_dummy_value()

    return types.void(array, *[types.intp] * 5), generate


def _totals(builder: ir.IRBuilder, sums: list[Any]) -> tuple[Any, Any]:
    """Totals of the first half of the vectors, and of the second half, each as one vector."""
    half = len(sums) // 2
    both = _folded(builder, sums)
    return picked(builder, both, both, range(half)), picked(builder, both, both, range(half, 2 * half))


def _folded(builder: ir.IRBuilder, sums: list[Any]) -> Any:
    """Totals of some vectors, at the start of one vector.

    The two halves of a vector are added. The halves that remain of two vectors share one vector, and so on.
    """
    width, length = sums[0].type.count, 1 << (len(sums) - 1).bit_length()
    padded = [*sums, *[ir.Constant(sums[0].type, ir.Undefined)] * (length - len(sums))]
    if length > width:
        first, second = (_folded(builder, part) for part in (padded[: length // 2], padded[length // 2 :]))
        return picked(builder, first, second, range(length))
    vectors = [padded[_reversed_bits(i, length)] for i in range(length)]
    while len(vectors) > 1:
        width //= 2
        vectors = [_merged(builder, a, b, width) for a, b in zip(vectors[::2], vectors[1::2], strict=True)]
    [left] = vectors
    while width > 1:
        width //= 2
        low = [i for i in range(left.type.count) if i // width % 2 == 0]
        high = [i + width for i in low]
        left = builder.fadd(picked(builder, left, left, low), picked(builder, left, left, high))
    return left


def _merged(builder: ir.IRBuilder, a: Any, b: Any, width: int) -> Any:
    """In groups of `width` lanes: the sums of neighbouring groups of `a`, and those of `b`.

    It takes one blend and one permutation. Gathering the summands would take two permutations, which share
    one port of the processor.
    """
    count = a.type.count
    first = [i // width % 2 == 0 for i in range(count)]
    stay = [i if first[i] else count + i for i in range(count)]
    cross = [i + width if first[i] else count + i - width for i in range(count)]
    return builder.fadd(picked(builder, a, b, stay), picked(builder, a, b, cross))


def _reversed_bits(i: int, count: int) -> int:
    """Position of the i-th of `count` vectors after the merges."""
    result = 0
    while count > 1:
        result, i, count = 2 * result + i % 2, i // 2, count // 2
    return result
