"""The conformance kit's results for backends with a planted fault, and for backends without one."""

from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import pytest

from overparam.arrays.backends import BackendUnavailable, NumPy, Torch, why_unavailable
from overparam.testing import Verdict, checks_for, run_check
from tests.testing.faults import assert_found


@dataclass(frozen=True)
class Dumb(NumPy):
    def unavailable(self):
        return ""


@dataclass(frozen=True)
class Raising(NumPy):
    def unavailable(self):
        raise RuntimeError("no driver")


@dataclass(frozen=True)
class Narrow(NumPy):
    def asarray(self, array, dtype):
        return np.asarray(array, dtype="float32" if dtype == "float64" else dtype)


@dataclass(frozen=True)
class Reversed(NumPy):
    def to_numpy(self, array):
        return np.asarray(array)[..., ::-1]


@dataclass(frozen=True)
class Listing(NumPy):
    def to_numpy(self, array):
        return array.tolist()


@dataclass(frozen=True)
class Nameless(NumPy):
    def device_name(self):
        return None


@dataclass(frozen=True)
class Closed(NumPy):
    @contextmanager
    def scope(self):
        raise RuntimeError("out of devices")
        yield


@dataclass(frozen=True)
class Rounding(NumPy):
    """Data with four inputs are rounded to three digits; their rows still have norm 1."""

    def asarray(self, array, dtype):
        moved = super().asarray(array, dtype)
        if moved.shape != (7, 4):
            return moved
        rounded = np.round(moved, 3)
        return rounded / np.linalg.norm(rounded, axis=1, keepdims=True)


FAULTS = [
    (Dumb(), "says-whether-it-can-run", "a sentence with the remedy"),
    (Raising(), "says-whether-it-can-run", "it raised RuntimeError: no driver"),
    (Narrow(), "arrays-come-back-as-they-went", "a float64 array comes back as float32"),
    (Reversed(), "arrays-come-back-as-they-went", "comes back as"),
    (Listing(), "arrays-come-back-as-they-went", "to_numpy returns a list"),
    (Nameless(), "describes-its-device", "device_name() is None"),
    (Rounding(), "computes-the-theory-as-numpy-does", "‖X‖ is 1.82"),
    (Closed(), "trains-as-numpy-does-float32", "out of devices"),
]


@pytest.mark.parametrize(("component", "name", "said"), FAULTS, ids=lambda x: type(x).__name__)
def test_a_planted_fault_is_found(component, name, said):
    assert_found(component, name, said)


def test_a_backend_without_a_fault_passes():
    assert {run_check(check).verdict for check in checks_for(NumPy())} == {Verdict.PASSED}


def test_one_that_is_not_here_is_skipped_with_its_reason():
    results = [run_check(check) for check in checks_for(Torch(device="nowhere"))]
    skipped = [result for result in results if result.verdict is Verdict.SKIPPED]
    assert len(skipped) == 5
    assert all("nowhere" in result.message or "PyTorch" in result.message for result in skipped)


def test_one_that_fails_to_say_is_unavailable():
    assert (
        why_unavailable(Raising())
        == "the numpy backend failed to say whether it can run (RuntimeError: no driver)"
    )
    with pytest.raises(BackendUnavailable, match="no driver"):
        Raising().require()
