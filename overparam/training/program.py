"""Straight-line elementwise programs: recorded activations and update rules, for any engine to compile."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

__all__ = ["BOOLEAN_OPERATIONS", "OPERATIONS", "Constant", "Instruction", "Operand", "Program", "Value"]


class Value(NamedTuple):
    """An operand: input `number`, or the result of instruction `number` − (how many inputs there are)."""

    number: int


Constant: TypeAlias = float | bool
Operand: TypeAlias = Value | Constant


class Instruction(NamedTuple):
    """One elementwise operation of the Array API, by its name there, and its operands."""

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
        Instruction i yields value m + i; only those that an output needs.
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
"""Operations whose result is boolean."""

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
"""Every primitive operation, with the function that folds it where all operands are constants."""
