"""Checks of an activation's contract: elementwise, with the shape and data type of its argument."""

from __future__ import annotations

from overparam.arrays import Array, form_of
from overparam.components import Component
from overparam.components.faults import PluginFailure, calling
from overparam.model.activations.base import Activation

__all__ = ["alike", "require_alike", "require_elementwise"]


def require_elementwise(activation: Activation, z: Array) -> None:
    """Evaluate φ and φ′ once and check the results.

    Raises
    ------
    PluginFailure
        If one of them raises, or does not return an array with the shape and data type of z.
    """
    for name, function in (("value", activation.value), ("derivative", activation.derivative)):
        with calling(activation):
            found = function(z)
        require_alike(activation, name, found, z)


def require_alike(component: Component, name: str, found: Array, z: Array) -> None:
    """Raise PluginFailure unless the result `found` of a function has the shape and data type of z."""
    if alike(found, z):
        return
    raise PluginFailure.of(
        component, f"returned a {name} that is {form_of(found)} for an array that is {form_of(z)}"
    )


def alike(found: object, wanted: Array) -> bool:
    """Whether `found` is an array with the shape and data type of `wanted`."""
    try:
        return bool(found.shape == wanted.shape and found.dtype == wanted.dtype)  # type: ignore[attr-defined]
    except AttributeError:
        return False
