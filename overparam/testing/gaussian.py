"""Checks of an activation's Gaussian quantities: Hermite coefficients and kernels in closed form."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overparam.model.activations import Activation
from overparam.quantities.gaussian import expectation
from overparam.quantities.hermite import hermite_series
from overparam.runs.elementwise import require_elementwise
from overparam.testing.arrays import DTYPES, installed_backend, on_host
from overparam.testing.checks import Check, Skipped, require, require_close
from overparam.theory.closed_forms import closed_form

__all__ = ["gaussian_checks"]

Reals = NDArray[np.float64]

_DEGREE = 8
_KERNEL_DEGREE = 64
_REACH = 14.0


def gaussian_checks(activation: Activation) -> list[Check]:
    """Return the checks: Hermite coefficients against quadrature, closed-form kernels against series."""
    return [
        Check(name, partial(_elementwise, activation, check))
        for name, check in (
            ("hermite-coefficients-match-quadrature", partial(_coefficients, activation)),
            ("hermite-coefficients-obey-stein", partial(_stein, activation)),
            ("kernel-of-value-matches-series", partial(_kernel, activation, derivative=False)),
            ("kernel-of-derivative-matches-series", partial(_kernel, activation, derivative=True)),
        )
    ]


def _elementwise(activation: Activation, check: Callable[[], None]) -> None:
    """Run a check if the activation is elementwise; on any other, quadrature would not end."""
    require_elementwise(activation, np.linspace(-2.0, 2.0, 6).reshape(2, 3))
    check()


def _coefficients(activation: Activation) -> None:
    degrees = np.arange(_DEGREE + 1.0)
    for derivative in (False, True):
        series = hermite_series(activation, _DEGREE, derivative=derivative)
        plain = _plain_quadrature(activation, derivative)
        scale = math.sqrt(series.second_moment.value)
        what = f"μ_r(φ{'′' if derivative else ''}) against plain quadrature, by degree r"
        require_close(what, series.coefficients, plain, series.errors + 1e-8 * (1.0 + scale), degrees)


def _plain_quadrature(activation: Activation, derivative: bool) -> Reals:
    """E[f(g)h_r(g)] by 20 Gauss–Legendre nodes on panels of equal width between kinks, r = 0 … 8."""
    nodes, weights = np.polynomial.legendre.leggauss(20)
    ends = np.unique([-_REACH, *(c for c in activation.kinks if abs(c) < _REACH), _REACH])
    pieces = [np.linspace(a, b, 101)[:-1] for a, b in pairwise(ends)]
    edges = np.concatenate([*pieces, [_REACH]])
    middle, half = 0.5 * (edges[1:] + edges[:-1]), 0.5 * (edges[1:] - edges[:-1])
    x = (middle[:, None] + half[:, None] * nodes).ravel()
    mass = (half[:, None] * weights).ravel() * np.exp(-0.5 * x**2) / math.sqrt(2.0 * math.pi)
    f = on_host(activation.derivative if derivative else activation.value, x)
    norms = np.sqrt([math.factorial(r) for r in range(_DEGREE + 1)])
    return np.asarray((mass * f) @ np.polynomial.hermite_e.hermevander(x, _DEGREE) / norms)


def _stein(activation: Activation) -> None:
    """√(r+1) μ_{r+1}(φ) = μ_r(φ′): ties φ to φ′, their kinks included."""
    value = hermite_series(activation, _DEGREE + 1)
    slope = hermite_series(activation, _DEGREE, derivative=True)
    rising = np.sqrt(np.arange(1.0, _DEGREE + 2.0))
    wanted = rising * value.coefficients[1:]
    scale = math.sqrt(value.second_moment.value) + math.sqrt(slope.second_moment.value)
    allowed = slope.errors + rising * value.errors[1:] + 1e-9 * (1.0 + scale)
    require_close(
        "μ_r(φ′) against √(r+1) μ_{r+1}(φ), by degree r: is derivative(z) the derivative of value(z), and is "
        "every kink declared?",
        slope.coefficients,
        wanted,
        allowed,
        np.arange(_DEGREE + 1.0),
    )


def _kernel(activation: Activation, *, derivative: bool) -> None:
    form = closed_form(activation, derivative=derivative)
    if form is None:
        method = "derivative_kernel" if derivative else "gaussian_kernel"
        raise Skipped(f"it has no method {method}(cosine, sine); the series is used")
    angle = np.linspace(0.0, math.pi, 41)
    cosine, sine = np.cos(angle), np.sin(angle)
    wanted, slack = _by_series(activation, cosine, derivative)
    require_close("the kernel in closed form, by ρ", np.asarray(form(cosine, sine)), wanted, slack, cosine)
    _kernel_arrays(form, cosine, sine)


def _by_series(activation: Activation, cosine: Reals, derivative: bool) -> tuple[Reals, Reals]:
    """Σ_r μ_r²ρʳ and a bound on its remainder; at ρ = ±1 by quadrature, where the series is slowest."""
    series = hermite_series(activation, _KERNEL_DEGREE, derivative=derivative)
    powers = cosine[:, None] ** np.arange(_KERNEL_DEGREE + 1)
    wanted = powers @ series.coefficients**2
    scale = 1.0 + series.second_moment.value
    rounding = series.square_errors().sum() + 1e-10 * scale
    slack = series.remainder * np.abs(cosine) ** (_KERNEL_DEGREE + 1) + rounding
    f = activation.derivative if derivative else activation.value
    for end, sign in ((0, 1.0), (-1, -1.0)):
        mirrored = expectation(
            partial(_mirrored, f, sign), sorted({*activation.kinks, *(-c for c in activation.kinks)})
        )
        wanted[end], slack[end] = mirrored.value, mirrored.error + 1e-10 * scale
    return wanted, slack


def _mirrored(f: Callable[[Any], Any], sign: float, z: Reals) -> Reals:
    return on_host(f, z) * on_host(f, sign * z)


def _kernel_arrays(form: Callable[[Any, Any], Any], cosine: Reals, sine: Reals) -> None:
    """Check that the kernel keeps the data type and the array library of its arguments."""
    exact = np.asarray(form(cosine, sine))
    for name in ("numpy", "array-api-strict"):
        try:
            backend = installed_backend(name)
        except Skipped:
            continue
        for dtype in DTYPES:
            found = backend.to_numpy(form(backend.asarray(cosine, dtype), backend.asarray(sine, dtype)))
            require(
                found.dtype == np.dtype(dtype), f"the kernel of {dtype} arrays on {name} is {found.dtype}"
            )
            allowed = 1e-5 if dtype == "float32" else 1e-12
            require_close(
                f"the kernel on {name} in {dtype}", found, exact, allowed * (1.0 + np.abs(exact)), cosine
            )
