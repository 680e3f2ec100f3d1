"""Vectors of numbers as values inside compiled functions, and their operations.

A `Vector` occupies one register, or two. Compiled code loads one from a flat array, computes with the
functions below and stores it. Constants are written as Python floats and take their type from `filled`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic, models, register_model

from overparam_numba.lanes import VECTOR_BYTES, Lanes

__all__ = ["LANES", "Vector", "address", "lanes_of", "llvm_type", "picked", "spread"]


class Vector(types.Type):
    """`registers` vectors of float32 or float64 numbers as one value."""

    def __init__(self, base: types.Float, registers: int = 1) -> None:
        self.base, self.registers = base, registers
        super().__init__(name=f"Vector({base}, {registers})")


class Mask(types.Type):
    """A vector of booleans for the lanes of a Vector."""

    def __init__(self, base: types.Float, registers: int = 1) -> None:
        self.base, self.registers = base, registers
        super().__init__(name=f"Mask({base}, {registers})")


LANES = {types.float32: VECTOR_BYTES // 4, types.float64: VECTOR_BYTES // 8}
"""Numbers per register."""


def lanes_of(itemsize: int) -> int:
    """Return how many numbers of this size in bytes fit into a register."""
    return VECTOR_BYTES // itemsize


def llvm_type(base: types.Float, registers: int = 1) -> ir.VectorType:
    """Return LLVM's type of a Vector."""
    element = ir.FloatType() if base == types.float32 else ir.DoubleType()
    return ir.VectorType(element, registers * LANES[base])


@register_model(Vector)
class _VectorModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Vector) -> None:
        super().__init__(manager, kind, llvm_type(kind.base, kind.registers))


@register_model(Mask)
class _MaskModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Mask) -> None:
        super().__init__(manager, kind, ir.VectorType(ir.IntType(1), kind.registers * LANES[kind.base]))


def address(context: Any, builder: ir.IRBuilder, signature: Any, args: Any, kind: ir.Type) -> Any:
    """Return the address of element args[1] of the flat array args[0]."""
    array = context.make_array(signature.args[0])(context, builder, args[0])
    element = builder.gep(array.data, [args[1]])
    return builder.bitcast(element, ir.PointerType(kind))


@intrinsic
def load(typing: Any, array: Any, index: Any) -> Any:
    """Load the numbers array[index], …, one per lane."""

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        place = address(context, builder, signature, args, llvm_type(signature.return_type.base))
        return builder.load(place, align=array.dtype.bitwidth // 8)

    return Vector(array.dtype)(array, types.intp), generate


@intrinsic
def store(typing: Any, array: Any, index: Any, vector: Any) -> Any:
    """Store a vector's numbers at array[index], …."""

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        place = address(context, builder, signature, args, args[2].type)
        builder.store(args[2], place, align=array.dtype.bitwidth // 8)
        return context.get_dummy_value()

    return types.void(array, types.intp, vector), generate


@intrinsic
def pair(typing: Any, first: Any, second: Any) -> Any:
    """Join two vectors to one of twice the length.

    Computations on a pair are two independent chains of instructions. The processor looks ahead about a
    hundred instructions; a single chain as long as an exponential would leave it waiting.
    """

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        return picked(builder, args[0], args[1], range(2 * args[0].type.count))

    return Vector(first.base, 2)(first, second), generate


@intrinsic
def first_of(typing: Any, vectors: Any) -> Any:
    """Return the first vector of a pair."""

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        return picked(builder, args[0], args[0], range(args[0].type.count // 2))

    return Vector(vectors.base)(vectors), generate


@intrinsic
def second_of(typing: Any, vectors: Any) -> Any:
    """Return the second vector of a pair."""

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        count = args[0].type.count
        return picked(builder, args[0], args[0], range(count // 2, count))

    return Vector(vectors.base)(vectors), generate


def picked(builder: ir.IRBuilder, a: Any, b: Any, places: Sequence[int]) -> Any:
    """Return the numbers at these places of `a` followed by `b`."""
    index = ir.VectorType(ir.IntType(32), len(places))
    return builder.shuffle_vector(a, b, ir.Constant(index, list(places)))


def spread(builder: ir.IRBuilder, number: Any, kind: ir.VectorType) -> Any:
    """Return a vector with a number in every lane."""
    first = builder.insert_element(ir.Constant(kind, ir.Undefined), number, ir.Constant(ir.IntType(32), 0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), kind.count), [0] * kind.count)
    return builder.shuffle_vector(first, ir.Constant(kind, ir.Undefined), zeros)


@intrinsic
def broadcast(typing: Any, array: Any, index: Any) -> Any:
    """Return a vector with the number array[index] in every lane."""

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        kind = llvm_type(signature.return_type.base)
        return spread(builder, builder.load(address(context, builder, signature, args, kind.element)), kind)

    return Vector(array.dtype)(array, types.intp), generate


@intrinsic
def filled(typing: Any, number: Any, like: Any) -> Any:
    """Return a vector like `like`, or for that array, with a number in every lane; literals are constants."""
    kind = like if isinstance(like, Vector) else Vector(like.dtype)

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        cast = context.cast(builder, args[0], signature.args[0], kind.base)
        return spread(builder, cast, llvm_type(kind.base, kind.registers))

    return kind(number, like), generate


@intrinsic
def lane_count(typing: Any, array: Any) -> Any:
    """Return how many of the array's numbers fit into a register, a constant of the compiled code."""

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        return context.get_constant(types.intp, LANES[array.dtype])

    return types.intp(array), generate


@intrinsic
def total(typing: Any, vector: Any) -> Any:
    """Return the sum of a vector's numbers; the halves are added first."""

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        [left] = args
        while (half := left.type.count // 2) > 0:
            low, high = (picked(builder, left, left, range(i, i + half)) for i in (0, half))
            left = builder.fadd(low, high)
        return builder.extract_element(left, ir.Constant(ir.IntType(32), 0))

    return vector.base(vector), generate


@intrinsic
def before(typing: Any, array: Any, index: Any, end: Any) -> Any:
    """Return which lanes of a vector at place `index` of the array are before `end`."""
    kind = Mask(array.dtype)

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        count = LANES[kind.base]
        whole = ir.VectorType(ir.IntType(32), count)
        left = builder.trunc(builder.sub(args[2], args[1]), ir.IntType(32))
        places = ir.Constant(whole, list(range(count)))
        return builder.icmp_signed("<", places, spread(builder, left, whole))

    return kind(array, types.intp, types.intp), generate


def _function(name: str, arity: int, generate_lanes: Callable[..., Any], result: type = Vector) -> Any:
    """Return a function of `arity` vectors (or masks) made from a method of Lanes."""

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        last = signature.args[-1]
        return generate_lanes(Lanes(builder, llvm_type(last.base, last.registers)), *args)

    def of_one(typing: Any, x: Any) -> Any:
        return result(x.base, x.registers)(x), generate

    def of_two(typing: Any, x: Any, y: Any) -> Any:
        return result(x.base, x.registers)(x, y), generate

    def of_three(typing: Any, x: Any, y: Any, z: Any) -> Any:
        return result(z.base, z.registers)(x, y, z), generate

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
HELPERS = frozenset(
    {"before", "broadcast", "filled", "first_of", "lane_count", "load", "pair", "second_of", "store", "total"}
)
"""Names of the other functions that printed modules use."""
__all__ += ["FUNCTIONS", "HELPERS", *sorted(HELPERS)]
