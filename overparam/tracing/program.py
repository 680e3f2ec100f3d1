"""Straight-line elementwise programs: recorded activations and update rules, for any engine to compile."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

__all__ = [
    "BOOLEAN_OPERATIONS",
    "OPERATIONS",
    "Constant",
    "Instruction",
    "Operand",
    "Program",
    "Value",
    "of_the_difference",
]


class Value(NamedTuple):
    """An operand: input `number`, or, from the number of inputs on, the result of an instruction."""

    number: int


Constant: TypeAlias = float | bool
Operand: TypeAlias = Value | Constant


class Instruction(NamedTuple):
    """One elementwise operation, by its name in the Array API, and its operands."""

    operation: str
    operands: tuple[Operand, ...]


@dataclass(frozen=True)
class Program:
    """A straight-line elementwise program.

    Attributes
    ----------
    inputs : tuple of str
        Names; values 0 … m−1.
    instructions : tuple of Instruction
        Instruction i yields value m + i; only instructions that an output needs.
    outputs : tuple of Operand
    """

    inputs: tuple[str, ...]
    instructions: tuple[Instruction, ...]
    outputs: tuple[Operand, ...]


_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "equal": operator.eq,
    "not_equal": operator.ne,
    "less": operator.lt,
    "less_equal": operator.le,
    "greater": operator.gt,
    "greater_equal": operator.ge,
}
BOOLEAN_OPERATIONS = frozenset(
    {*_COMPARISONS, "logical_and", "logical_or", "logical_xor", "logical_not", "isnan", "isfinite", "isinf"}
)
"""Operations with boolean results."""

OPERATIONS: Mapping[str, Callable[..., Any]] = {
    **_COMPARISONS,
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "divide": operator.truediv,
    "negative": operator.neg,
    "abs": abs,
    "pow": operator.pow,
    "maximum": max,
    "minimum": min,
    "logical_and": operator.and_,
    "logical_or": operator.or_,
    "logical_xor": operator.xor,
    "logical_not": operator.not_,
    "where": lambda condition, a, b: a if condition else b,
    "sign": lambda a: float((a > 0) - (a < 0)),
    **{name: getattr(math, name) for name in ("isnan", "isfinite", "isinf", "floor", "ceil", "trunc", "erf")},
    **{name: getattr(math, name) for name in ("exp", "expm1", "log", "log1p", "log2", "log10", "sqrt")},
    **{name: getattr(math, name) for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh")},
    **{name: getattr(math, name) for name in ("asin", "acos", "atan", "asinh", "acosh", "atanh", "atan2")},
}
"""Every primitive operation, with the function that folds it if all operands are constants."""


def of_the_difference(loss: Program) -> Program | None:
    """Return a recorded loss with ``difference``, f − y, in place of f; None if it needs f itself.

    For such a loss a fused engine can start the sum of f at −y, which saves an addition and its rounding.
    """
    f, difference = Value(0), Instruction("subtract", (Value(0), Value(1)))
    if difference not in loss.instructions:
        return None
    place = len(loss.inputs) + loss.instructions.index(difference)

    def moved(operand: Operand) -> Operand:
        if not isinstance(operand, Value) or operand.number < place:
            return operand
        return f if operand.number == place else Value(operand.number - 1)

    others = [instruction for instruction in loss.instructions if instruction != difference]
    if f in loss.outputs or any(f in operands for _, operands in others):
        return None
    instructions = tuple(
        Instruction(operation, tuple(map(moved, operands))) for operation, operands in others
    )
    return Program(("difference", "labels"), instructions, tuple(map(moved, loss.outputs)))
