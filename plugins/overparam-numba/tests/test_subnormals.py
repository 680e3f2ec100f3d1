"""Subnormal numbers are replaced by zero inside a training run, and nowhere else."""

import numpy as np
import pytest
from comparison import job_of
from numba import njit
from overparam_numba.descent import Common, Descent
from overparam_numba.subnormals import flush_subnormals, restore_subnormals
from overparam_numba.team import Team

from overparam.methods import GradientDescent, StochasticGradientDescent
from overparam.model.problem import draw_problem
from overparam.plugin import StopRule, drive

TINY = np.array([2.0**-126, 2.0**-149], dtype=np.float32)


@njit
def halves(numbers, flushed):
    if flushed:
        before = flush_subnormals()
        result = numbers * np.float32(0.5), numbers * np.float32(4.0)
        restore_subnormals(before)
        return result
    return numbers * np.float32(0.5), numbers * np.float32(4.0)


def test_results_and_operands_are_flushed_until_they_are_restored():
    results, operands = halves(TINY, True)
    np.testing.assert_array_equal(results, [0.0, 0.0])
    np.testing.assert_array_equal(operands, [2.0**-124, 0.0])
    results, operands = halves(TINY, False)
    np.testing.assert_array_equal(results, [2.0**-127, 0.0])
    np.testing.assert_array_equal(operands, [2.0**-124, 2.0**-147])


@pytest.mark.parametrize("optimizer", [GradientDescent(), StochasticGradientDescent(0.1)])
def test_a_training_run_leaves_its_thread_as_it_was(optimizer):
    job = job_of([draw_problem(6, 3, 4)], optimizer=optimizer, stop=StopRule(5), dtype="float32")
    [_] = drive(job, Descent(Common.of(job, Team(1, lambda: None)), 0), "numba")
    assert (TINY * np.float32(0.5))[0] == 2.0**-127
