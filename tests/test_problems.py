"""Instances: named by their values, independent of order, and initialized as the theorems say."""

import math

import numpy as np
import pytest

from overparam.problems import Problem, draw_problem, output_weights


def arrays(p):
    return [p.X, p.y, p.W0, p.v]


def test_the_same_name_is_the_same_instance_in_any_order():
    keys = [(10, 3, 4, 0), (10, 3, 4, 1), (10, 4, 3, 0), (12, 3, 4, 0)]
    first = {key: draw_problem(*key[:3], trial=key[3], seed=5) for key in keys}
    for n, d, k, trial in reversed(keys):
        again = draw_problem(n, d, k, trial=trial, seed=5)
        for a, b in zip(arrays(again), arrays(first[n, d, k, trial]), strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("changed", [{"seed": 1}, {"trial": 1}])
def test_another_name_is_another_instance(changed):
    a, b = draw_problem(10, 3, 4), draw_problem(10, 3, 4, **changed)
    assert not any(np.array_equal(x, y) for x, y in zip(arrays(a), arrays(b), strict=True))


def test_streams_are_numpys_and_keyed_by_values():
    p = draw_problem(n=7, d=3, k=4, seed=11, trial=2)
    key = np.random.SeedSequence(11, spawn_key=(7, 4, 3, 2, 2))
    W0 = np.random.Generator(np.random.Philox(key)).standard_normal((4, 3))
    np.testing.assert_array_equal(p.W0, W0)


@pytest.mark.parametrize("k", [1, 2, 3, 8, 25])
def test_output_weights_are_the_theorems(k):
    y = np.random.default_rng(0).standard_normal(9)
    v = output_weights(k, 9, y)
    size = np.linalg.norm(y) / math.sqrt(9 * k)
    assert np.sum(np.isclose(v, size)) == np.sum(np.isclose(v, -size)) == k // 2
    assert np.sum(v == 0.0) == k % 2


@pytest.mark.parametrize("sizes", [{"n": 0}, {"d": 0}, {"k": 0}, {"n": -1}, {"seed": -1}, {"trial": -1}])
def test_sizes_that_cannot_be(sizes):
    with pytest.raises(ValueError, match=f"{next(iter(sizes))} must be at least"):
        draw_problem(**({"n": 5, "d": 3, "k": 4} | sizes))


def test_shapes_have_to_agree():
    p = draw_problem(5, 3, 4)
    with pytest.raises(ValueError, match=r"y must be \(5,\), got \(4,\)"):
        Problem(p.X, p.y[:4], p.W0, p.v)
    with pytest.raises(ValueError, match=r"W0 must be \(4, 3\)"):
        Problem(p.X, p.y, p.W0[:, :2], p.v)
