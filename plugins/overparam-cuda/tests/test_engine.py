"""What the engine takes and what it says, with and without a device."""

import json
import os
import subprocess
import sys
from itertools import product

import numpy as np
import pytest
from host import DEVICE, needs_device
from overparam_cuda import Cuda
from overparam_cuda.engine import fills
from overparam_cuda.layout import Layout, Shape, fits, portions, stride_of
from overparam_cuda.source import BOARD, MOST_THREADS
from simt import LIMIT

from overparam.activations import Softplus
from overparam.backends import CuPy, NumPy
from overparam.optimizers import GradientDescent, LeastSquares
from overparam.plugin import Activation, Job, StopRule, array_namespace
from overparam.problems import draw_problem
from overparam.training import Portable


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


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_memory_of_a_block_is_what_the_kernel_lays_out(dtype):
    shape = Shape.of(100, 25, 25)
    assert shape == (100, 28, 25, 100)

    def numbers(states, batch):
        block = shape.block(states=states, batch=batch, dtype=dtype, limit=LIMIT)
        assert block.held == 0
        return (block.bytes - BOARD) / np.dtype(dtype).itemsize

    arrays = 25 * 100 + 28 + 100 + 28 * 25 + (28 + 7 + 1) * 100
    assert numbers(0, 0) == arrays
    assert numbers(2, 0) == arrays + 2 * 28 * 25
    assert numbers(0, 10) == arrays + 25 * 12 + 10
    assert numbers(0, 101) == arrays + 36 * 8 + 25 * 108 + 101


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_what_is_larger_comes_by_portions_that_fill_the_memory(dtype):
    for n, k, d in ((1000, 200, 200), (1000, 20, 200), (5000, 40, 10), (300, 1000, 700)):
        shape = Shape.of(n, k, d)
        block = shape.block(states=1, batch=0, dtype=dtype, limit=LIMIT)
        a_sample = np.dtype(dtype).itemsize * (d + shape.k * 5 / 4 + 2)
        assert block.held % 8 == 4
        assert block.bytes <= LIMIT < block.bytes + 8 * a_sample
    assert Shape.of(50, 30, 30).block(states=0, batch=0, dtype=dtype, limit=20000).held <= stride_of(50)


def test_only_what_leaves_no_room_for_four_samples_is_refused():

    class Huge:
        k, d = 8000, 6000

    assert (
        fits([Huge()], "float32", LIMIT)
        == "k = 8000 and d = 6000 are too large for a block's 227 KiB of memory"
    )
    assert fits([draw_problem(3, 300, 400)], "float64", LIMIT) is True


def test_few_large_trainings_are_left_to_matrix_products():
    assert fills([draw_problem(100, 25, 25)], 132) is True
    large = draw_problem(1000, 200, 200)
    assert "132 multiprocessors idle" in fills([large], 132)
    assert fills([large] * 132, 132) is True


def test_a_job_is_cut_to_the_memory_of_the_device():
    problems = [draw_problem(10, 3, 4, trial=i) for i in range(7)]
    each = Shape.of(10, 4, 3).device_bytes(1, 4)
    assert each == 4 * (3 * 12 + 4 + 10 + 3 * 12)
    assert list(portions(problems, 1, 4, 3 * each)) == [range(3), range(3, 6), range(6, 7)]
    assert list(portions(problems, 1, 4, 1)) == [range(i, i + 1) for i in range(7)]
    assert list(portions(problems, 1, 4, 1 << 40)) == [range(7)]
    assert list(portions([], 1, 4, 1)) == []


@pytest.mark.parametrize("count", [1, 4, 5, 8, 9, 100, 128, 200, 201])
def test_eight_rows_at_the_same_sample_meet_in_no_bank(count):
    stride = stride_of(count)
    assert count <= stride < count + 8
    assert len({row * stride % 32 // 4 for row in range(8)}) == 8


def test_the_threads_of_a_block_are_whole_warps_and_end_together():
    for n, k, batch in product((1, 10, 100, 200), (1, 8, 25), (0, 1, 64)):
        shape = Shape.of(n, k, 25)
        threads = shape.block(states=0, batch=batch, dtype="float32", limit=LIMIT).threads
        assert threads % 32 == 0
        assert 64 <= threads <= MOST_THREADS
        tiles = -(-(batch or n) // 4) * shape.k // 4
        assert -(-tiles // threads) == -(-tiles // MOST_THREADS)


def test_idle_units_are_left_out_and_come_back():
    problems = [draw_problem(6, 3, k) for k in (1, 5, 8)]
    layout = Layout.of(problems, "float64", states=1, idle=True)
    assert [shape.k for shape in layout.shapes] == [4, 4, 8]
    for position, problem in enumerate(problems):
        np.testing.assert_array_equal(layout.weights(layout.trained, position, problem.W0), problem.W0)
        changed = layout.weights(layout.trained + 1.0, position, problem.W0)
        np.testing.assert_array_equal(changed, problem.W0 + (problem.v != 0.0)[:, None])


@needs_device
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_on_a_device_it_is_the_portable_engine(dtype):
    problems = [draw_problem(50, d, k, trial=k) for k, d in ((2, 3), (9, 7), (25, 25))]
    job = job_of(problems, dtype=dtype)
    assert Cuda().can_run(job) is True
    found, expected = dict(Cuda().run(job)), dict(Portable().run(job_of(problems, NumPy(), dtype=dtype)))
    for position, outcome in expected.items():
        assert found[position].status == outcome.status
        np.testing.assert_allclose(found[position].W, outcome.W, rtol=3e-3, atol=3e-3)
