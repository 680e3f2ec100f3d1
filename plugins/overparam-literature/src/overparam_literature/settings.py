"""Reasons why a claim does not cover a setting."""

from __future__ import annotations

import math

import numpy as np

from overparam.plugin import Activation, Component, GradientDescent, Optimizer, ReLU, Setting, Sphere
from overparam.plugin import StochasticGradientDescent as SGD

__all__ = [
    "homogeneity",
    "wants_gradient_descent",
    "wants_homogeneous",
    "wants_lecun_start",
    "wants_relu",
    "wants_sgd",
    "wants_signs",
    "wants_smooth",
    "wants_sphere",
]

_SCALES = (0.3, 2.0, 7.0)
_ROWS = 400
_SPREAD = 0.05


def _called(component: Component) -> str:
    return component.specification()


def _wants(optimizer: Optimizer, wanted: type[Optimizer], what: str) -> str | None:
    """Reason why the optimizer is not exactly `wanted`, or None. A subclass may change the rule."""
    return None if type(optimizer) is wanted else f"it is about {what}; the optimizer is {_called(optimizer)}"


def wants_gradient_descent(setting: Setting) -> str | None:
    """Return why the optimizer is not gradient descent itself, or None."""
    return _wants(setting.optimizer, GradientDescent, "gradient descent")


def wants_sgd(setting: Setting) -> str | None:
    """Return why the optimizer is not stochastic gradient descent itself, or None."""
    return _wants(setting.optimizer, SGD, "stochastic gradient descent")


def wants_relu(setting: Setting) -> str | None:
    """Return why φ is not the ReLU itself, or None."""
    if type(setting.activation) is ReLU:
        return None
    return f"it is about the ReLU; the activation is {_called(setting.activation)}"


def wants_smooth(setting: Setting) -> str | None:
    """Return why φ is not known to have bounded first and second derivatives, or None."""
    if setting.activation.kinks:
        return f"it is about smooth activations; {_called(setting.activation)} has kinks"
    return (
        f"it needs |φ′|, |φ″| ≤ B; {_called(setting.activation)} has no B" if math.isinf(setting.B) else None
    )


def wants_sphere(setting: Setting) -> str | None:
    """Return why the samples are not uniform on the sphere, or None."""
    if type(setting.data) is Sphere:
        return None
    known = "not known" if setting.data is None else _called(setting.data)
    return f"it is about isotropic samples; the data are {known}"


def wants_signs(setting: Setting) -> str | None:
    """Return why the labels are not ±1, or None."""
    y = np.asarray(setting.problem.y)
    return None if bool(np.all(np.abs(y) == 1.0)) else "it is about labels ±1; this study has other labels"


def wants_lecun_start(setting: Setting) -> str | None:
    """Return why the entries of W₀ do not have variance 1/d, judged from one draw, or None."""
    initialization, y = setting.recipe.initialization, np.asarray(setting.problem.y)
    rng = np.random.Generator(np.random.Philox(0))
    W = initialization.draw(setting.n, _ROWS, setting.d, y, rng).W
    spread = float(np.sqrt(np.mean(W * W)) * math.sqrt(setting.d))
    if abs(spread - 1.0) <= _SPREAD:
        return None
    return f"it is about W₀ with entries of variance 1/d; here it is {spread**2:.3g}/d"


def homogeneity(activation: Activation) -> tuple[float, float, float] | None:
    """Return p, φ(1) and φ(−1) of a φ with φ(tz) = tᵖφ(z) for t > 0, tested at a few points, or None."""
    z = np.array([1.0, -1.0])
    with np.errstate(all="ignore"):
        at = np.asarray(activation.value(z), dtype=np.float64)
        scaled = [np.asarray(activation.value(t * z), dtype=np.float64) for t in _SCALES]
    if not (np.isfinite(at).all() and at.any()):
        return None
    i = int(np.argmax(np.abs(at)))
    quotient = float(scaled[1][i] / at[i])
    p = math.log(quotient) / math.log(_SCALES[1]) if quotient > 0.0 else math.nan
    for t, values in zip(_SCALES, scaled, strict=True):
        if not np.allclose(values, t**p * at, rtol=1e-9, atol=1e-12):
            return None
    return p, float(at[0]), float(at[1])


def wants_homogeneous(setting: Setting) -> str | None:
    """Return why φ is not positively homogeneous, or is a monomial, or None."""
    name = _called(setting.activation)
    found = homogeneity(setting.activation)
    if found is None:
        return f"it is about positively homogeneous activations; {name} is not one"
    p, right, left = found
    whole = round(p)
    if abs(p - whole) < 1e-9 and whole >= 0 and abs(left - (-1.0) ** whole * right) < 1e-12:
        return f"it is about activations other than monomials; {name} is one"
    return None
