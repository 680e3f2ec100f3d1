"""Quadrature against closed forms."""

import math
import tracemalloc

import mpmath
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from overparam.model.activations import Softplus
from overparam.quantities.gaussian import Estimate, expectation

SOFTPLUS = Softplus()


@pytest.mark.parametrize(
    ("f", "truth"),
    [
        # 20-digit values by mpmath.
        (SOFTPLUS.value, 0.806059183347439785),
        (lambda z: z * SOFTPLUS.derivative(z), 0.206620964141907037),
        (lambda z: SOFTPLUS.derivative(z) ** 2, 0.293379035858092963),
        (SOFTPLUS.derivative, 0.5),
    ],
)
def test_softplus(f, truth):
    estimate = expectation(f)
    assert abs(estimate.value - truth) <= min(estimate.error, 1e-14)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.floats(-3, 3), min_size=1, max_size=12))
def test_polynomials_within_their_error(coefficients):
    moments = [0.0 if r % 2 else float(math.prod(range(1, r, 2))) for r in range(len(coefficients))]
    truth = math.fsum(c * m for c, m in zip(coefficients, moments, strict=True))
    estimate = expectation(lambda z: np.polynomial.polynomial.polyval(z, coefficients))
    assert abs(estimate.value - truth) <= estimate.error + 1e-300
    even = [float(math.prod(range(1, r + r % 2, 2))) for r in range(len(coefficients))]
    assert estimate.error <= 1e-13 * max(
        1.0, sum(abs(c) * m for c, m in zip(coefficients, even, strict=True))
    )


@settings(max_examples=200, deadline=None)
@given(st.floats(-6, 6), st.booleans())
@example(4.3581805493022685, True)
def test_jumps_within_their_error(kink, declared):
    estimate = expectation(lambda z: (z >= kink).astype(float), (kink,) if declared else ())
    # In double precision, the rounding of √2 alone changes erfc by more than the error of the estimate.
    with mpmath.workdps(40):
        missed = abs(estimate.value - mpmath.erfc(mpmath.mpf(kink) / mpmath.sqrt(2)) / 2)
    assert missed <= estimate.error + (0.0 if declared else 1e-9)
    assert estimate.error <= 1e-12


@pytest.mark.parametrize("steepness", [1.0, 30.0, 1e4])
def test_steep_functions_are_resolved(steepness):
    estimate = expectation(
        lambda z: 0.5 * (1.0 + np.tanh(steepness * (z - 0.3))) + 0.5 * (1.0 + np.tanh(steepness * (-z - 0.3)))
    )
    mirrored = expectation(lambda z: 1.0 + np.tanh(steepness * (z - 0.3)))
    assert abs(estimate.value - mirrored.value) <= estimate.error + mirrored.error
    assert estimate.error < 1e-12


def test_what_is_told_from_zero():
    assert Estimate(1e-3, 1e-4).nonzero
    assert Estimate(-1e-3, 1e-4).nonzero
    assert not Estimate(0.0, 0.0).nonzero
    assert Estimate(1e-3, 1e-4).settled == Estimate(1e-3, 1e-4)
    lost = Estimate(-1e-18, 1e-16).settled
    assert lost.value == 0.0
    assert lost.error >= 1e-16 + 1e-18
    unknown = Estimate(1.0, math.inf).settled
    assert math.isnan(unknown.value)
    assert not unknown.nonzero


@pytest.mark.parametrize("scale", [1e200, 1e300])
def test_overflow_is_given_up(scale):
    estimate = expectation(lambda z: (scale * np.minimum(np.exp(z), 1.0)) ** 2)
    assert math.isnan(estimate.value)
    assert math.isinf(estimate.error)


def test_what_cannot_be_resolved_is_given_up_in_bounded_memory():
    tracemalloc.start()
    estimate = expectation(lambda z: np.sin(1e7 * z) ** 2)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2e8
    assert abs(estimate.value - 0.5) <= estimate.error


def test_heavy_functions_are_resolved():
    # E[e^{ag}] = e^{a²/2}.
    estimate = expectation(lambda z: np.exp(3.0 * z))
    assert abs(estimate.value - math.exp(4.5)) <= estimate.error < 1e-10
