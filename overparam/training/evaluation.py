"""φ and φ′ of an activation together, as fast as an array namespace allows."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

from overparam.activations.base import Activation
from overparam.arrays import Array, Namespace
from overparam.training.elementwise import require_alike
from overparam.training.printing import compile_program
from overparam.training.symbolic import Unrecordable, record_activation

__all__ = ["Evaluation", "activation_function"]

Evaluation: TypeAlias = Callable[[Array], tuple[Array, ...]]


def activation_function(activation: Activation, xp: Namespace) -> Evaluation:
    """Return z ↦ (φ(z), φ′(z)); φ′(z) is the caller's to overwrite once φ(z) is used.

    What φ and φ′ have in common is computed once where the activation can be recorded.
    """
    try:
        program = record_activation(activation)
    except Unrecordable:
        return partial(_evaluated, activation, xp)
    return compile_program(program, xp)


def _evaluated(activation: Activation, xp: Namespace, z: Array) -> tuple[Array, Array]:
    value, slope = activation.value(z), activation.derivative(z)
    require_alike(activation, "value", value, z)
    require_alike(activation, "derivative", slope, z)
    return value, xp.asarray(slope, copy=True)
