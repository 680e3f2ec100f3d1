"""SGD: how rows are drawn; a stream of rows does not depend on how it is read."""

import math
from itertools import islice

import numpy as np
import pytest

import overparam as op
from overparam.arrays.backends import NumPy
from overparam.methods import StochasticGradientDescent
from overparam.model.activations import Hermite, ReLU, Softplus
from overparam.model.problem import Problem, Stream, draw_problem, generator
from overparam.runs import Engine
from overparam.runs.rows import RowSource, row_stream
from overparam.theory import certify
from tests.theory.oracle import expectation, khatri_rao_sigma


def drawn(method, n, blocks, seed=0):
    """The first `blocks` blocks of a stream of rows, shape (updates, rows per update)."""
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
    # With replacement, a row follows itself with probability 1/n.
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
    for update in range(2100):  # reads more than two blocks
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


@pytest.mark.parametrize("n", [1, 7, 20])
def test_the_theorem_s_step_size(xp, dtype, n):
    """μ²σ²min(X∗X)n/(9νB⁴‖y‖²‖X‖²) with ν = 8 and B = 1, by the oracle's quadrature and X ∗ X row by row."""
    p = draw_problem(n, d=6, k=6, seed=3)
    mu = expectation(lambda g: g / (1 + np.exp(-g)))
    norms = np.linalg.norm(p.y) * np.linalg.norm(p.X, 2)
    expected = (mu * khatri_rao_sigma(p.X, 2)) ** 2 * n / (72 * norms**2)
    moved = Problem(*(xp.asarray(a, dtype) for a in (p.X, p.y, p.W0, p.v)))
    found = StochasticGradientDescent("theorem").step_size_for(moved, Softplus())
    assert type(found) is float
    assert found == pytest.approx(expected, rel=1e-9 if "64" in dtype else 1e-4)


def test_the_step_is_the_largest_that_theorem_2_6_allows():
    """The theorem's condition holds with this step size, but not with one larger by a thousandth."""
    p = draw_problem(9, 5, 6)
    size = StochasticGradientDescent("theorem").step_size_for(p, Softplus())
    for given, wanted in (("theorem", True), (1.001 * size, False)):
        certificate = certify(p, optimizer=StochasticGradientDescent(given), max_iterations=2)
        [theorem] = [one for one in certificate.evaluated if one.theorem.title == "Theorem 2.6"]
        [step] = [h for h in theorem.hypotheses if h.statement.startswith("η ≤")]
        assert step.holds is wanted
        assert step.ratio == pytest.approx(1.0 if wanted else 1.001, rel=1e-9)


@pytest.mark.parametrize("engine", ["portable", "numba"])
def test_every_engine_takes_the_step_of_each_problem(engine):
    if engine not in {one.name for one in op.default_registry().all_of(Engine)}:
        pytest.skip(f"the engine {engine} is not installed")
    problems = [draw_problem(8, 5, k, seed=1, trial=t) for t, k in enumerate((4, 6, 9))]
    options = {"max_iterations": 500, "engine": engine, "dtype": "float64"}
    together = op.train(problems, optimizer="sgd:step_size=theorem", **options)
    for p, found in zip(problems, together, strict=True):
        size = StochasticGradientDescent("theorem").step_size_for(p, Softplus())
        alone = op.train(p, optimizer=StochasticGradientDescent(size), **options)
        assert found.relative_residual == pytest.approx(alone.relative_residual, rel=1e-12)
        assert found.path_length == pytest.approx(alone.path_length, rel=1e-9)
        assert found.path_length > 0.0


def test_where_the_theorem_says_nothing():
    for options in ({"batch_size": 2}, {"sampling": "reshuffling"}):
        with pytest.raises(ValueError, match="one sample per update, drawn with replacement"):
            StochasticGradientDescent("theorem", **options)
    with pytest.raises(ValueError, match="step_size must be"):
        StochasticGradientDescent("figure2")
    method, p = StochasticGradientDescent("theorem"), draw_problem(9, 3, 4)
    for activation, problem, why in (
        (ReLU(), p, "relu has kinks"),
        (Hermite((0.0, 0.0, 1.0)), p, "hermite has no such bound"),
        (Hermite((0.3, -0.7)), p, r"μ = E\[gφ′\(g\)\] of hermite is zero"),
        (Softplus(), p, r"n = 9 > d\(d\+1\)/2 = 6"),
        (Softplus(), Problem(p.X[:3], 0.0 * p.y[:3], p.W0, p.v), "is no valid step size"),
    ):
        with pytest.raises(ValueError, match=why):
            method.step_size_for(problem, activation)
    for layers in ("output", "both"):
        with pytest.raises(ValueError, match="layers=hidden and the squared loss"):
            op.train(p, optimizer=method, layers=layers)
