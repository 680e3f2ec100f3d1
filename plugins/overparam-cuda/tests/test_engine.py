"""Which jobs the engine accepts and what it reports, with and without a device."""

import json
import os
import subprocess
import sys
from itertools import product

import numpy as np
import pytest
from host import DEVICE, needs_device
from kinds import job_of
from overparam_cuda import Cuda
from overparam_cuda.blocks import Method, Shape, stride_of, too_large
from overparam_cuda.engine import leaves_idle
from overparam_cuda.layout import Layout, portions
from overparam_cuda.source import BOARD, MOST_THREADS
from simt import LIMIT

from overparam.arrays.backends import CuPy
from overparam.methods import GradientDescent, LeastSquares
from overparam.model.problem import draw_problem
from overparam.plugin import Activation, Loss, array_namespace
from overparam.runs import Portable


class Sorted(Activation):
    name = "sorted"

    def value(self, z):
        return array_namespace(z).sort(z)

    def derivative(self, z):
        return array_namespace(z).ones_like(z)


class Sorting(Loss):
    name = "sorting"

    def value(self, f, y):
        return f - y

    def derivative(self, f, y):
        return array_namespace(f).sort(f - y)

    def miss(self, f, y):
        return f - y

    def scale(self, y):
        return 1.0


class Sampled(GradientDescent):
    name = "sampled"

    def elementwise(self):
        return None


def on_cupy(problems, **changed):
    return job_of(problems, "float32", backend=CuPy(), **changed)


def memory(dtype="float32", layers="hidden", states=0, batch=0):
    return Method(layers != "output", layers != "hidden", states, batch, dtype)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"optimizer": LeastSquares(), "layers": "output"}, "least-squares has no elementwise update rule"),
        ({"optimizer": Sampled()}, "sampled has no elementwise update rule"),
        ({"loss": Sorting()}, "xp.sort"),
        ({"activation": Sorted()}, "xp.sort"),
    ],
)
def test_it_says_why_not(changed, said):
    assert said in Cuda().objection(on_cupy([draw_problem(5, 2, 2)], **changed))


def test_it_is_for_cupy():
    assert "the backend is numpy" in Cuda().objection(job_of([draw_problem(5, 2, 2)]))


@pytest.mark.skipif(DEVICE, reason="there is a device")
def test_without_a_device_it_says_what_is_missing():
    job = on_cupy([draw_problem(5, 2, 2)])
    assert Cuda().objection(job) == Cuda().reservation(job) == CuPy().unavailable()


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

    def numbers(**method):
        block = shape.block(memory(dtype, **method), LIMIT)
        assert block.held == 0
        return (block.bytes - BOARD) / np.dtype(dtype).itemsize

    given, W = 25 * 100 + 28 + 100, 28 * 25
    hidden = given + W + (28 + 7 + 1) * 100
    assert numbers() == hidden
    assert numbers(states=2) == hidden + 2 * W
    assert numbers(batch=10) == hidden + 25 * 12 + 10
    assert numbers(batch=101) == hidden + 36 * 8 + 25 * 108 + 101
    assert numbers(layers="output") == hidden + 28
    assert numbers(layers="output", states=2) == hidden + 3 * 28
    assert numbers(layers="both", states=2) == hidden + 2 * W + 3 * 28 + 28 * 100


@pytest.mark.parametrize("layers", ["hidden", "output", "both"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_what_is_larger_comes_by_portions_that_fill_the_memory(dtype, layers):
    for n, k, d in ((1000, 200, 200), (1000, 20, 400), (5000, 40, 10), (300, 1000, 700)):
        shape = Shape.of(n, k, d)
        block = shape.block(memory(dtype, layers, states=1), LIMIT)
        a_sample = np.dtype(dtype).itemsize * (d + shape.k * (2.25 if layers == "both" else 1.25) + 2)
        assert block.held % 8 == 4
        assert block.bytes <= LIMIT < block.bytes + 8 * a_sample
    assert Shape.of(50, 30, 30).block(memory(dtype, layers), 20000).held <= stride_of(50)


def test_only_what_leaves_no_room_for_four_samples_is_refused():

    class Huge:
        k, d = 8000, 6000

    assert (
        too_large([Huge()], memory(), LIMIT)
        == "k = 8000 and d = 6000 are too large for a block's 227 KiB of memory"
    )
    wide = [draw_problem(3, 300, 2000)]
    assert too_large(wide, memory("float64"), LIMIT) is None
    assert too_large(wide, memory("float64", "both"), LIMIT) is None
    wider = [draw_problem(3, 30, 3800)]
    assert too_large(wider, memory("float64"), LIMIT) is None
    assert "k = 3800" in too_large(wider, memory("float64", "both"), LIMIT)


def test_few_large_trainings_are_left_to_matrix_products():
    assert leaves_idle([draw_problem(100, 25, 25)], 132) is None
    large = draw_problem(1000, 200, 200)
    assert "132 multiprocessors idle" in leaves_idle([large], 132)
    assert leaves_idle([large] * 132, 132) is None


def test_a_job_is_cut_to_the_memory_of_the_device():
    problems = [draw_problem(10, 3, 4, trial=i) for i in range(7)]
    method = memory(states=1)
    each = Shape.of(10, 4, 3).device_bytes(method)
    assert each == 4 * (3 * 12 + 4 + 10 + 3 * 12)
    assert Shape.of(10, 4, 3).device_bytes(memory(layers="both", states=1)) == each + 4 * 3 * 4
    assert Shape.of(10, 4, 3).device_bytes(memory(layers="output", states=1)) == 4 * (
        3 * 12 + 4 + 10 + 12 + 3 * 4
    )
    assert list(portions(problems, method, 3 * each)) == [range(3), range(3, 6), range(6, 7)]
    assert list(portions(problems, method, 1)) == [range(i, i + 1) for i in range(7)]
    assert list(portions(problems, method, 1 << 40)) == [range(7)]
    assert list(portions([], method, 1)) == []


@pytest.mark.parametrize("count", [1, 4, 5, 8, 9, 100, 128, 200, 201])
def test_eight_rows_at_the_same_sample_meet_in_no_bank(count):
    stride = stride_of(count)
    assert count <= stride < count + 8
    assert len({row * stride % 32 // 4 for row in range(8)}) == 8


def test_the_threads_of_a_block_are_whole_warps_and_end_together():
    for n, k, batch in product((1, 10, 100, 200), (1, 8, 25), (0, 1, 64)):
        shape = Shape.of(n, k, 25)
        threads = shape.block(memory(batch=batch), LIMIT).threads
        assert threads % 32 == 0
        assert 64 <= threads <= MOST_THREADS
        tiles = -(-(batch or n) // 4) * shape.k // 4
        assert -(-tiles // threads) == -(-tiles // MOST_THREADS)


def test_idle_units_are_left_out_and_come_back():
    problems = [draw_problem(6, 3, k) for k in (1, 5, 8)]
    layout = Layout.of(problems, memory("float64", states=1), idle=True)
    assert [shape.k for shape in layout.shapes] == [4, 4, 8]
    for position, problem in enumerate(problems):
        W, v = layout.weights(layout.trained, position, problem)
        np.testing.assert_array_equal(W, problem.W0)
        np.testing.assert_array_equal(v, problem.v)
        W, v = layout.weights(layout.trained + 1.0, position, problem)
        np.testing.assert_array_equal(W, problem.W0 + (problem.v != 0.0)[:, None])
        np.testing.assert_array_equal(v, problem.v)


@pytest.mark.parametrize("layers", ["output", "both"])
def test_trained_output_weights_lie_behind_w(layers):
    problems = [draw_problem(6, 3, k) for k in (1, 5, 8)]
    layout = Layout.of(problems, memory("float64", layers, states=2), idle=False)
    states = 2 if layers == "both" else 0
    for position, problem in enumerate(problems):
        k = layout.shapes[position].k
        of_W, of_v = layout.arrays(layout.trained, position)
        assert (of_W.shape, of_v.shape) == ((1 + states, 3, k), (3, 1, k))
        W, v = layout.weights(layout.trained, position, problem)
        np.testing.assert_array_equal(W, problem.W0)
        np.testing.assert_array_equal(v, problem.v)
        assert not of_v[0, 0, problem.k :].any()


@needs_device
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_on_a_device_it_is_the_portable_engine(dtype):
    problems = [draw_problem(50, d, k, trial=k) for k, d in ((2, 3), (9, 7), (25, 25))]
    job = job_of(problems, dtype, backend=CuPy())
    assert Cuda().objection(job) is None
    found, expected = dict(Cuda().run(job)), dict(Portable().run(job_of(problems, dtype)))
    for position, outcome in expected.items():
        assert found[position].status == outcome.status
        np.testing.assert_allclose(found[position].W, outcome.W, rtol=3e-3, atol=3e-3)
