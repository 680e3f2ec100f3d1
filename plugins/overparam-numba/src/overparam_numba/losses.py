"""Recorded losses printed into the pass that computes the residual."""

from __future__ import annotations

from textwrap import indent

from overparam.plugin import Instruction, Loss, Operand, Program, Value, record_loss
from overparam_numba.emit import print_program

__all__ = ["print_loss"]

_OUTPUTS, _LABELS = Value(0), Value(1)


def print_loss(loss: Loss) -> dict[str, str]:
    """∂ℓ/∂f and the miss of a vector of samples, and where the sum of the outputs starts.

    A loss of f − y alone is given that as `outputs`: the sum starts at −y, which saves a rounding.

    Raises
    ------
    Unrecordable
        Where the loss is not an elementwise expression that vectors can compute.
    """
    program = record_loss(loss)
    of_difference = _of_difference(program)
    names = {"outputs": "outputs", "labels": "labels"}
    lines, (derivative, miss) = print_program(of_difference or program, names, "a", "c")
    return {
        "origin": "filled(0.0, a)" if of_difference is None else "negative(labels)",
        "loss_of_outputs": indent("\n".join(lines), 8 * " "),
        "derivative": derivative,
        "miss": miss,
    }


def _of_difference(program: Program) -> Program | None:
    """The same with f − y as its first input, None where it uses f in another way."""
    difference = Instruction("subtract", (_OUTPUTS, _LABELS))
    rest = [instruction for instruction in program.instructions if instruction != difference]
    elsewhere = [operand for instruction in rest for operand in instruction.operands] + [*program.outputs]
    if len(rest) == len(program.instructions) or _OUTPUTS in elsewhere:
        return None
    place = len(program.inputs) + program.instructions.index(difference)

    def moved(operand: Operand) -> Operand:
        if not isinstance(operand, Value) or operand.number < place:
            return operand
        return _OUTPUTS if operand.number == place else Value(operand.number - 1)

    instructions = tuple(Instruction(operation, tuple(map(moved, operands))) for operation, operands in rest)
    return Program(program.inputs, instructions, tuple(map(moved, program.outputs)))
