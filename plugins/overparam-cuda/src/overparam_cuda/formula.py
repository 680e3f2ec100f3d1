"""What kernels are printed for: the recorded functions of a recipe, which layers, and the data type."""

from __future__ import annotations

from dataclasses import dataclass

from overparam.plugin import (
    Activation,
    DType,
    FirstOrder,
    Instruction,
    Layers,
    Loss,
    Operand,
    Program,
    Recipe,
    Unrecordable,
    Value,
)

__all__ = ["Formula", "of_the_difference"]


@dataclass(frozen=True)
class Formula:
    """What one pair of kernels computes.

    Attributes
    ----------
    activation, loss : components
    rule : FirstOrder
    layers : "hidden", "output" or "both"
    dtype : "float32" or "float64"
    """

    activation: Activation
    loss: Loss
    rule: FirstOrder
    layers: Layers
    dtype: DType

    @classmethod
    def of(cls, recipe: Recipe) -> Formula:
        """The formula of a recipe.

        Raises
        ------
        Unrecordable
            Where its optimizer has no elementwise rule.
        """
        rule = recipe.optimizer.elementwise()
        if rule is None:
            raise Unrecordable(f"{recipe.optimizer.name} has no elementwise update rule")
        return cls(recipe.activation, recipe.loss, rule, recipe.layers, recipe.dtype)

    @property
    def hidden(self) -> bool:
        """Whether W is trained."""
        return self.layers != "output"

    @property
    def output(self) -> bool:
        """Whether v is trained."""
        return self.layers != "hidden"


def of_the_difference(loss: Program) -> Program | None:
    """A recorded loss as a program of ``difference``, f − y; None where it is not a function of that alone.

    Of such a loss a kernel can begin the sum of f with −y, which saves an addition and its rounding.
    """
    f, y = Value(0), Value(1)
    difference = Instruction("subtract", (f, y))
    if difference not in loss.instructions:
        return None
    places: dict[Operand, Operand] = {}
    instructions: list[Instruction] = []
    for number, instruction in enumerate(loss.instructions, len(loss.inputs)):
        if instruction == difference:
            places[Value(number)] = Value(0)
            continue
        places[Value(number)] = Value(1 + len(instructions))
        if f in instruction.operands or y in instruction.operands:
            return None
        operands = tuple(places.get(operand, operand) for operand in instruction.operands)
        instructions.append(Instruction(instruction.operation, operands))
    if f in loss.outputs or y in loss.outputs:
        return None
    outputs = tuple(places.get(operand, operand) for operand in loss.outputs)
    return Program(("difference",), tuple(instructions), outputs)
