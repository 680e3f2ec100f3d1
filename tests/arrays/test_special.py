"""The error function against mpmath, at its ends and on other array libraries."""

import math

import mpmath
import numpy as np
import pytest

from overparam.arrays.special import erf

UNITS = {"float32": 2.5, "float64": 2.5}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_error_in_units_in_the_last_place(dtype):
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.uniform(-6.5, 6.5, 1500), 1e-4 * rng.standard_normal(300)]).astype(dtype)
    y = erf(x)
    assert y.dtype == x.dtype
    exact = [mpmath.erf(mpmath.mpf(float(value))) for value in x]
    units = np.spacing(np.abs(y)).astype(float)
    errors = [abs(float(b) - e) / u for b, e, u in zip(y, exact, units, strict=True)]
    assert max(errors) <= UNITS[dtype]


def test_ends():
    found = erf(np.array([0.0, math.inf, -math.inf, 1e300, -1e300]))
    np.testing.assert_array_equal(found, [0.0, 1.0, -1.0, 1.0, -1.0])
    assert math.isnan(erf(np.array([math.nan]))[0])


@pytest.mark.parametrize("namespace", ["array_api_strict", "torch"])
def test_other_namespaces(namespace):
    xp = pytest.importorskip(namespace)
    x = np.linspace(-3.0, 3.0, 41)
    np.testing.assert_allclose(np.asarray(erf(xp.asarray(x))), erf(x), rtol=1e-14)
