"""Recorded programs printed as source code with the functions of `overparam_numba.vectors`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from overparam.plugin import Operand, Program, Unrecordable, Value
from overparam_numba.vectors import FUNCTIONS

__all__ = ["print_program"]


class Range(NamedTuple):
    """Known range of a value: low ≤ value ≤ high unless it is NaN, and whether it can be NaN."""

    low: float
    high: float
    nan: bool = True


_ANY = Range(-math.inf, math.inf)
_UNIT = Range(0.0, 1.0)
_BENIGN = 2.0**60
_BOUNDED = {"sin": 1.0, "cos": 1.0, "tanh": 1.0, "erf": 1.0, "sign": 1.0, "atan": 2.0}


def print_program(
    program: Program, inputs: Mapping[str, str], like: str, prefix: str = "t"
) -> tuple[list[str], list[str]]:
    """Return a program as assignments.

    Parameters
    ----------
    program : Program
    inputs : mapping of str to str
        The name in the source of every input of the program.
    like : str
        A vector of the type of the constants, or the array.
    prefix : str
        Prefix of the names of values.

    Returns
    -------
    lines, outputs : list of str
        The assignments, and the expressions of the program's outputs.

    Raises
    ------
    Unrecordable
        For an operation that vectors do not have.
    """
    names = {Value(i): inputs[name] for i, name in enumerate(program.inputs)}
    known: dict[Value, Range] = {}
    lines = []
    for i, (operation, operands) in enumerate(program.instructions):
        value = Value(len(program.inputs) + i)
        ranges = [_operand_range(operand, known) for operand in operands]
        function, ordered = _chosen(operation, operands, ranges)
        if function not in FUNCTIONS:
            raise Unrecordable(f"xp.{operation} is not one of the functions of the numba engine")
        names[value] = f"{prefix}{value.number}"
        known[value] = _result_range(operation, ranges)
        lines.append(f"{names[value]} = {function}({', '.join(_spelled(o, names, like) for o in ordered)})")
    return lines, [_spelled(output, names, like) for output in program.outputs]


def _chosen(
    operation: str, operands: Sequence[Operand], ranges: Sequence[Range]
) -> tuple[str, Sequence[Operand]]:
    """The function for an operation, given the known ranges of its operands, and their order."""
    first = ranges[0]
    if operation == "exp" and first.high <= 0.0:
        return "exp_at_most_zero", operands
    if operation == "log1p" and first.low >= 0.0 and first.high <= 1.0:
        return "log1p_unit", operands
    if operation == "divide":
        below = ranges[1]
        safe = below.low >= 1.0 / _BENIGN and below.high <= _BENIGN
        bounded = first.low >= -_BENIGN and first.high <= _BENIGN
        return ("divide_benign" if safe and bounded else "divide"), operands
    if operation in ("maximum", "minimum"):
        if not first.nan:
            return operation, (operands[1], operands[0])
        return (f"{operation}_of_two" if ranges[1].nan else operation), operands
    return operation, operands


def _operand_range(operand: Operand, known: Mapping[Value, Range]) -> Range:
    if isinstance(operand, Value):
        return known.get(operand, _ANY)
    number = float(operand)
    return _ANY if math.isnan(number) else Range(number, number, nan=False)


def _result_range(operation: str, ranges: Sequence[Range]) -> Range:
    """Range of a result; unbounded if nothing better is known."""
    if operation in _BOUNDED:
        return Range(-_BOUNDED[operation], _BOUNDED[operation])
    a = ranges[0]
    match operation:
        case "abs":
            return Range(0.0, max(abs(a.low), abs(a.high)))
        case "negative":
            return Range(-a.high, -a.low)
        case "exp":
            return Range(0.0, 1.0 if a.high <= 0.0 else math.inf)
        case "log1p" if a.low >= 0.0 and a.high <= 1.0:
            return _UNIT
        case "sqrt":
            return Range(0.0, math.inf)
        case "add":
            return Range(a.low + ranges[1].low, a.high + ranges[1].high)
        case "maximum":
            return Range(max(a.low, ranges[1].low), max(a.high, ranges[1].high))
        case "minimum":
            return Range(min(a.low, ranges[1].low), min(a.high, ranges[1].high))
        case "where":
            chosen = ranges[1:]
            low, high = min(r.low for r in chosen), max(r.high for r in chosen)
            return Range(low, high, any(r.nan for r in chosen))
        case "multiply" if all(r.low >= 0.0 and math.isfinite(r.high) for r in ranges):
            return Range(a.low * ranges[1].low, a.high * ranges[1].high)
    return _ANY


def _spelled(operand: Operand, names: Mapping[Value, str], like: str) -> str:
    if isinstance(operand, Value):
        return names[operand]
    if isinstance(operand, bool):
        raise Unrecordable("a constant boolean")
    if not math.isfinite(operand):
        return f"filled({str(operand).replace('inf', 'INF').replace('nan', 'NAN')}, {like})"
    return f"filled({operand!r}, {like})"
