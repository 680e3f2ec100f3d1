"""Kernels in closed form, for activations that provide one, and the check that it belongs to their φ."""

from __future__ import annotations

import math
from typing import Protocol, runtime_checkable

from overparam.arrays import Array, array_namespace
from overparam.model.activations import Activation, ReLU
from overparam.quantities.correlations import Entry

__all__ = ["DerivativeKernel", "ValueKernel", "closed_form", "written_for"]


@runtime_checkable
class ValueKernel(Protocol):
    """An activation with E[φ(g)φ(g′)] in closed form, for standard Gaussians g, g′ of correlation ρ."""

    def gaussian_kernel(self, cosine: Array, sine: Array) -> Array:
        """Return E[φ(g)φ(g′)], elementwise.

        Parameters
        ----------
        cosine, sine : array
            ρ = cos θ and √(1 − ρ²) = sin θ ≥ 0, each to full relative accuracy: θ = atan2(sine, cosine)
            is accurate near ±1, where arccos(ρ) is not.
        """


@runtime_checkable
class DerivativeKernel(Protocol):
    """An activation with E[φ′(g)φ′(g′)] in closed form, for standard Gaussians g, g′ of correlation ρ."""

    def derivative_kernel(self, cosine: Array, sine: Array) -> Array:
        """Return E[φ′(g)φ′(g′)], elementwise; parameters as in `ValueKernel.gaussian_kernel`."""


def written_for(activation: Activation, attribute: str) -> bool:
    """Return whether `attribute` of the class belongs to the φ and φ′ of its objects.

    It does not if a subclass redefines `value` or `derivative` and inherits `attribute` from a class with
    another φ. An attribute of a class with an abstract φ belongs to all its subclasses.
    """
    order = type(activation).__mro__

    def place(name: str) -> int:
        return next((i for i, cls in enumerate(order) if name in vars(cls)), 0)

    said = place(attribute)

    def redefined(name: str) -> bool:
        before = getattr(order[said], name, None)
        return (
            place(name) < said and before is not None and not getattr(before, "__isabstractmethod__", False)
        )

    return not (redefined("value") or redefined("derivative"))


def closed_form(activation: Activation, *, derivative: bool) -> Entry | None:
    """Return E[φφ], or E[φ′φ′], as a function of (cos θ, sin θ); None without a closed form."""
    if derivative and isinstance(activation, DerivativeKernel):
        return activation.derivative_kernel if written_for(activation, "derivative_kernel") else None
    if not derivative and isinstance(activation, ValueKernel):
        return activation.gaussian_kernel if written_for(activation, "gaussian_kernel") else None
    if type(activation) is ReLU:  # a subclass may have another φ
        return _relu_derivative if derivative else _relu_value
    return None


def _relu_value(cosine: Array, sine: Array) -> Array:
    """(sin θ + (π − θ)cos θ)/2π, the arc-cosine kernel of degree 1 (Cho & Saul, 2009)."""
    angle = array_namespace(cosine).atan2(sine, cosine)
    return (sine + (math.pi - angle) * cosine) * (0.5 / math.pi)


def _relu_derivative(cosine: Array, sine: Array) -> Array:
    """(π − θ)/2π, the arc-cosine kernel of degree 0."""
    angle = array_namespace(cosine).atan2(sine, cosine)
    return (math.pi - angle) * (0.5 / math.pi)
