"""Pooling cells, the capacity curve as cells, and sparse labels."""

import numpy as np
import pytest

from overparam.figures.cells import on_capacity_curve, reaches_capacity, tick_labels
from overparam.studies.diagram import PhaseDiagram
from overparam.studies.picture import coarsen


def diagram(k, d, n=100):
    rng = np.random.default_rng(0)
    trials = rng.integers(0, 10, (len(k), len(d)))
    return PhaseDiagram(n, tuple(k), tuple(d), rng.integers(0, trials + 1), trials)


@pytest.mark.parametrize(("rows", "columns"), [(7, 9), (1, 1), (25, 25), (100, 100), (24, 13)])
def test_pooling_loses_no_trial_and_fits(rows, columns):
    fine = diagram(range(1, 26), range(1, 26))
    coarse = coarsen(fine, rows, columns)
    assert len(coarse.k) <= rows
    assert len(coarse.d) <= columns
    assert coarse.trials.sum() == fine.trials.sum()
    assert coarse.successes.sum() == fine.successes.sum()
    assert set(coarse.k) <= set(fine.k)


def test_pooled_cells_are_neighbours():
    coarse = coarsen(diagram((1, 2, 3, 4, 5), (10, 20, 50)), 2, 3)
    fine = diagram((1, 2, 3, 4, 5), (10, 20, 50))
    assert coarse.k == (2, 4)
    assert coarse.d == (10, 20, 50)
    np.testing.assert_array_equal(coarse.trials, [fine.trials[:3].sum(0), fine.trials[3:].sum(0)])


def test_capacity_cells_are_those_with_kd_at_least_n_and_the_curve_is_their_edge():
    square = diagram(range(1, 26), range(1, 26))
    reached, curve = reaches_capacity(square), on_capacity_curve(square)
    for i, k in enumerate(square.k):
        for j, d in enumerate(square.d):
            assert reached[i, j] == (k * d >= 100)
            lower = [(k - 1, d)] * (k > 1) + [(k, d - 1)] * (d > 1)
            assert curve[i, j] == (k * d >= 100 and any(a * b < 100 for a, b in lower))


@pytest.mark.parametrize(
    ("values", "apart", "labels"),
    [
        (range(1, 8), 1, ["1", "2", "3", "4", "5", "6", "7"]),
        (range(6), 2, ["0", "", "2", "", "4", ""]),
        (range(1, 26), 5, [str(v) if v % 5 == 0 else "" for v in range(1, 26)]),
        ((10, 20, 50), 1, ["10", "20", "50"]),
        ((7,), 3, ["7"]),
        ((3, 7, 11, 13), 2, ["3", "", "11", ""]),
    ],
)
def test_labels_stay_apart(values, apart, labels):
    assert tick_labels(tuple(values), apart) == labels
