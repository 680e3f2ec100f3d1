"""Joint evaluation of an activation (φ, φ′) or of a loss, as fast as an array namespace allows."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

from overparam.arrays import Array, Namespace
from overparam.model.activations.base import Activation
from overparam.model.losses.base import Loss
from overparam.runs.elementwise import require_alike
from overparam.tracing.printing import compile_program
from overparam.tracing.symbolic import Unrecordable, record_activation, record_loss

__all__ = ["Evaluation", "activation_function", "is_recorded", "loss_function"]

Evaluation: TypeAlias = Callable[..., tuple[Array, ...]]


def activation_function(activation: Activation, xp: Namespace) -> Evaluation:
    """Return z ↦ (φ(z), φ′(z)); the caller may overwrite φ′(z) once φ(z) is used.

    Common parts of φ and φ′ are computed once if the activation can be recorded.
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


def loss_function(loss: Loss, xp: Namespace) -> Evaluation:
    """Return (f, y) ↦ (∂ℓ/∂f, miss), which may be one array; common parts are computed once."""
    try:
        program = record_loss(loss)
    except Unrecordable:
        return partial(_lost, loss)
    return compile_program(program, xp)


def _lost(loss: Loss, f: Array, y: Array) -> tuple[Array, Array]:
    residual, miss = loss.derivative(f, y), loss.miss(f, y)
    require_alike(loss, "derivative", residual, f)
    require_alike(loss, "miss", miss, f)
    return residual, miss


def is_recorded(function: Evaluation) -> bool:
    """Whether a function is a recorded program, safe to share between threads, not a component's own code."""
    return not isinstance(function, partial)
