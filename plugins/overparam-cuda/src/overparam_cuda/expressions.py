"""Recorded programs printed as C++, the same code for the device's compiler and the host's."""

from __future__ import annotations

import math
from collections.abc import Mapping

from overparam.plugin import Operand, Program, Unrecordable, Value

__all__ = ["print_program"]

_INFIX = {
    "add": "+",
    "subtract": "-",
    "multiply": "*",
    "divide": "/",
    "equal": "==",
    "not_equal": "!=",
    "less": "<",
    "less_equal": "<=",
    "greater": ">",
    "greater_equal": ">=",
    "logical_and": "&&",
    "logical_or": "||",
    "logical_xor": "!=",
}
_PREFIX = {"negative": "-", "logical_not": "!"}
_OURS = {"maximum": "maximum", "minimum": "minimum", "sign": "sign"}  # in the kernel; they propagate NaN
_CALLS = {
    "abs": "fabs",
    "isnan": "isnan",
    "isfinite": "isfinite",
    "isinf": "isinf",
    "pow": "pow",
    **{name: name for name in ("floor", "ceil", "trunc", "erf", "exp", "expm1", "log", "log1p", "log2")},
    **{name: name for name in ("log10", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh", "asin", "acos")},
    **{name: name for name in ("atan", "asinh", "acosh", "atanh", "atan2")},
    **_OURS,
}
_TRUTHS = frozenset(
    {"equal", "not_equal", "less", "less_equal", "greater", "greater_equal", "isnan", "isfinite", "isinf"}
    | {"logical_and", "logical_or", "logical_xor", "logical_not"}
)


def print_program(
    program: Program, inputs: Mapping[str, str], prefix: str = "t"
) -> tuple[list[str], list[str]]:
    """Return a program as assignments over the type `real`.

    Parameters
    ----------
    program : Program
    inputs : mapping of str to str
        The expression of every input of the program.
    prefix : str
        Prefix of the names of values.

    Returns
    -------
    lines, outputs : list of str
        The assignments, and the expressions of the program's outputs.

    Raises
    ------
    Unrecordable
        For an operation that C++ does not have.
    """
    names = {Value(i): inputs[name] for i, name in enumerate(program.inputs)}
    lines = []
    for i, (operation, operands) in enumerate(program.instructions):
        value = Value(len(program.inputs) + i)
        names[value] = f"{prefix}{value.number}"
        kind = "bool" if operation in _TRUTHS else "real"
        expression = _expression(operation, [_spelled(operand, names) for operand in operands])
        lines.append(f"const {kind} {names[value]} = {expression};")
    return lines, [_spelled(output, names) for output in program.outputs]


def _expression(operation: str, operands: list[str]) -> str:
    if operation in _INFIX:
        return f"{operands[0]} {_INFIX[operation]} {operands[1]}"
    if operation in _PREFIX:
        return f"{_PREFIX[operation]}({operands[0]})"
    if operation == "where":
        return "{} ? {} : {}".format(*operands)
    if operation in _CALLS:
        return f"{_CALLS[operation]}({', '.join(operands)})"
    raise Unrecordable(f"xp.{operation} is not one of the functions of the cuda engine")


def _spelled(operand: Operand, names: Mapping[Value, str]) -> str:
    if isinstance(operand, Value):
        return names[operand]
    if isinstance(operand, bool):
        return "true" if operand else "false"
    if math.isnan(operand):
        return "not_a_number()"
    if math.isinf(operand):
        return "infinite()" if operand > 0 else "-infinite()"
    return f"real({operand!r})"
