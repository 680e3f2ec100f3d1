"""Instances: identified by their values, independent of their order, and initialized as in the theorems."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

import overparam as op
from overparam.model.data import Dataset, FileLabels, Gaussian, Rademacher, Separated, Sphere
from overparam.model.initializations import output_weights
from overparam.model.problem import Problem, Stream, draw_problem, generator, usual_labels


def arrays(p):
    return [p.X, p.y, p.W0, p.v]


def test_the_same_name_is_the_same_instance_in_any_order():
    keys = [(10, 3, 4, 0), (10, 3, 4, 1), (10, 4, 3, 0), (12, 3, 4, 0)]
    first = {key: draw_problem(*key[:3], trial=key[3], seed=5) for key in keys}
    for n, d, k, trial in reversed(keys):
        again = draw_problem(n, d, k, trial=trial, seed=5)
        for a, b in zip(arrays(again), arrays(first[n, d, k, trial]), strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("changed", [{"seed": 1}, {"trial": 1}, {"n": 11}, {"d": 4}, {"k": 5}])
def test_another_name_is_another_instance(changed):
    a, b = draw_problem(10, 3, 4), draw_problem(**({"n": 10, "d": 3, "k": 4} | changed))
    for x, y in zip(arrays(a), arrays(b), strict=True):
        common = tuple(slice(min(sizes)) for sizes in zip(x.shape, y.shape, strict=True))
        assert not np.array_equal(x[common], y[common])


def test_neither_the_data_nor_the_labels_move_the_other_streams():
    a = draw_problem(10, 3, 4, seed=2)
    b = draw_problem(10, 3, 4, seed=2, data=Separated(0.3), labels=Rademacher())
    assert not np.array_equal(a.X, b.X)
    np.testing.assert_array_equal(a.W0, b.W0)
    c = draw_problem(10, 3, 4, seed=2, data=Separated(0.3))
    np.testing.assert_array_equal(b.X, c.X)
    np.testing.assert_array_equal(a.y, c.y)


def test_streams_of_one_trial_are_not_each_others():
    first = [generator(0, 5, 4, 3, 0, stream).standard_normal(8) for stream in Stream]
    assert len({draws.tobytes() for draws in first}) == len(Stream)


def test_initial_weights_are_standard_normal():
    W0 = np.stack([draw_problem(2, 10, 20, trial=t).W0 for t in range(200)])
    assert abs(W0.mean()) < 4.5 / math.sqrt(W0.size)
    assert abs((W0**2).mean() - 1.0) < 4.5 * math.sqrt(2.0 / W0.size)
    # Neighbouring trials are independent.
    assert abs((W0[1:] * W0[:-1]).mean()) < 4.5 / math.sqrt(W0.size)


@pytest.mark.parametrize("seed", [0, 11, 2**32 - 1, 2**32, 2**80 + 1])
@pytest.mark.parametrize("trial", [2, 2**32 - 1, 2**33])
def test_streams_are_numpys_and_keyed_by_values(seed, trial):
    p = draw_problem(n=7, d=3, k=4, seed=seed, trial=trial)
    key = np.random.SeedSequence(seed, spawn_key=(7, 4, 3, trial, 2))
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


@pytest.mark.parametrize("value", [2.5, 5.0, "5", None])
def test_sizes_are_whole_numbers(value):
    with pytest.raises(ValueError, match="n must be at least 1 and without a fraction"):
        draw_problem(value, 3, 4)
    p = draw_problem(np.int64(5), 3, np.int32(4))
    np.testing.assert_array_equal(p.X, draw_problem(5, 3, 4).X)


def test_arrays_of_one_library_are_needed():
    p = draw_problem(5, 3, 4)
    with pytest.raises(TypeError, match="list is not a supported array type"):
        Problem(p.X.tolist(), p.y.tolist(), p.W0.tolist(), p.v.tolist())
    strict = pytest.importorskip("array_api_strict")
    with pytest.raises(TypeError, match="Multiple namespaces"):
        Problem(strict.asarray(p.X), p.y, p.W0, p.v)


def test_a_stack_and_its_problems(xp):
    problems = [draw_problem(5, 3, 4, trial=t) for t in range(6)]
    stack = Problem(
        *(
            xp.asarray(np.stack(parts).reshape(2, 3, *parts[0].shape), "float32")
            for parts in zip(*map(arrays, problems), strict=True)
        )
    )
    assert (stack.n, stack.d, stack.k, stack.batch_shape) == (5, 3, 4, (2, 3))
    for single, p in zip(stack.singles(), problems, strict=True):
        assert single.batch_shape == ()
        np.testing.assert_array_equal(xp.to_numpy(single.W0), p.W0.astype(np.float32))
        np.testing.assert_array_equal(xp.to_numpy(single.y), p.y.astype(np.float32))


def test_shapes_have_to_agree():
    p = draw_problem(5, 3, 4)
    with pytest.raises(ValueError, match=r"y must be \(5,\), got \(4,\)"):
        Problem(p.X, p.y[:4], p.W0, p.v)
    with pytest.raises(ValueError, match=r"W0 must be \(4, 3\)"):
        Problem(p.X, p.y, p.W0[:, :2], p.v)


@dataclass(frozen=True)
class Pictures(Sphere):
    """Data with their own labels, although `brings_labels` returns None."""

    name: ClassVar[str] = "pictures"

    def brings_labels(self):
        return None

    def draw(self, n, d, rng):
        X = super().draw(n, d, rng).X
        return Dataset(X, X[:, 0].copy())


def test_data_that_bring_labels_are_used_with_them():
    problem = draw_problem(7, 3, 2, data=Pictures())
    np.testing.assert_array_equal(problem.y, problem.X[:, 0])
    assert isinstance(usual_labels(Pictures(), 7, 3), FileLabels)
    assert isinstance(usual_labels(Sphere(), 7, 3), Gaussian)
    named = draw_problem(7, 3, 2, data=Pictures(), labels=Gaussian())
    np.testing.assert_array_equal(named.y, draw_problem(7, 3, 2).y)


@pytest.mark.filterwarnings("ignore::overparam.plugins.PluginWarning")  # from other installed plugins
def test_any_librarys_whole_numbers_are_sizes(tmp_path):
    five = np.int64(5)
    problem = draw_problem(five, np.int32(3), np.uint8(2), seed=np.int64(1), trial=np.int16(4))
    assert problem.key == (1, 5, 2, 3, 4)
    assert all(type(number) is int for number in problem.key)
    study = op.sweep(
        tmp_path / "a.study",
        n=five,
        k=np.array([2, 4]),
        d=[np.int64(1), 2],
        trials=np.int64(1),
        seed=np.int64(3),
        max_iterations=np.int64(3),
    )
    assert len(study.rows()) == 4
    assert study.specification["seed"] == 3
    assert op.train(problem, max_iterations=np.int64(4), record_every=np.int64(2)).iterations == 4
    for wrong in (2.0, "3", True, None):
        with pytest.raises(ValueError, match="k must be"):
            draw_problem(5, 3, wrong)
