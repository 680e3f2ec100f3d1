"""Backends: conversion to and from NumPy, data types, an array's backend, messages if one cannot run."""

import importlib.util
import subprocess
import sys
import types

import numpy as np
import pytest

from overparam.arrays.backends import Ambient, BackendUnavailable, CuPy, NumPy, Torch, backend_of

ARRAYS = {
    "plain": np.arange(6.0).reshape(2, 3),
    "transposed": np.arange(6.0).reshape(3, 2).T,
    "reversed": np.arange(6.0).reshape(2, 3)[:, ::-1],
    "strided": np.arange(24.0).reshape(4, 6)[::2, ::2],
    "big-endian": np.arange(6.0).reshape(2, 3).astype(">f8"),
    "read-only": np.broadcast_to(np.arange(3.0), (2, 3)),
    "single": np.arange(6, dtype=np.float32).reshape(2, 3),
    "whole": np.arange(6).reshape(2, 3),
    "scalar": np.array(2.5),
    "empty": np.zeros((0, 3)),
}


@pytest.mark.parametrize("kind", ARRAYS)
def test_there_and_back_is_the_same_array_in_the_data_type_asked_for(xp, dtype, kind):
    given = ARRAYS[kind]
    before = given.copy()
    here = xp.asarray(given, dtype)
    back = xp.to_numpy(here)
    assert here.dtype == getattr(xp.namespace(), dtype)
    assert (back.dtype, back.shape) == (np.dtype(dtype), given.shape)
    np.testing.assert_array_equal(back, given)
    np.testing.assert_array_equal(given, before)


def test_an_array_that_is_here_already_can_be_given(xp):
    here = xp.asarray(ARRAYS["plain"], "float32")
    np.testing.assert_array_equal(xp.to_numpy(xp.asarray(here, "float32")), ARRAYS["plain"])


def test_row_numbers_and_truth_values(xp):
    rows = xp.asarray(np.array([2, 0, 1]), "int64")
    np.testing.assert_array_equal(xp.to_numpy(rows), [2, 0, 1])
    assert xp.to_numpy(rows).dtype == np.int64
    assert xp.to_numpy(xp.asarray(np.arange(3.0), "float32") > 0.5).tolist() == [False, True, True]


def test_an_array_knows_its_backend(xp):
    found = backend_of(xp.asarray(np.arange(3.0), "float32"))
    assert found == xp if isinstance(xp, NumPy | Torch | CuPy) else isinstance(found, Ambient)
    assert found.namespace() is xp.namespace() or isinstance(xp, Ambient)
    assert found.device_name() == xp.device_name()
    np.testing.assert_array_equal(found.to_numpy(found.asarray(ARRAYS["whole"], "float32")), ARRAYS["whole"])


def test_numpy_arrays_that_fit_are_not_copied():
    given = np.arange(6.0).reshape(2, 3)
    assert NumPy().asarray(given, "float64") is given


def test_torch_arrays_leave_their_graph_of_derivatives():
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    weights = torch.nn.Parameter(torch.ones(3))
    assert not Torch().asarray(weights, "float32").requires_grad
    np.testing.assert_array_equal(Torch().to_numpy(weights), [1.0, 1.0, 1.0])


def test_a_namespace_without_the_data_type_is_an_error():
    jax = pytest.importorskip("jax", reason="JAX is not installed; its double precision must be switched on")
    ones = jax.numpy.ones(3, dtype="float32")
    backend = backend_of(ones)
    assert backend.to_numpy(backend.asarray(ones, "float32")).dtype == np.float32
    if jax.config.jax_enable_x64:
        pytest.skip("JAX's double precision is switched on")
    with (
        pytest.warns(UserWarning, match="float64"),
        pytest.raises(ValueError, match="float32 where float64 is asked for: ask for float32"),
    ):
        backend.asarray(ones, "float64")


@pytest.mark.parametrize(
    ("device", "said"),
    [("nonsense", "nonsense"), ("cuda:1234", "cuda:1234"), ("meta", "Cannot copy out of meta tensor")],
)
def test_a_torch_device_that_cannot_be_used(device, said):
    pytest.importorskip("torch", reason="PyTorch is not installed")
    with pytest.raises(BackendUnavailable, match="PyTorch cannot use device") as caught:
        Torch(device).require()
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def pretend(monkeypatch, name, module):
    """Put a module under this name into sys.modules; None makes its import fail."""
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda n, *a: module if n == name else real(n, *a))
    monkeypatch.setitem(sys.modules, name, module)


@pytest.mark.parametrize(("name", "backend"), [("cupy", CuPy()), ("torch", Torch())])
def test_what_to_install_where_the_library_is_absent(monkeypatch, name, backend):
    pretend(monkeypatch, name, None)
    with pytest.raises(BackendUnavailable, match=r"is not installed: pip install") as caught:
        backend.require()
    assert "\n" not in str(caught.value)


def cuda(available=lambda: True, devices=lambda: 2):
    runtime = types.SimpleNamespace(getDeviceCount=devices)
    return types.SimpleNamespace(cuda=types.SimpleNamespace(is_available=available, runtime=runtime))


def broken():
    raise RuntimeError("CUDA driver version is insufficient for CUDA runtime version")


@pytest.mark.parametrize(
    ("module", "device", "said"),
    [
        (cuda(available=lambda: False), 0, "needs an NVIDIA GPU and finds none: check that nvidia-smi"),
        (cuda(available=broken), 0, "driver version is insufficient.*check the driver with nvidia-smi"),
        (cuda(devices=broken), 0, "does not work here"),
        (cuda(), 2, "no CUDA device 2: choose from 0 to 1"),
        (cuda(), -1, "no CUDA device -1"),
    ],
)
def test_what_to_check_where_cupy_is_present_without_a_gpu(monkeypatch, module, device, said):
    pretend(monkeypatch, "cupy", module)
    with pytest.raises(BackendUnavailable, match=said):
        CuPy(device).require()


def test_naming_a_backend_imports_nothing():
    code = (
        "import sys; from overparam.arrays.backends import CuPy, Torch; CuPy(1), Torch('cuda');"
        "print([m for m in ('cupy', 'torch') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
