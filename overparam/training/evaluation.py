"""What an activation, or a loss, gives together, as fast as an array namespace allows."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from overparam.activations.base import Activation
from overparam.arrays import Array, Namespace
from overparam.losses.base import Loss
from overparam.training.printing import compile_program
from overparam.training.symbolic import Unrecordable, record_activation, record_loss

__all__ = ["Evaluation", "activation_function", "loss_function"]

Evaluation: TypeAlias = Callable[..., tuple[Array, ...]]


def activation_function(activation: Activation, xp: Namespace) -> Evaluation:
    """Return z ↦ (φ(z), φ′(z)); φ′(z) is the caller's to overwrite once φ(z) is used.

    What φ and φ′ have in common is computed once where the activation can be recorded.
    """
    try:
        program = record_activation(activation)
    except Unrecordable:
        return lambda z: (activation.value(z), xp.asarray(activation.derivative(z), copy=True))
    return compile_program(program, xp)


def loss_function(loss: Loss, xp: Namespace) -> Evaluation:
    """Return (f, y) ↦ (∂ℓ/∂f, miss), which may be one array; what they have in common is computed once."""
    try:
        program = record_loss(loss)
    except Unrecordable:
        return lambda f, y: (loss.derivative(f, y), loss.miss(f, y))
    return compile_program(program, xp)
