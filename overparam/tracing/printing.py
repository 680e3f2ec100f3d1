"""A recorded program as a Python function over any array namespace, with few temporaries."""

from __future__ import annotations

import math
from collections.abc import Callable

import array_api_compat

from overparam.arrays import Array, Namespace
from overparam.arrays.special import erf
from overparam.tracing.program import BOOLEAN_OPERATIONS, Constant, Operand, Program, Value

__all__ = ["compile_program", "print_python"]

_OURS = ("erf",)  # operations of `overparam.arrays.special`, absent from namespaces
_ALWAYS_NEW = ("where", "astype", "sign", "floor", "ceil", "trunc", *_OURS)  # operations without ``out=``


def compile_program(program: Program, xp: Namespace) -> Callable[..., tuple[Array, ...]]:
    """Return a function from the program's inputs (arrays of `xp`) to its outputs.

    The first input has at least one axis and the shape of the outputs; the other inputs broadcast to it.
    Inputs are never modified. An output that is an input, or another output, is the same array.
    """
    in_place = array_api_compat.is_numpy_namespace(xp) or array_api_compat.is_cupy_namespace(xp)
    scope = {"xp": xp, "erf": erf, "inf": math.inf, "nan": math.nan}
    exec(print_python(program, in_place=in_place), scope)
    function: Callable[..., tuple[Array, ...]] = scope["evaluate"]
    return function


def print_python(program: Program, *, in_place: bool) -> str:
    """Return the program as the source code of a function `evaluate`.

    Parameters
    ----------
    in_place : bool
        Let an operation write into an operand that is not used later, through NumPy's ``out=``.
    """
    m = len(program.inputs)
    names = dict(enumerate(program.inputs))
    boolean = {
        m + i: instruction.operation in BOOLEAN_OPERATIONS
        for i, instruction in enumerate(program.instructions)
    }
    last_use, sources = _last_uses(program), _sources(program)
    lines = [f"def evaluate({', '.join(program.inputs)}):"]
    for i, (operation, operands) in enumerate(program.instructions):
        target = m + i
        arguments = [_spell(operand, names) for operand in operands]
        if operation == "where" and not any(isinstance(operand, Value) for operand in operands[1:]):
            # Two Python numbers would have the namespace's default data type.
            arguments[1] = f"xp.full_like({program.inputs[0]}, {arguments[1]})"
            if operands[1:] == (1.0, 0.0):
                operation, arguments = "astype", [arguments[0], f"{program.inputs[0]}.dtype"]
        reused = next(
            (
                operand.number
                for operand in operands
                if isinstance(operand, Value) and operand.number >= m and last_use[operand.number] == i
                if boolean[operand.number] == boolean[target]
                if 0 in sources[operand.number] and sources[operand.number] == sources[target]
            ),
            None,
        )
        names[target] = f"t{target}"
        if in_place and reused is not None and operation not in _ALWAYS_NEW:
            names[target] = names[reused]
            arguments.append(f"out={names[reused]}")
        called = operation if operation in _OURS else f"xp.{operation}"
        lines.append(f"    {names[target]} = {called}({', '.join(arguments)})")
    outputs = "".join(f"{_output(operand, names, program.inputs[0])}, " for operand in program.outputs)
    return "\n".join([*lines, f"    return ({outputs})", ""])


def _last_uses(program: Program) -> dict[int, int]:
    """The last instruction that uses each value; outputs count as used after the end."""
    m = len(program.inputs)
    last: dict[int, int] = {m + i: i for i in range(len(program.instructions))}
    for i, instruction in enumerate(program.instructions):
        last |= {operand.number: i for operand in instruction.operands if isinstance(operand, Value)}
    end = len(program.instructions)
    return last | {operand.number: end for operand in program.outputs if isinstance(operand, Value)}


def _sources(program: Program) -> list[frozenset[int]]:
    """The inputs that each value depends on: values with the same inputs have the same shape."""
    sources = [frozenset({i}) for i in range(len(program.inputs))]
    for _, operands in program.instructions:
        numbers = [operand.number for operand in operands if isinstance(operand, Value)]
        sources.append(frozenset().union(*(sources[number] for number in numbers)))
    return sources


def _spell(operand: Operand, names: dict[int, str]) -> str:
    return names[operand.number] if isinstance(operand, Value) else _literal(operand)


def _literal(constant: Constant) -> str:
    return repr(constant)


def _output(operand: Operand, names: dict[int, str], like: str) -> str:
    if isinstance(operand, Value):
        return names[operand.number]
    return f"xp.full_like({like}, {_literal(operand)})"
