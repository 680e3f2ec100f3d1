"""Test whether an update rule keeps a hidden unit at W₀ if its gradient is zero at every update.

Units with v = 0 have no gradient. A fused engine may omit them if the rule provably keeps their weights at
W₀. A rule with weight decay, for example, does not. The test uses the rule itself, not its name.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from enum import Enum
from typing import TypeAlias

from overparam.methods import FirstOrder
from overparam.tracing.program import Constant, Operand, Program, Value
from overparam.tracing.symbolic import record_update

__all__ = ["leaves_idle_units"]


class _Known(Enum):
    """Known property of a value, for all inputs: it is 0, or W₀'s entry, or any finite number."""

    ZERO = "zero"
    START = "start"
    FINITE = "finite"
    NOTHING = "nothing"


_Fact: TypeAlias = _Known | Constant

_SIGNED = ("add", "subtract")
_KEEP_ZERO = ("negative", "abs", "sqrt", "sign", "floor", "ceil", "trunc", "sin", "tan", "tanh", "sinh")


def leaves_idle_units(optimizer: FirstOrder) -> bool:
    """Return whether W stays at W₀, bit for bit, if ∇L is 0 at every update.

    The known property of each value is propagated through the recorded rule; False if that proves nothing.

    Raises
    ------
    Unrecordable
        If the rule cannot be recorded.
    """
    start, update = record_update(optimizer)
    states = _followed(start, {"weights": _Known.START})
    while True:
        facts: dict[str, _Fact] = {
            "weights": _Known.START,
            "gradient": _Known.ZERO,
            "step_size": _Known.FINITE,
            "iteration": _Known.FINITE,
            **{f"state{i}": state for i, state in enumerate(states)},
        }
        weights, *after = _followed(update, facts)
        if weights is not _Known.START:
            return False
        widened = [a if a == b else _Known.NOTHING for a, b in zip(states, after, strict=True)]
        if widened == states:
            return True
        states = widened


def _followed(program: Program, inputs: Mapping[str, _Fact]) -> list[_Fact]:
    """Known properties of a program's outputs, from those of its inputs."""
    facts = [inputs[name] for name in program.inputs]

    def known(operand: Operand) -> _Fact:
        fact = facts[operand.number] if isinstance(operand, Value) else operand
        return _Known.ZERO if not isinstance(fact, _Known | bool) and fact == 0.0 else fact

    for operation, operands in program.instructions:
        facts.append(_result(operation, [known(operand) for operand in operands]))
    return [known(operand) for operand in program.outputs]


def _result(operation: str, facts: list[_Fact]) -> _Fact:
    if operation in _KEEP_ZERO:
        return facts[0] if facts[0] is _Known.ZERO else _Known.NOTHING
    if operation == "where":
        return facts[1] if facts[1] == facts[2] else _Known.NOTHING
    if len(facts) != 2:
        return _Known.NOTHING
    a, b = facts
    if operation in _SIGNED and b is _Known.ZERO:
        return a  # W − 0 and W + 0 are W
    if operation == "add" and a is _Known.ZERO:
        return b
    if operation == "multiply" and _Known.ZERO in facts and all(map(_is_finite, facts)):
        return _Known.ZERO
    if operation == "multiply" and 1.0 in facts:
        return b if a == 1.0 else a
    if operation == "divide" and a is _Known.ZERO and isinstance(b, float) and math.isfinite(b):
        return _Known.ZERO  # a constant divisor of 0 would be known as ZERO
    if operation in ("maximum", "minimum") and a == b:
        return a
    return _Known.NOTHING


def _is_finite(fact: _Fact) -> bool:
    return fact is not _Known.NOTHING if isinstance(fact, _Known) else math.isfinite(fact)
