"""Vectors of numbers as values inside compiled functions, and what can be done with them.

A `Vector` lives in a register. Compiled code loads one from a flat array, computes with the functions
below and stores it; constants are written as Python floats and take the vector's type by `like`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, models, register_model

from overparam_numba.lanes import VECTOR_BYTES, Lanes

__all__ = ["LANES", "Vector", "lanes_of"]


class Vector(types.Type):
    """A vector of float32 or float64 numbers."""

    def __init__(self, base: types.Float) -> None:
        self.base = base
        super().__init__(name=f"Vector({base})")


class Mask(types.Type):
    """A vector of truth values beside a Vector of this base."""

    def __init__(self, base: types.Float) -> None:
        self.base = base
        super().__init__(name=f"Mask({base})")


LANES = {types.float32: VECTOR_BYTES // 4, types.float64: VECTOR_BYTES // 8}
"""Numbers in a vector."""


def lanes_of(itemsize: int) -> int:
    """Numbers in a vector of numbers of this size in bytes."""
    return VECTOR_BYTES // itemsize


def _llvm(base: types.Float) -> ir.VectorType:
    return ir.VectorType(ir.FloatType() if base == types.float32 else ir.DoubleType(), LANES[base])


@register_model(Vector)
class _VectorModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Vector) -> None:
        super().__init__(manager, kind, _llvm(kind.base))


@register_model(Mask)
class _MaskModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Mask) -> None:
        super().__init__(manager, kind, ir.VectorType(ir.IntType(1), LANES[kind.base]))


def _address(context: Any, builder: ir.IRBuilder, signature: Any, args: Any, kind: ir.Type) -> Any:
    """Where element args[1] of the flat array args[0] is."""
    array = context.make_array(signature.args[0])(context, builder, args[0])
    element = builder.gep(array.data, [args[1]])
    return builder.bitcast(element, ir.PointerType(kind))


@intrinsic
def load(typing: Any, array: Any, index: Any) -> Any:
    """Load the numbers array[index], …, one a lane."""

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        kind = _llvm(signature.return_type.base)
        address = _address(context, builder, signature, args, kind)
        return builder.load(address, align=array.dtype.bitwidth // 8)

    return Vector(array.dtype)(array, types.intp), generate


@intrinsic
def store(typing: Any, array: Any, index: Any, vector: Any) -> Any:
    """Store a vector's numbers at array[index], …."""

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        address = _address(context, builder, signature, args, args[2].type)
        builder.store(args[2], address, align=array.dtype.bitwidth // 8)
        return context.get_dummy_value()

    return types.void(array, types.intp, vector), generate


def _spread(builder: ir.IRBuilder, number: Any, kind: ir.VectorType) -> Any:
    first = builder.insert_element(ir.Constant(kind, ir.Undefined), number, ir.Constant(ir.IntType(32), 0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), kind.count), [0] * kind.count)
    return builder.shuffle_vector(first, ir.Constant(kind, ir.Undefined), zeros)


@intrinsic
def broadcast(typing: Any, array: Any, index: Any) -> Any:
    """The number array[index] in every lane."""

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        kind = _llvm(signature.return_type.base)
        return _spread(builder, builder.load(_address(context, builder, signature, args, kind.element)), kind)

    return Vector(array.dtype)(array, types.intp), generate


@intrinsic
def filled(typing: Any, number: Any, array: Any) -> Any:
    """A number in every lane, in the type of the array's elements; a literal becomes a constant."""

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        kind = _llvm(signature.return_type.base)
        cast = context.cast(builder, args[0], signature.args[0], array.dtype)
        return _spread(builder, cast, kind)

    return Vector(array.dtype)(number, array), generate


@intrinsic
def lane_count(typing: Any, array: Any) -> Any:
    """How many of the array's numbers a vector holds, a constant of the compiled code."""

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        return context.get_constant(types.intp, LANES[array.dtype])

    return types.intp(array), generate


@intrinsic
def total(typing: Any, vector: Any) -> Any:
    """The sum of a vector's numbers, halves first."""

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        return builder.extract_element(_folded(builder, [args[0]]), ir.Constant(ir.IntType(32), 0))

    return vector.base(vector), generate


@intrinsic
def select_before(typing: Any, vector: Any, index: Any, end: Any) -> Any:
    """The vector, with 0 in the lanes whose place index, index + 1, … is not before `end`."""

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        kind = args[0].type
        whole = ir.VectorType(ir.IntType(32), kind.count)
        left = builder.trunc(builder.sub(args[2], args[1]), ir.IntType(32))
        places = ir.Constant(whole, list(range(kind.count)))
        inside = builder.icmp_signed("<", places, _spread(builder, left, whole))
        return builder.select(inside, args[0], ir.Constant(kind, None))

    return vector(vector, types.intp, types.intp), generate


def _combined(builder: ir.IRBuilder, a: Any, b: Any) -> Any:
    """Sums of neighbouring pairs: those of `a`, then those of `b`."""
    count = a.type.count

    def picked(offset: int) -> Any:
        places = [offset + 2 * i for i in range(count)]
        return builder.shuffle_vector(a, b, ir.Constant(ir.VectorType(ir.IntType(32), count), places))

    return builder.fadd(picked(0), picked(1))


def _folded(builder: ir.IRBuilder, vectors: list[Any]) -> Any:
    """The totals of 2ᵐ vectors as one vector of 2ᵐ numbers, at most as many as a vector holds."""
    wanted = len(vectors)
    while len(vectors) > 1:
        vectors = [_combined(builder, a, b) for a, b in zip(vectors[::2], vectors[1::2], strict=True)]
    [folded] = vectors
    while (count := folded.type.count) > wanted:
        index = ir.VectorType(ir.IntType(32), count // 2)
        even, odd = (
            builder.shuffle_vector(folded, folded, ir.Constant(index, list(range(start, count, 2))))
            for start in (0, 1)
        )
        folded = builder.fadd(even, odd)
    return folded


def _zeroed(builder: ir.IRBuilder, kind: ir.VectorType, count: int) -> list[Any]:
    """Accumulators: memory that LLVM turns into registers."""
    places = [cgutils.alloca_once(builder, kind) for _ in range(count)]
    for place in places:
        builder.store(ir.Constant(kind, None), place)
    return places


def _accumulate(lanes: Lanes, place: Any, x: Any, y: Any) -> None:
    lanes.b.store(lanes.fma(x, y, lanes.b.load(place)), place)


def preactivation_block(vectors: int) -> Any:
    """Make the function that computes two units' pre-activations on `vectors` vectors of samples.

    It stores Σᵢ array[w + u·d + i]·array[x + i·m + s] at array[z + u·m + s] for u = 0, 1; both units'
    sums stay in registers while i runs over the d inputs.
    """

    def block(typing: Any, array: Any, x: Any, w: Any, z: Any, m: Any, d: Any) -> Any:
        def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
            _, x, w, z, m, d = args
            kind = _llvm(array.dtype)
            lanes = Lanes(builder, kind)

            def at(index: Any, of: ir.Type) -> Any:
                return _address(context, builder, signature, (args[0], index), of)

            sums = _zeroed(builder, kind, 2 * vectors)
            with cgutils.for_range(builder, d) as loop:
                column = builder.add(x, builder.mul(loop.index, m))
                rows = (w, builder.add(w, d))
                weights = [
                    _spread(builder, builder.load(at(builder.add(row, loop.index), kind.element)), kind)
                    for row in rows
                ]
                for q in range(vectors):
                    place = builder.add(column, ir.Constant(m.type, q * kind.count))
                    samples = builder.load(at(place, kind), align=array.dtype.bitwidth // 8)
                    for unit in (0, 1):
                        _accumulate(lanes, sums[unit * vectors + q], weights[unit], samples)
            for unit, row in enumerate((z, builder.add(z, m))):
                for q in range(vectors):
                    place = builder.add(row, ir.Constant(m.type, q * kind.count))
                    total = builder.load(sums[unit * vectors + q])
                    builder.store(total, at(place, kind), align=array.dtype.bitwidth // 8)
            return context.get_dummy_value()

        return types.void(array, *[types.intp] * 5), generate

    block.__module__ = __name__
    block.__name__ = block.__qualname__ = f"preactivations_{vectors}"
    return intrinsic(block)


def gradient_block(inputs: int) -> Any:
    """Make the function that computes two units' gradients with respect to `inputs` weights.

    It stores array[v + u]·Σₛ array[q + u·m + s]·array[x + i·m + s] at array[g + u·d + i] for u = 0, 1;
    all 2·`inputs` sums stay in registers while s runs over the m samples.
    """

    def block(typing: Any, array: Any, x: Any, q: Any, v: Any, g: Any, m: Any, d: Any) -> Any:
        def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
            _, x, q, v, g, m, d = args
            kind = _llvm(array.dtype)
            lanes = Lanes(builder, kind)

            def at(index: Any, of: ir.Type) -> Any:
                return _address(context, builder, signature, (args[0], index), of)

            def loaded(index: Any) -> Any:
                return builder.load(at(index, kind), align=array.dtype.bitwidth // 8)

            sums = _zeroed(builder, kind, 2 * inputs)
            step = ir.Constant(m.type, kind.count)
            with cgutils.for_range_slice(builder, ir.Constant(m.type, 0), m, step, inc=True) as (s, _count):
                weighted = [loaded(builder.add(row, s)) for row in (q, builder.add(q, m))]
                for i in range(inputs):
                    column = builder.add(x, builder.mul(m, ir.Constant(m.type, i)))
                    samples = loaded(builder.add(column, s))
                    for unit in (0, 1):
                        _accumulate(lanes, sums[unit * inputs + i], weighted[unit], samples)
            totals = _totals(builder, [builder.load(place) for place in sums])
            for unit, row in enumerate((g, builder.add(g, d))):
                index = builder.add(v, ir.Constant(v.type, unit))
                scale = _spread(builder, builder.load(at(index, kind.element)), totals[unit].type)
                result = builder.fmul(totals[unit], scale)
                builder.store(result, at(row, result.type), align=array.dtype.bitwidth // 8)
            return context.get_dummy_value()

        return types.void(array, *[types.intp] * 6), generate

    block.__module__ = __name__
    block.__name__ = block.__qualname__ = f"gradients_{inputs}"
    return intrinsic(block)


def _totals(builder: ir.IRBuilder, sums: list[Any]) -> tuple[Any, Any]:
    """The totals of the first half of the vectors, and of the second, each as one vector."""
    half = len(sums) // 2
    if len(sums) > sums[0].type.count:
        return _folded(builder, sums[:half]), _folded(builder, sums[half:])
    folded = _folded(builder, sums)
    index = ir.VectorType(ir.IntType(32), half)
    first, second = (
        builder.shuffle_vector(folded, folded, ir.Constant(index, list(range(start, start + half))))
        for start in (0, half)
    )
    return first, second


def _function(name: str, arity: int, generate_lanes: Callable[..., Any], result: type = Vector) -> Any:
    """Make a function of `arity` vectors (or masks) from a method of Lanes."""

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        kind = _llvm(signature.args[-1].base)
        return generate_lanes(Lanes(builder, kind), *args)

    def of_one(typing: Any, x: Any) -> Any:
        return result(x.base)(x), generate

    def of_two(typing: Any, x: Any, y: Any) -> Any:
        return result(x.base)(x, y), generate

    def of_three(typing: Any, x: Any, y: Any, z: Any) -> Any:
        return result(z.base)(x, y, z), generate

    typer = {1: of_one, 2: of_two, 3: of_three}[arity]
    typer.__name__ = typer.__qualname__ = name
    typer.__module__ = __name__
    return intrinsic(typer)


def _library(name: str) -> Callable[..., Any]:
    return lambda lanes, *x: lanes.by_library(name, *x)


def _comparison(symbol: str) -> Callable[..., Any]:
    if symbol == "!=":
        return lambda lanes, x, y: lanes.b.fcmp_unordered(symbol, x, y)
    return lambda lanes, x, y: lanes.b.fcmp_ordered(symbol, x, y)


def _nan_of(lanes: Lanes, y: Any, otherwise: Any) -> Any:
    return lanes.b.select(lanes.b.fcmp_unordered("uno", y, y), y, otherwise)


_VECTOR_FUNCTIONS: dict[str, tuple[int, Callable[..., Any]]] = {
    "add": (2, Lanes.add),
    "subtract": (2, Lanes.subtract),
    "multiply": (2, Lanes.multiply),
    "divide": (2, Lanes.divide),
    "divide_benign": (2, Lanes.divide_benign),
    "fma": (3, Lanes.fma),
    "negative": (1, Lanes.negative),
    "abs": (1, Lanes.abs),
    "sign": (1, Lanes.sign),
    "sqrt": (1, Lanes.sqrt),
    "maximum": (2, Lanes.maximum),
    "minimum": (2, Lanes.minimum),
    "maximum_of_two": (2, lambda lanes, x, y: _nan_of(lanes, y, lanes.maximum(x, y))),
    "minimum_of_two": (2, lambda lanes, x, y: _nan_of(lanes, y, lanes.minimum(x, y))),
    "exp": (1, Lanes.exp),
    "exp_at_most_zero": (1, lambda lanes, x: lanes.exp(x, at_most_zero=True)),
    "expm1": (1, Lanes.expm1),
    "log": (1, Lanes.log),
    "log1p": (1, Lanes.log1p),
    "log1p_unit": (1, lambda lanes, x: lanes.log1p(x, in_unit_interval=True)),
    "log2": (1, lambda lanes, x: lanes.multiply(lanes.log(x), lanes.constant(1.4426950408889634))),
    "log10": (1, lambda lanes, x: lanes.multiply(lanes.log(x), lanes.constant(0.4342944819032518))),
    "tanh": (1, Lanes.tanh),
    "erf": (1, Lanes.erf),
    "floor": (1, lambda lanes, x: lanes.intrinsic("floor", x)),
    "ceil": (1, lambda lanes, x: lanes.intrinsic("ceil", x)),
    "trunc": (1, lambda lanes, x: lanes.intrinsic("trunc", x)),
    "where": (3, lambda lanes, condition, x, y: lanes.b.select(condition, x, y)),
    **{name: (1, _library(name)) for name in ("sin", "cos", "tan", "sinh", "cosh", "asin", "acos", "atan")},
    **{name: (1, _library(name)) for name in ("asinh", "acosh", "atanh")},
    **{name: (2, _library(name)) for name in ("pow", "atan2")},
}

_COMPARISONS = {
    "equal": "==",
    "not_equal": "!=",
    "less": "<",
    "less_equal": "<=",
    "greater": ">",
    "greater_equal": ">=",
}

_MASK_FUNCTIONS: dict[str, tuple[int, Callable[..., Any]]] = {
    **{name: (2, _comparison(symbol)) for name, symbol in _COMPARISONS.items()},
    "logical_and": (2, lambda lanes, x, y: lanes.b.and_(x, y)),
    "logical_or": (2, lambda lanes, x, y: lanes.b.or_(x, y)),
    "logical_xor": (2, lambda lanes, x, y: lanes.b.xor(x, y)),
    "logical_not": (1, lambda lanes, x: lanes.b.not_(x)),
    "isnan": (1, lambda lanes, x: lanes.b.fcmp_unordered("uno", x, x)),
    "isinf": (1, lambda lanes, x: lanes.b.fcmp_ordered("==", lanes.abs(x), lanes.constant(math.inf))),
    "isfinite": (1, lambda lanes, x: lanes.b.fcmp_ordered("<", lanes.abs(x), lanes.constant(math.inf))),
}

for _name, (_arity, _generate) in _VECTOR_FUNCTIONS.items():
    globals()[_name] = _function(_name, _arity, _generate)
for _name, (_arity, _generate) in _MASK_FUNCTIONS.items():
    globals()[_name] = _function(_name, _arity, _generate, Mask)

FUNCTIONS = frozenset({*_VECTOR_FUNCTIONS, *_MASK_FUNCTIONS})
"""Names of the elementwise functions of this module."""
__all__ += [
    "FUNCTIONS",
    "broadcast",
    "filled",
    "gradient_block",
    "lane_count",
    "load",
    "preactivation_block",
    "select_before",
    "store",
    "total",
]
