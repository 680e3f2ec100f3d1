"""What the engine takes and what it says, with and without a device."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from overparam_cuda import Cuda
from overparam_cuda.layout import Layout, shape_of, shared_bytes

from overparam.activations import Softplus
from overparam.backends import CuPy, NumPy
from overparam.optimizers import GradientDescent, LeastSquares
from overparam.plugin import Activation, Job, StopRule, array_namespace
from overparam.problems import draw_problem
from overparam.training import Portable

DEVICE = CuPy().unavailable() is None


class Sorted(Activation):
    name = "sorted"

    def value(self, z):
        return array_namespace(z).sort(z)

    def derivative(self, z):
        return array_namespace(z).ones_like(z)


def job_of(problems, backend=None, **changed):
    settings = {
        "activation": Softplus(),
        "optimizer": GradientDescent(0.1),
        "stop": StopRule(60),
        "backend": backend or CuPy(),
        "dtype": "float32",
    } | changed
    return Job(problems, **settings)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"backend": NumPy()}, "the backend is numpy"),
        ({"optimizer": LeastSquares()}, "least-squares is not a first-order method"),
        ({"activation": Sorted()}, "xp.sort"),
    ],
)
def test_it_says_why_not(changed, said):
    assert said in Cuda().can_run(job_of([draw_problem(5, 2, 2)], **changed))


@pytest.mark.skipif(DEVICE, reason="there is a device")
def test_without_a_device_it_says_what_is_missing():
    assert Cuda().can_run(job_of([draw_problem(5, 2, 2)])) == CuPy().unavailable()


@pytest.mark.skipif(DEVICE, reason="there is a device")
def test_without_a_device_everything_else_works():
    def overparam(*arguments):
        command = [sys.executable, "-m", "overparam", *arguments, "--json"]
        return subprocess.run(
            command, env=os.environ | {"OVERPARAM_STRICT_PLUGINS": "1"}, capture_output=True
        )

    document = json.loads(overparam("info").stdout)
    assert "cuda" in json.dumps(document["engines"])
    sizes = ("--n", "5", "--d", "2", "--k", "2", "--max-iterations", "3")
    assert json.loads(overparam("train", *sizes).stdout)["engine"] != "cuda"


@pytest.mark.parametrize("itemsize", [4, 8])
def test_the_memory_of_a_block_is_what_the_kernel_lays_out(itemsize):
    n, k, d, stride = shape_of(100, 25, 25, 0)
    assert (n, k, d, stride) == (100, 28, 25, 101)
    arrays = d * stride + n + k + 2 * k * d + k * stride + stride + 128 + 8
    assert shared_bytes((n, k, d, stride), 0, itemsize) == itemsize * arrays
    assert shared_bytes((n, k, d, stride), 2, itemsize) == itemsize * (arrays + 2 * k * d)


def test_idle_units_are_left_out_and_come_back():
    problems = [draw_problem(6, 3, k) for k in (1, 5, 8)]
    layout = Layout.of(problems, "float64", states=1, batch=0, idle=True)
    assert layout.shapes[:, 1].tolist() == [4, 4, 8]
    for position, problem in enumerate(problems):
        np.testing.assert_array_equal(layout.weights(layout.trained, position, problem.W0), problem.W0)
        changed = layout.weights(layout.trained + 1.0, position, problem.W0)
        np.testing.assert_array_equal(changed, problem.W0 + (problem.v != 0.0)[:, None])


@pytest.mark.skipif(not DEVICE, reason="needs a device")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_on_a_device_it_is_the_portable_engine(dtype):
    problems = [draw_problem(50, d, k, trial=k) for k, d in ((2, 3), (9, 7), (25, 25))]
    job = job_of(problems, dtype=dtype)
    assert Cuda().can_run(job) is True
    found, expected = dict(Cuda().run(job)), dict(Portable().run(job_of(problems, NumPy(), dtype=dtype)))
    for position, outcome in expected.items():
        assert found[position].status == outcome.status
        np.testing.assert_allclose(found[position].W, outcome.W, rtol=3e-3, atol=3e-3)
