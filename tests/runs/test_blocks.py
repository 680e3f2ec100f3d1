"""Samples in blocks: the same iterates up to rounding, the same bits in any batch, no array of n × k."""

import threading
import tracemalloc
from dataclasses import dataclass

import numpy as np
import pytest

from overparam.arrays import threads
from overparam.arrays.backends import NumPy, Torch
from overparam.methods import GradientDescent, StochasticGradientDescent
from overparam.model.activations import Activation, Softplus
from overparam.model.losses import Logistic, Squared
from overparam.model.problem import Problem, draw_problem
from overparam.runs import Job, Portable, Recipe, StopRule


class InBlocks(NumPy):
    def values_at_a_time(self):
        return 2_000


class AtOnce(NumPy):
    def values_at_a_time(self):
        return None


class TorchInBlocks(Torch):
    def values_at_a_time(self):
        return 2_000


def run(problems, backend, **parts):
    recipe = Recipe(**{"optimizer": GradientDescent(0.05), "stop": StopRule(30, 1e-12)} | parts)
    outcomes = dict(Portable().run(Job(problems, recipe, backend)))
    return [outcomes[i] for i in range(len(problems))]


def signed(problem):
    return Problem(problem.X, np.sign(problem.y), problem.W0, problem.v, key=problem.key)


@pytest.mark.parametrize("backend", [InBlocks(), TorchInBlocks()], ids=lambda backend: backend.name)
@pytest.mark.parametrize("loss", [Squared(), Logistic()], ids=lambda loss: loss.name)
@pytest.mark.parametrize("layers", ["hidden", "output", "both"])
def test_blocks_change_rounding_only(backend, loss, layers):
    pytest.importorskip(backend.name)
    # Steps are below 1/‖J‖², so that rounding errors do not grow.
    problems = [signed(draw_problem(n=501, d=d, k=k, trial=k)) for k, d in ((12, 30), (21, 20))]
    settings = {
        "loss": loss,
        "layers": layers,
        "optimizer": GradientDescent(0.01 if layers == "hidden" else 1e-4),
    }
    for blocked, whole in zip(
        run(problems, backend, **settings), run(problems, AtOnce(), **settings), strict=True
    ):
        assert (blocked.status, blocked.iterations) == (whole.status, whole.iterations)
        assert blocked.relative_residual == pytest.approx(whole.relative_residual, rel=1e-12)
        np.testing.assert_allclose(blocked.W, whole.W, rtol=0, atol=1e-12)
        np.testing.assert_allclose(blocked.v, whole.v, rtol=0, atol=1e-12)


def test_rows_that_are_drawn_are_not_cut_and_what_is_checked_is():
    p = draw_problem(n=501, d=30, k=12)
    settings = {"optimizer": StochasticGradientDescent(0.05, batch_size=7, check_every=10)}
    [blocked], [whole] = (run([p], backend, **settings) for backend in (InBlocks(), AtOnce()))
    np.testing.assert_array_equal(blocked.W, whole.W)
    assert blocked.relative_residual == pytest.approx(whole.relative_residual, rel=1e-12)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_company_changes_no_bit_of_what_is_cut(dtype):
    problems = [draw_problem(n=501, d=d, k=k, trial=k) for k, d in ((12, 7), (11, 8), (12, 5), (30, 4))]
    settings = {"dtype": dtype, "optimizer": GradientDescent(0.01)}
    for problem, outcome in zip(problems, run(problems, InBlocks(), **settings), strict=True):
        [alone] = run([problem], InBlocks(), **settings)
        np.testing.assert_array_equal(alone.W, outcome.W)
        assert (alone.iterations, alone.path_length) == (outcome.iterations, outcome.path_length)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_threads_change_no_bit(dtype, monkeypatch):
    problem = draw_problem(n=501, d=30, k=12)
    outcomes = []
    for count in (1, 2, 5):
        monkeypatch.setattr(threads._blas(), "threads", count)
        outcomes += run([problem], InBlocks(), dtype=dtype, optimizer=GradientDescent(0.01), layers="both")
    for other in outcomes[1:]:
        np.testing.assert_array_equal(other.W, outcomes[0].W)
        np.testing.assert_array_equal(other.v, outcomes[0].v)
        assert other.path_length == outcomes[0].path_length


@dataclass(frozen=True)
class Watched(Activation):
    """A softplus that cannot be recorded and checks that it runs in the main thread."""

    name = "watched"

    def value(self, z):
        assert threading.current_thread() is threading.main_thread()
        return np.logaddexp(0, z)

    def derivative(self, z):
        assert threading.current_thread() is threading.main_thread()
        return 1 / (1 + np.exp(-z))


def test_code_that_is_not_ours_runs_in_one_thread(monkeypatch):
    monkeypatch.setattr(threads._blas(), "threads", 3)
    problem = draw_problem(n=501, d=30, k=12)
    [own], [recorded] = (run([problem], InBlocks(), activation=phi) for phi in (Watched(), Softplus()))
    np.testing.assert_allclose(own.W, recorded.W, rtol=0, atol=1e-12)


def test_an_update_needs_no_array_of_n_times_k(monkeypatch):
    monkeypatch.setattr(threads._blas(), "threads", 2)  # each works on one block
    p = draw_problem(n=20_000, d=2, k=50)
    bytes_of_all = 4 * p.n * p.k
    given = {"dtype": "float32", "optimizer": GradientDescent(1e-4), "activation": Softplus()}
    run([p], NumPy(), stop=StopRule(1, 1e-9), **given)
    tracemalloc.start()
    try:
        run([p], NumPy(), stop=StopRule(3, 1e-9), **given)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < bytes_of_all
