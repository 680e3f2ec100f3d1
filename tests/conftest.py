"""The `xp` fixture: every array library and device that the core is tried on; each skip says why."""

import numpy as np
import pytest

from overparam.backends import Ambient, CuPy, NumPy, Torch


def strict(device):
    """array-api-strict on one of its mock devices: device1 refuses to be mixed or converted unawares."""
    library = pytest.importorskip("array_api_strict", reason="array-api-strict is not installed")
    return Ambient(library, library.Device(device))


def installed(backend):
    """The backend, or a skip with the reason why it cannot run here."""
    if reason := backend.unavailable():
        pytest.skip(reason)
    return backend


LIBRARIES = {
    "numpy": NumPy,
    "array-api-strict": lambda: strict("CPU_DEVICE"),
    "array-api-strict-device1": lambda: strict("device1"),
    "array-api-strict-device2": lambda: strict("device2"),
    "torch": lambda: installed(Torch()),
    "cupy": lambda: installed(CuPy()),
}


@pytest.fixture(params=LIBRARIES)
def xp(request):
    """A backend; `xp.asarray(array, dtype)` and `xp.to_numpy(array)` are the ways in and out."""
    backend = LIBRARIES[request.param]()
    with backend.scope():
        yield backend


TOLERANCE = {"float32": 2e-5, "float64": 1e-11}
"""Relative and absolute, for sums of tens of terms of order 1."""


@pytest.fixture(params=["float32", "float64"])
def dtype(request):
    """A data type's name."""
    return request.param


@pytest.fixture
def close():
    """Compare an array of any library with NumPy's float64 answer."""

    def compare(xp, array, expected, dtype):
        found = xp.to_numpy(array)
        assert found.dtype == np.dtype(dtype)
        np.testing.assert_allclose(found, expected, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])

    return compare
