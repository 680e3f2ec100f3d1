"""Checks of activations: calculus, tails, array libraries, recording."""

from __future__ import annotations

import math
from functools import partial
from numbers import Real
from typing import Any

import array_api_compat
import numpy as np
from numpy.typing import NDArray

from overparam.arrays import array_namespace
from overparam.model.activations import Activation
from overparam.testing.arrays import BACKENDS, DTYPES, installed_backend, on_host, tolerance
from overparam.testing.checks import Check, Skipped, require, require_close, same_bits
from overparam.testing.gaussian import gaussian_checks
from overparam.tracing.printing import compile_program
from overparam.tracing.symbolic import Unrecordable, record_activation

__all__ = ["activation_checks"]

Reals = NDArray[np.float64]

_TAILS = np.array([-1e4, -1e3, -100.0, -30.0, 30.0, 100.0, 1e3, 1e4])
_MIDDLE = np.linspace(-8.0, 8.0, 1601) + 3.7e-4
_STEP = 1e-3
_JUMP = 1e-4
_LARGEST_FLOAT32 = 1e37


def activation_checks(activation: Activation) -> list[Check]:
    """Return the named checks that every activation must pass."""
    return [
        Check("derivative-matches-finite-differences", partial(_derivative, activation)),
        Check("kinks-are-where-it-says", partial(_kinks, activation)),
        Check("bound-holds", partial(_bound, activation)),
        Check("both-tails-are-finite-and-accurate", partial(_tails, activation)),
        Check("nan-stays-nan", partial(_nan, activation)),
        Check("shape-and-dtype-are-kept", partial(_shapes, activation)),
        *(Check(f"runs-on-{name}", partial(_backend, activation, name)) for name in BACKENDS),
        Check("recordable", partial(_recordable, activation)),
        *gaussian_checks(activation),
    ]


def _derivative(activation: Activation) -> None:
    z = _away_from_kinks(activation, np.concatenate([_TAILS, _MIDDLE]))
    slope, error = _difference_quotient(activation.value, z)
    allowed = 1e-7 * (1.0 + np.abs(slope)) + 4.0 * error
    found = on_host(activation.derivative, z)
    require_close("derivative(z) against finite differences of value(z)", found, slope, allowed, z)


def _kinks(activation: Activation) -> None:
    kinks: object = activation.kinks
    require(
        isinstance(kinks, tuple) and all(isinstance(c, Real) and math.isfinite(c) for c in kinks),
        f"kinks must be a tuple of numbers, got {kinks!r}; make it a property if it depends on a parameter",
    )
    for kink in activation.kinks:
        wide, narrow = (_change(activation, kink, width * max(1.0, abs(kink))) for width in (1e-6, 1e-9))
        require(
            narrow > 1e-6 and narrow >= 0.5 * wide,
            f"{kink:g} is declared a kink, but the derivative does not jump there: remove it from kinks",
        )
    grid = np.linspace(-10.0, 10.0, 4002)
    left, right = grid[:-1], grid[1:]
    clear = np.ones(left.shape, dtype=bool)
    for kink in activation.kinks:
        clear &= (kink < left - 1e-9) | (kink > right + 1e-9)
    for what, f in (("value", activation.value), ("derivative", activation.derivative)):
        where, jump = _largest_jump(f, left[clear], right[clear])
        remedy = "declare it in kinks" if what == "derivative" else "φ must be continuous"
        require(jump < _JUMP, f"{what}(z) jumps by {jump:.3g} at z = {where:.6g}: {remedy}")


def _change(activation: Activation, kink: float, width: float) -> float:
    """Change of φ′ across a point."""
    ends = on_host(activation.derivative, np.array([kink - width, kink + width]))
    return float(abs(ends[1] - ends[0]))


def _largest_jump(f: Any, left: Reals, right: Reals) -> tuple[float, float]:
    """Bisect every interval towards its larger change; the change left is a jump, relative to 1 + |f|."""
    for _ in range(36):
        middle = 0.5 * (left + right)
        low, centre, high = on_host(f, left), on_host(f, middle), on_host(f, right)
        lower = np.abs(centre - low) >= np.abs(high - centre)
        left, right = np.where(lower, left, middle), np.where(lower, middle, right)
    low, high = on_host(f, left), on_host(f, right)
    jumps = np.abs(high - low) / (1.0 + np.abs(low))
    i = int(np.argmax(jumps))
    return float(right[i]), float(jumps[i])


def _bound(activation: Activation) -> None:
    bound = activation.bound
    if bound is None:
        raise Skipped("the activation declares no bound B")
    require(math.isfinite(bound) and bound >= 0.0, f"bound must be a number ≥ 0 or None, got {bound!r}")
    z = _away_from_kinks(activation, np.concatenate([_TAILS, np.linspace(-50.0, 50.0, 20_001) + 3.7e-4]))
    slope = np.abs(on_host(activation.derivative, z))
    curvature, error = _difference_quotient(activation.derivative, z)
    for what, size, slack in (("|φ′|", slope, 0.0 * error), ("|φ″|", np.abs(curvature), 1e-6 + 4.0 * error)):
        excess = np.nan_to_num(size - bound * (1.0 + 1e-9) - slack, nan=np.inf)
        i = int(np.argmax(excess))
        require(excess[i] <= 0.0, f"{what} is {size[i]:.6g} at z = {z[i]:.6g}, above the bound {bound:g}")


def _tails(activation: Activation) -> None:
    for what, f in (("value", activation.value), ("derivative", activation.derivative)):
        exact = on_host(f, _TAILS)
        for z, y in zip(_TAILS, exact, strict=True):
            require(bool(np.isfinite(y)), f"{what}({z:g}) is {y} in float64: write it without overflow")
        single = on_host(f, _TAILS.astype(np.float32))
        fits = np.abs(exact) < _LARGEST_FLOAT32
        allowed = 1e-5 * (1.0 + np.abs(exact[fits]))
        require_close(f"{what} in float32", single[fits], exact[fits], allowed, _TAILS[fits])


def _nan(activation: Activation) -> None:
    found = on_host(activation.value, np.array([0.5, np.nan]))
    require(
        bool(np.isnan(found[1])),
        f"value(nan) is {found[1]:g}, it must be nan: otherwise divergence goes unnoticed",
    )


def _shapes(activation: Activation) -> None:
    for what, f in (("value", activation.value), ("derivative", activation.derivative)):
        for dtype in DTYPES:
            for shape in ((), (0,), (3,), (2, 3, 4)):
                z = np.full(shape, 0.5, dtype=dtype)
                z.flags.writeable = False
                found = f(z)
                require(
                    found.shape == shape and found.dtype == z.dtype,
                    f"{what} of {dtype} {shape} is {found.dtype} {found.shape}: use Python floats and "
                    "elementwise functions of array_namespace(z)",
                )


def _backend(activation: Activation, name: str) -> None:
    backend = installed_backend(name)
    for dtype in DTYPES:
        points = _away_from_kinks(activation, np.concatenate([np.linspace(-6.0, 6.0, 121), _TAILS[2:6]]))
        host = points.astype(dtype)
        with backend.scope():
            z = backend.asarray(host.copy(), dtype)
            for what, f in (("value", activation.value), ("derivative", activation.derivative)):
                found = f(z)
                require(same_bits(backend.to_numpy(z), host), f"{what} writes to its argument")
                require(
                    array_namespace(found) is array_namespace(z) and found.dtype == z.dtype,
                    f"{what} of a {dtype} array of {name} must be one too, got a {type(found).__name__} of "
                    f"{found.dtype}",
                )
                wanted = on_host(f, host.astype(np.float64))
                allowed = tolerance(dtype, 256.0) * (1.0 + np.abs(wanted))
                got = backend.to_numpy(found).astype(np.float64)
                require_close(f"{what} on {name} in {dtype}", got, wanted, allowed, host)


def _recordable(activation: Activation) -> None:
    try:
        program = record_activation(activation)
    except Unrecordable as reason:
        raise Skipped(f"fused engines cannot run it: {reason}") from reason
    z = np.concatenate([_TAILS, _MIDDLE])
    replayed = compile_program(program, array_api_compat.array_namespace(z))
    with np.errstate(all="ignore"):
        outputs = replayed(z.copy())
    for what, f, found in zip(
        ("value", "derivative"), (activation.value, activation.derivative), outputs, strict=True
    ):
        wanted = on_host(f, z)
        allowed = tolerance("float64") * (1.0 + np.abs(wanted))
        require_close(f"{what}, recorded and replayed", found, wanted, allowed, z)


def _away_from_kinks(activation: Activation, z: Reals) -> Reals:
    kept = np.ones(z.shape, dtype=bool)
    for kink in activation.kinks:
        kept &= np.abs(z - kink) > 2.0 * _steps(z)
    return z[kept]


def _steps(z: Reals) -> Reals:
    return np.asarray(_STEP * np.maximum(1.0, np.abs(z)))


def _difference_quotient(f: Any, z: Reals) -> tuple[Reals, Reals]:
    """Central differences with one Richardson step, and the disagreement of two step sizes."""
    h = _steps(z)

    def central(step: Reals) -> Reals:
        return np.asarray((on_host(f, z + step) - on_host(f, z - step)) / (2.0 * step))

    coarse, middle, fine = central(h), central(0.5 * h), central(0.25 * h)
    first, second = (4.0 * middle - coarse) / 3.0, (4.0 * fine - middle) / 3.0
    return second, np.abs(second - first)
