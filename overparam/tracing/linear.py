"""Test whether a recorded update rule is linear in the weights, the gradient and its state."""

from __future__ import annotations

from typing import Literal, TypeAlias

from overparam.methods.first_order import FirstOrder
from overparam.tracing.program import Constant, Operand, Program, Value
from overparam.tracing.symbolic import Unrecordable, record_update

__all__ = ["why_not_linear"]

_Kind: TypeAlias = Literal["zero", "scalar", "linear"]
"""Kind of a value: 0; a function of η, τ and constants; a combination of arrays with such coefficients."""

_SCALARS = ("step_size", "iteration")


def why_not_linear(optimizer: FirstOrder) -> str | None:
    """Return why a rule is not linear and homogeneous, or None if it is.

    A rule is linear if the new weights and state are sums of the weights, the gradient and the state, each
    times a number that depends on η and τ alone, and if the state before the first update has this form too.
    The same numbers apply to all entries, so that such a rule commutes with every linear map of the weights.
    The test examines the recorded rule instead of sample values, so the result holds for all arrays.

    Examples
    --------
    >>> from overparam.methods import GradientDescent
    >>> why_not_linear(GradientDescent(0.1)) is None
    True
    """
    try:
        start, update = record_update(optimizer)
    except Unrecordable as reason:
        return str(reason)
    return _objection(start) or _objection(update)


def _objection(program: Program) -> str | None:
    kinds: list[_Kind | None] = ["scalar" if name in _SCALARS else "linear" for name in program.inputs]

    def kind(operand: Operand) -> _Kind | None:
        if isinstance(operand, Value):
            return kinds[operand.number]
        return _of_constant(operand)

    culprit = ""
    for operation, operands in program.instructions:
        found = _combined(operation, [kind(operand) for operand in operands])
        if found is None and not culprit:
            culprit = operation
        kinds.append(found)
    outputs = [kind(operand) for operand in program.outputs]
    if None in outputs:
        return f"its rule is not linear in the weights, the gradient and its state ({culprit})"
    if "scalar" in outputs:
        return "its rule adds constants to weights or state"
    return None


def _of_constant(constant: Constant) -> _Kind:
    return "zero" if constant == 0.0 and not isinstance(constant, bool) else "scalar"


def _combined(operation: str, operands: list[_Kind | None]) -> _Kind | None:
    """Kind of the result of an operation on operands of these kinds; None if it is none of them."""
    if None in operands:
        return None
    if "linear" not in operands:
        return "scalar"
    if operation == "negative":
        return "linear"
    if operation == "multiply":
        return None if operands == ["linear", "linear"] else "linear"
    if operation == "divide":
        return "linear" if operands[1] == "scalar" else None
    if operation in ("add", "subtract"):
        return None if "scalar" in operands else "linear"
    if operation == "where":
        return "linear" if operands[0] == "scalar" and "scalar" not in operands[1:] else None
    return None
