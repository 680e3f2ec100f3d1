"""Helpers that run an engine and compare the outcomes of two engines."""

import numpy as np
import pytest

from overparam.methods import GradientDescent, StochasticGradientDescent
from overparam.model.problem import draw_problem
from overparam.plugin import Job, NumPy, Recipe, StopRule

GD = GradientDescent(0.05)
SGD = StochasticGradientDescent(0.2, batch_size=3, check_every=4)
TOLERANCES = {"float32": 2e-4, "float64": 1e-10}


def job_of(problems, *, record_every=None, watches=(), backend=None, **changed):
    recipe = {"optimizer": GD, "dtype": "float64", "stop": StopRule(60, 1e-9)} | changed
    return Job(problems, Recipe(**recipe), backend or NumPy(), record_every, watches)


def run(engine, problems, **changed):
    outcomes = dict(engine.run(job_of(problems, **changed)))
    return [outcomes[i] for i in range(len(problems))]


def runs_that_train_v(engine, dtype):
    problems = [draw_problem(33, d, k) for k, d in [(3, 5), (10, 13)]]
    settings = {"dtype": dtype, "optimizer": GradientDescent(2e-3)}
    return [
        outcome
        for layers in ("output", "both")
        for outcome in run(engine, problems, layers=layers, **settings)
    ]


def assert_alike(ours, reference, dtype):
    tolerance = TOLERANCES[dtype]
    for a, b in zip(ours, reference, strict=True):
        assert (a.status, a.iterations, a.success) == (b.status, b.iterations, b.success)
        assert a.effective_parameters == b.effective_parameters
        assert a.W.dtype == a.v.dtype == b.W.dtype == np.dtype(dtype)
        np.testing.assert_allclose(a.W, b.W, rtol=tolerance, atol=tolerance)
        np.testing.assert_allclose(a.v, b.v, rtol=tolerance, atol=tolerance)
        for quantity in ("path_length", "distance_from_initialization", "relative_residual"):
            found, wanted = getattr(a, quantity), getattr(b, quantity)
            assert found == pytest.approx(wanted, rel=tolerance, abs=tolerance)


def assert_same_bits(one, other):
    np.testing.assert_array_equal(one.W, other.W)
    np.testing.assert_array_equal(one.v, other.v)
    assert (one.path_length, one.relative_residual) == (other.path_length, other.relative_residual)
