"""The elementary functions against mpmath, in units in the last place, and at extreme arguments."""

import math

import mpmath
import numpy as np
import pytest
from numba import njit
from overparam_numba import vectors
from overparam_numba.vectors import lanes_of, load, store

# Largest errors in units in the last place, as stated in the documentation.
STATED = {"exp": 1.0, "expm1": 1.0, "log": 1.0, "log1p": 1.0, "log1p_unit": 2.5, "tanh": 3.0, "erf": 1.0}
RANGES = {
    "exp": (-80.0, 80.0),
    "expm1": (-20.0, 20.0),
    "log": (1e-6, 50.0),
    "log1p": (-0.99, 30.0),
    "log1p_unit": (0.0, 1.0),
    "tanh": (-6.0, 6.0),
    "erf": (-5.0, 5.0),
}
EXACT = {"log1p_unit": mpmath.log1p}


def applied(name, x):
    function = getattr(vectors, name)

    @njit
    def run(x, out, lanes):
        for i in range(0, x.size, lanes):
            store(out, i, function(load(x, i)))

    lanes = lanes_of(x.itemsize)
    padded = np.concatenate([x, np.ones(-x.size % lanes, dtype=x.dtype)])
    out = np.empty_like(padded)
    run(padded, out, lanes)
    return out[: x.size]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", STATED)
def test_error_in_units_in_the_last_place(name, dtype):
    low, high = RANGES[name]
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.uniform(low, high, 1500), 1e-3 * rng.uniform(low, high, 500)]).astype(dtype)
    if name == "log":
        x = np.abs(x)
    y = applied(name, x)
    with mpmath.workdps(40):
        exact = EXACT.get(name, getattr(mpmath, name, None))
        errors = [
            abs(mpmath.mpf(float(b)) - exact(mpmath.mpf(float(a)))) / float(np.spacing(abs(b)))
            for a, b in zip(x, y, strict=True)
        ]
    assert max(errors) <= STATED[name]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_quotients_of_benign_numbers(dtype):
    rng = np.random.default_rng(1)
    x, y = (np.exp(rng.uniform(-30.0, 30.0, 4096)).astype(dtype) for _ in range(2))

    @njit
    def run(x, y, out, lanes):
        for i in range(0, x.size, lanes):
            store(out, i, vectors.divide_benign(load(x, i), load(y, i)))

    out = np.empty_like(x)
    run(x, y, out, lanes_of(x.itemsize))
    with mpmath.workdps(40):
        errors = [
            abs(mpmath.mpf(float(q)) - mpmath.mpf(float(a)) / mpmath.mpf(float(b))) / float(np.spacing(q))
            for a, b, q in zip(x, y, out, strict=True)
        ]
    assert max(errors) <= 0.75


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("name", "at", "value"),
    [
        ("exp", -math.inf, 0.0),
        ("exp", -1e4, 0.0),
        ("exp", 1e4, math.inf),
        ("exp", math.nan, math.nan),
        ("expm1", -1e4, -1.0),
        ("expm1", math.inf, math.inf),
        ("log", 0.0, -math.inf),
        ("log", -1.0, math.nan),
        ("log", math.inf, math.inf),
        ("log1p", -1.0, -math.inf),
        ("log1p", -2.0, math.nan),
        ("log1p", 1e-30, 1e-30),
        ("tanh", 1e4, 1.0),
        ("tanh", -math.inf, -1.0),
        ("tanh", 1e-30, 1e-30),
        ("erf", -1e4, -1.0),
        ("erf", math.nan, math.nan),
    ],
)
def test_where_numbers_end(name, at, value, dtype):
    found = applied(name, np.array([at], dtype=dtype))[0]
    np.testing.assert_equal(found, np.dtype(dtype).type(value))
