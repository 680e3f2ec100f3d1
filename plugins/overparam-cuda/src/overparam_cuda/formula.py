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
    """A recorded loss with ``difference``, f − y, in the place of f; None where it needs f itself.

    Of such a loss a kernel can begin the sum of f with −y, which saves an addition and its rounding.
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
