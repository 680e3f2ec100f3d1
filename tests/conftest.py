"""The `xp` fixture: every array library and device that the core is tested on; each skip states why."""

import gc
import os
import random
import signal
from dataclasses import dataclass

# The workers of pytest share the cores. With more threads than cores, the array libraries would mostly wait
# for each other. The libraries read this variable when they are imported.
if workers := os.environ.get("PYTEST_XDIST_WORKER_COUNT"):
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // int(workers))))

import numpy as np
import pytest

from overparam.arrays.backends import Ambient, CuPy, NumPy, Torch
from overparam.arrays.machine import usable_cores
from tests.tolerances import tolerance


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config):
    """Return the number of cores plus one: many tests wait for processes or for the disk."""
    return usable_cores() + 1


def pytest_collection_finish(session):
    """Exclude modules and tests from garbage collection: scanning them took a tenth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 50, 100)


# Where SIGINT is ignored, as under nohup or in a background job, the processes that tests start and
# interrupt would ignore it too.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@dataclass(frozen=True)
class Strict(Ambient):
    """array-api-strict on a mock device; a data type that the device does not support is skipped."""

    def asarray(self, array, dtype):
        if dtype == "float64" and self.device == self.array_namespace.Device("no_float64"):
            pytest.skip("this mock device has no float64")
        return super().asarray(array, dtype)


def strict(device):
    """One of the mock devices: device1 refuses mixing and conversion, device2 has float32 by default."""
    library = pytest.importorskip("array_api_strict", reason="array-api-strict is not installed")
    return Strict(library, library.Device(device))


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
    "array-api-strict-no_float64": lambda: strict("no_float64"),
    "torch": lambda: installed(Torch()),
    "cupy": lambda: installed(CuPy()),
}


@pytest.fixture(params=LIBRARIES)
def xp(request):
    """A backend; `xp.asarray(array, dtype)` and `xp.to_numpy(array)` convert from and to NumPy."""
    backend = LIBRARIES[request.param]()
    with backend.scope():
        yield backend


@pytest.fixture(params=["float32", "float64"])
def dtype(request):
    """Name of a data type."""
    return request.param


@pytest.fixture
def close():
    """Compare an array of any library with NumPy's float64 answer, shape and data type included."""

    def compare(xp, array, expected, dtype, operation="sum"):
        found, allowed = xp.to_numpy(array), tolerance(dtype, operation)
        assert (found.dtype, found.shape) == (np.dtype(dtype), np.shape(expected))
        np.testing.assert_allclose(found, expected, rtol=allowed, atol=allowed)

    return compare


@pytest.fixture
def attacks(request):
    """Numbered attacks, each with its own generator: a few, or many with ``nox -s chaos -- COUNT SEED``.

    A COUNT of 1,000 means 3,000 command lines, 500 of them as processes; 1,000 kills; 2,000 flips of one bit;
    and 1,000 attacks of most other kinds. A failure prints the seed and the number of the attack; the same
    seed and number repeat the attack.
    """
    count, seed = int(os.environ.get("CHAOS_COUNT", 0)), int(os.environ.get("CHAOS_SEED", 0))

    def numbered(few, share=1.0):
        for number in range(max(1, round(count * share)) if count else few):
            print(f"{request.node.name}: seed {seed}, attack {number}")
            yield random.Random(f"{seed} {request.node.name} {number}")

    return numbered
