"""Kernels in closed form, for activations that have one."""

from __future__ import annotations

import math
from typing import Protocol, runtime_checkable

from overparam.activations import Activation, ReLU
from overparam.arrays import Array, array_namespace
from overparam.theory.correlations import Entry

__all__ = ["DerivativeKernel", "ValueKernel", "closed_form"]


@runtime_checkable
class ValueKernel(Protocol):
    """An activation that knows E[φ(g)φ(g′)] for standard Gaussians g, g′ of correlation ρ."""

    def gaussian_kernel(self, cosine: Array, sine: Array) -> Array:
        """E[φ(g)φ(g′)], elementwise.

        Parameters
        ----------
        cosine, sine : array
            ρ = cos θ and √(1 − ρ²) = sin θ ≥ 0, each to full relative accuracy: θ = atan2(sine, cosine)
            keeps the digits that arccos(ρ) loses near ±1.
        """


@runtime_checkable
class DerivativeKernel(Protocol):
    """An activation that knows E[φ′(g)φ′(g′)] for standard Gaussians g, g′ of correlation ρ."""

    def derivative_kernel(self, cosine: Array, sine: Array) -> Array:
        """E[φ′(g)φ′(g′)], elementwise; parameters as in `ValueKernel.gaussian_kernel`."""


def closed_form(activation: Activation, *, derivative: bool) -> Entry | None:
    """E[φφ], or E[φ′φ′], as a function of (cos θ, sin θ); None where the activation has no such form."""
    if derivative and isinstance(activation, DerivativeKernel):
        return activation.derivative_kernel
    if not derivative and isinstance(activation, ValueKernel):
        return activation.gaussian_kernel
    if isinstance(activation, ReLU):
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
