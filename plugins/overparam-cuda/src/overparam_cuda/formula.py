"""The input of the kernels' source: the recorded functions of a recipe, its layers and data type."""

from __future__ import annotations

from dataclasses import dataclass

from overparam.plugin import Activation, DType, FirstOrder, Layers, Loss, Recipe, Unrecordable

__all__ = ["Formula"]


@dataclass(frozen=True)
class Formula:
    """The functions that one pair of kernels computes.

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
        """Return the formula of a recipe.

        Raises
        ------
        Unrecordable
            If its optimizer has no elementwise rule.
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
