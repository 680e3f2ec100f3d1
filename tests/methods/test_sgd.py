"""SGD: how rows are drawn, and that a stream of rows is the same however it is read."""

import math
from itertools import islice

import numpy as np
import pytest

from overparam.arrays.backends import NumPy
from overparam.methods import StochasticGradientDescent
from overparam.model.activations import Softplus
from overparam.model.problem import Stream, draw_problem, generator
from overparam.runs.rows import RowSource, row_stream


def drawn(method, n, blocks, seed=0):
    """The first rows of a stream, (updates, rows)."""
    rng = np.random.Generator(np.random.Philox(seed))
    return np.concatenate(list(islice(method.row_blocks(n, rng), blocks)))


@pytest.mark.parametrize("batch_size", [1, 3])
def test_rows_are_uniform_with_replacement(batch_size):
    n = 10
    rows = drawn(StochasticGradientDescent(0.1, batch_size=batch_size), n, 8)
    assert rows.shape[1] == batch_size
    counts = np.bincount(rows.ravel(), minlength=n)
    expected = rows.size / n
    # χ² with n − 1 degrees of freedom has mean n − 1 and variance 2(n − 1).
    assert ((counts - expected) ** 2 / expected).sum() < (n - 1) + 5 * math.sqrt(2 * (n - 1))
    # With replacement: a row follows itself once in n.
    repeats = np.mean(rows[1:, 0] == rows[:-1, 0])
    assert abs(repeats - 1 / n) < 5 * math.sqrt((1 / n) * (1 - 1 / n) / len(rows))


@pytest.mark.parametrize(("n", "batch_size"), [(10, 1), (7, 3), (300, 1), (5, 8), (3000, 2)])
def test_reshuffling_takes_every_row_once_a_pass_in_a_new_order(n, batch_size):
    method = StochasticGradientDescent(0.1, batch_size=batch_size, sampling="reshuffling")
    rows = drawn(method, n, 6).ravel()
    passes = rows[: rows.size // n * n].reshape(-1, n)
    assert len(passes) >= 2
    np.testing.assert_array_equal(np.sort(passes, axis=1), np.broadcast_to(np.arange(n), passes.shape))
    assert not np.array_equal(passes[0], passes[1])


@pytest.mark.parametrize("sampling", ["replacement", "reshuffling"])
def test_equal_generators_draw_equal_rows(sampling):
    method = StochasticGradientDescent(0.1, batch_size=3, sampling=sampling)
    np.testing.assert_array_equal(drawn(method, 11, 3), drawn(method, 11, 3))
    assert not np.array_equal(drawn(method, 11, 3), drawn(method, 11, 3, seed=1))


def test_a_training_reads_its_own_stream_whoever_shares_the_batch():
    method = StochasticGradientDescent(0.1, batch_size=2)
    problems = [draw_problem(9, 3, 4, trial=t, seed=5) for t in range(3)]
    source = RowSource([row_stream(p, method) for p in problems], 9, NumPy())
    read = []
    for update in range(2100):  # more than two blocks
        if update == 1500:
            source.take([0, 2])
        rows = source.next_rows()
        read.append(rows[[0, -1]] - 9 * np.array([[0], [len(rows) - 1]]))
    for position, trial in enumerate((0, 2)):
        stream = generator(5, 9, 4, 3, trial, Stream.SAMPLING).integers(0, 9, size=(3 * 1024, 2))
        np.testing.assert_array_equal(np.array(read)[:, position], stream[:2100])


def test_checks_and_step_size_are_as_asked():
    method = StochasticGradientDescent(0.3, check_every=7)
    assert method.updates_between_checks() == 7
    assert StochasticGradientDescent(0.3).updates_between_checks() == 1
    assert method.step_size_for(draw_problem(5, 3, 4), Softplus()) == 0.3


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"step_size": 0.0}, "step_size must be a positive number"),
        ({"step_size": math.nan}, "step_size must be a positive number"),
        ({"step_size": 1.0, "batch_size": 0}, "batch_size must be a positive number without a fraction"),
        ({"step_size": 1.0, "batch_size": 1.5}, "batch_size must be a positive number without a fraction"),
        ({"step_size": 1.0, "check_every": True}, "check_every must be a positive number"),
        ({"step_size": 1.0, "sampling": "sometimes"}, "sampling must be 'replacement' or 'reshuffling'"),
    ],
)
def test_settings_that_cannot_be(settings, said):
    with pytest.raises(ValueError, match=said):
        StochasticGradientDescent(**settings)


def test_any_kind_of_whole_number_is_a_count():
    method = StochasticGradientDescent(1.0, batch_size=np.int64(4), check_every=10**400)
    assert next(method.row_blocks(5, np.random.default_rng(0))).shape[1] == 4
