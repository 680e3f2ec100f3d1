"""The portable engine against a plain loop. Padding, batching and inspection do not change its results."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import overparam as op
from overparam.arrays.backends import NumPy, backend_of
from overparam.methods import GradientDescent, LeastSquares, StochasticGradientDescent
from overparam.model.activations import Activation, Hermite, ReLU, Softplus
from overparam.model.problem import Problem, Stream, draw_problem, generator
from overparam.runs import Job, Portable, Recipe, Status, StopRule, drive
from overparam.runs.batch import collate
from overparam.runs.descent import Descent

NAMESPACES = ["numpy", "torch", "array_api_strict"]
PHI = {
    "softplus": (lambda z: np.logaddexp(0.0, z), lambda z: 1.0 / (1.0 + np.exp(-z))),
    "relu": (lambda z: np.maximum(z, 0.0), lambda z: (z >= 0.0).astype(float)),
    "hermite": (
        lambda z: 0.5 * z + 0.2 * (z**3 - 3.0 * z) / math.sqrt(6.0),
        lambda z: 0.5 + 0.2 * (3.0 * z**2 - 3.0) / math.sqrt(6.0),
    ),
}
ACTIVATIONS: list[Activation] = [Softplus(), ReLU(), Hermite((0.0, 0.5, 0.0, 0.2))]


def run(problems, *, backend=None, record_every=None, **parts):
    recipe = Recipe(**{"optimizer": GradientDescent(0.15), "stop": StopRule(100, 1e-12)} | parts)
    outcomes = dict(Portable().run(Job(problems, recipe, backend or backend_of(problems[0].X), record_every)))
    return [outcomes[i] for i in range(len(problems))]


def plain_descent(p, activation, step_size, iterations, rows=None):
    """Gradient descent (2.1), or SGD (2.9) on the given rows, computed sample by sample."""
    phi, slope = PHI[activation.name]
    W = p.W0.copy()
    for t in range(iterations):
        gradient = np.zeros_like(W)
        chosen = range(p.n) if rows is None else rows[t]
        for i in chosen:
            z = W @ p.X[i]
            r = p.v @ phi(z) - p.y[i]
            gradient += np.outer(p.v * slope(z) * r, p.X[i])
        W = W - step_size * (gradient if rows is None else gradient / len(chosen))
    residual = np.array([p.v @ phi(W @ x) for x in p.X]) - p.y
    return W, np.linalg.norm(residual) / np.linalg.norm(p.y)


def moved_to(problem, namespace):
    xp = pytest.importorskip(namespace)
    return Problem(*(xp.asarray(a) for a in (problem.X, problem.y, problem.W0, problem.v)), key=problem.key)


@pytest.mark.parametrize("namespace", NAMESPACES)
@pytest.mark.parametrize("activation", ACTIVATIONS, ids=lambda a: a.name)
def test_gradient_descent_is_the_plain_loop(namespace, activation):
    p = draw_problem(n=30, d=5, k=7, seed=3)
    [outcome] = run([moved_to(p, namespace)], activation=activation, optimizer=GradientDescent(0.05))
    W, residual = plain_descent(p, activation, 0.05, 100)
    assert outcome.iterations == 100
    np.testing.assert_allclose(outcome.W, W, rtol=0, atol=1e-9)
    assert outcome.relative_residual == pytest.approx(residual, abs=1e-9)
    assert outcome.distance_from_initialization == pytest.approx(np.linalg.norm(W - p.W0), abs=1e-9)


@pytest.mark.parametrize("namespace", NAMESPACES)
@pytest.mark.parametrize("batch_size", [1, 4])
def test_sgd_is_the_plain_loop_on_the_rows_of_its_stream(namespace, batch_size):
    p = draw_problem(n=20, d=4, k=6, seed=5)
    optimizer = StochasticGradientDescent(0.3, batch_size=batch_size)
    [outcome] = run([moved_to(p, namespace)], optimizer=optimizer)
    rows = next(optimizer.row_blocks(p.n, generator(*p.key, Stream.SAMPLING)))
    W, residual = plain_descent(p, Softplus(), 0.3, 100, rows)
    np.testing.assert_allclose(outcome.W, W, rtol=0, atol=1e-9)
    assert outcome.relative_residual == pytest.approx(residual, abs=1e-9)


def test_stops_at_the_first_iterate_below_the_tolerance():
    p = draw_problem(n=20, d=10, k=20, seed=1)
    [outcome] = run([p], stop=StopRule(3000, 0.05))
    residuals = [
        plain_descent(p, Softplus(), 0.15, t)[1] for t in (outcome.iterations - 1, outcome.iterations)
    ]
    assert outcome.status is Status.CONVERGED
    assert residuals[1] < 0.05 <= residuals[0]


def test_the_initial_iterate_is_checked():
    p = draw_problem(n=20, d=10, k=20, seed=1)
    [outcome] = run([p], stop=StopRule(10, 100.0))
    assert (outcome.status, outcome.iterations) == (Status.CONVERGED, 0)
    np.testing.assert_array_equal(outcome.W, p.W0)


def test_the_iterate_after_the_last_update_is_checked():
    p = draw_problem(n=20, d=10, k=20, seed=1)
    [free] = run([p], stop=StopRule(3000, 0.05))
    [tight] = run([p], stop=StopRule(free.iterations, 0.05))
    [short] = run([p], stop=StopRule(free.iterations - 1, 0.05))
    assert (tight.status, tight.iterations) == (Status.CONVERGED, free.iterations)
    assert (short.status, short.iterations) == (Status.BUDGET_EXHAUSTED, free.iterations - 1)


def test_no_update_is_allowed():
    [outcome] = run([draw_problem(n=5, d=3, k=4)], stop=StopRule(0, 1e-6))
    assert (outcome.status, outcome.iterations, outcome.path_length) == (Status.BUDGET_EXHAUSTED, 0, 0.0)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_divergence_is_a_status_and_hurts_nobody_else(dtype):
    good, bad = draw_problem(n=30, d=6, k=6, trial=0), draw_problem(n=30, d=6, k=6, trial=1)
    wild = Problem(bad.X, 1e6 * bad.y, bad.W0, 1e6 * bad.v)
    alone = run([good], dtype=dtype, stop=StopRule(500, 1e-6))[0]
    first, second = run([wild, good], dtype=dtype, stop=StopRule(500, 1e-6), activation=Softplus())
    assert first.status is Status.DIVERGED
    assert not first.success
    np.testing.assert_array_equal(second.W, alone.W)


def test_overflow_to_nan_is_divergence():
    p = draw_problem(n=30, d=3, k=4)
    [outcome] = run([p], activation=Hermite((0.0, 0.0, 0.0, 1.0)), optimizer=GradientDescent(1e6))
    assert outcome.status is Status.DIVERGED
    assert outcome.iterations < 100


def test_labels_that_are_all_zero_are_refused():
    p = draw_problem(n=5, d=3, k=4)
    with pytest.raises(ValueError, match="relative residual"):
        run([Problem(p.X, 0.0 * p.y, p.W0, p.v)])


def padded(p, more_units, more_inputs):
    rng = np.random.default_rng(0)
    W0 = rng.standard_normal((p.k + more_units, p.d + more_inputs))
    W0[: p.k, : p.d] = p.W0
    X = np.concatenate([p.X, np.zeros((p.n, more_inputs))], axis=1)
    return Problem(X, p.y, W0, np.concatenate([p.v, np.zeros(more_units)]), key=p.key)


@settings(deadline=None, max_examples=25)
@given(
    n=st.integers(1, 30),
    k=st.integers(1, 9),
    d=st.integers(1, 9),
    more_units=st.integers(0, 5),
    more_inputs=st.integers(0, 5),
    activation=st.sampled_from(ACTIVATIONS),
    stochastic=st.booleans(),
)
def test_padding_leaves_the_iterates_alone(n, k, d, more_units, more_inputs, activation, stochastic):
    p = draw_problem(n=n, d=d, k=k)
    optimizer = StochasticGradientDescent(0.05) if stochastic else GradientDescent(0.05)
    kept = {"activation": activation, "optimizer": optimizer, "stop": StopRule(50, 1e-9)}
    [alone] = run([p], **kept)
    [wide] = run([padded(p, more_units, more_inputs)], **kept)
    assert (wide.status, wide.iterations) == (alone.status, alone.iterations)
    np.testing.assert_allclose(wide.W[:k, :d], alone.W, rtol=1e-11, atol=1e-11)


@settings(deadline=None, max_examples=15)
@given(
    shapes=st.lists(st.tuples(st.integers(1, 8), st.integers(1, 8)), min_size=2, max_size=8),
    dtype=st.sampled_from(["float32", "float64"]),
    stochastic=st.booleans(),
)
def test_company_changes_no_bit(shapes, dtype, stochastic):
    problems = [draw_problem(n=17, d=d, k=k, trial=t) for t, (k, d) in enumerate(shapes)]
    optimizer = StochasticGradientDescent(0.2) if stochastic else GradientDescent(0.15)
    kept = {"dtype": dtype, "optimizer": optimizer, "stop": StopRule(60, 0.3)}
    together = run(problems, **kept)
    for problem, outcome in zip(problems, together, strict=True):
        [alone] = run([problem], **kept)
        np.testing.assert_array_equal(alone.W, outcome.W)
        assert (alone.iterations, alone.path_length) == (outcome.iterations, outcome.path_length)


class Impatient(NumPy):
    synchronization_interval = 1


class Patient(NumPy):
    synchronization_interval = 1000


@pytest.mark.parametrize("optimizer", [GradientDescent(0.15), StochasticGradientDescent(0.5, check_every=7)])
def test_how_often_the_host_looks_changes_nothing(optimizer):
    problems = [draw_problem(n=20, d=8, k=10, trial=t) for t in range(4)]
    kept = {"optimizer": optimizer, "stop": StopRule(400, 0.3)}
    for a, b in zip(
        run(problems, backend=Impatient(), **kept), run(problems, backend=Patient(), **kept), strict=True
    ):
        assert (a.status, a.iterations) == (b.status, b.iterations)
        np.testing.assert_array_equal(a.W, b.W)


@pytest.mark.parametrize("optimizer", [GradientDescent(0.15), StochasticGradientDescent(0.5, check_every=7)])
def test_recording_changes_nothing_and_ends_at_the_end(optimizer):
    p = draw_problem(n=20, d=8, k=10)
    [plain] = run([p], optimizer=optimizer, stop=StopRule(400, 0.3))
    [watched] = run([p], optimizer=optimizer, stop=StopRule(400, 0.3), record_every=10)
    np.testing.assert_array_equal(plain.W, watched.W)
    history = watched.history
    assert list(history.iterations[:-1]) == list(range(0, watched.iterations, 10))
    assert history.iterations[-1] == watched.iterations
    assert history.relative_residual[-1] == pytest.approx(watched.relative_residual)
    assert history.path_length[-1] == pytest.approx(watched.path_length)
    assert np.all(np.diff(history.path_length) >= 0)
    assert np.all(history.distance_from_initialization <= history.path_length * (1 + 1e-12))


def test_least_squares_is_numpys():
    p = draw_problem(n=30, d=10, k=20)
    [outcome] = run([p], optimizer=LeastSquares(), layers="output")
    features = PHI["softplus"][0](p.X @ p.W0.T)
    v, _, rank, _ = np.linalg.lstsq(features, p.y)
    np.testing.assert_allclose(outcome.v, v, rtol=1e-9)
    assert (outcome.status, outcome.rank) == (Status.SOLVED, rank)
    assert outcome.relative_residual == pytest.approx(
        np.linalg.norm(features @ v - p.y) / np.linalg.norm(p.y)
    )
    assert not outcome.success


def test_least_squares_interpolates_with_more_units_than_samples():
    [outcome] = run(
        [draw_problem(n=20, d=10, k=40)], optimizer=LeastSquares(), layers="output", stop=StopRule(0, 1e-9)
    )
    assert outcome.success
    assert outcome.rank == 20


@pytest.mark.parametrize("padding", [(1, 1), (32, 32)])
def test_a_backend_may_pad_as_it_likes(padding):
    class Wide(NumPy):
        pass

    Wide.padding = padding
    problems = [draw_problem(9, d, k, trial=k) for k, d in ((1, 1), (3, 2), (8, 5), (33, 4))]
    for own, wide in zip(run(problems), run(problems, backend=Wide()), strict=True):
        assert (own.status, own.iterations, own.W.shape) == (wide.status, wide.iterations, wide.W.shape)
        np.testing.assert_allclose(wide.W, own.W, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("namespace", ["torch", "array_api_strict"])
def test_problems_of_the_host_and_of_a_device_share_a_batch(namespace):
    xp = pytest.importorskip(namespace)
    host = [draw_problem(9, 3, k) for k in (2, 4)]
    there = [Problem(*(xp.asarray(a) for a in (p.X, p.y, p.W0, p.v)), p.key) for p in host]
    expected = run(host, backend=backend_of(there[0].X))
    for mixed in (there, [host[0], there[1]]):
        for own, other in zip(run(mixed, backend=backend_of(there[0].X)), expected, strict=True):
            np.testing.assert_array_equal(own.W, other.W)


def test_of_many_a_few_that_stopped_wait_for_others_and_stay_as_they_are():
    problems = [draw_problem(6, 3, 8, trial=trial) for trial in range(70)]
    settings = {"stop": StopRule(300, 0.05), "optimizer": GradientDescent(0.3)}
    job = Job(problems, Recipe(**settings), NumPy())
    outcomes, left = {}, []
    descent = Descent(job, settings["optimizer"], collate(problems, range(70), NumPy(), "float64"))
    for position, outcome in drive(job, descent, "portable"):
        outcomes[position] = outcome
        left.append(len(descent.positions))
    assert len({outcome.iterations for outcome in outcomes.values()}) > 10
    groups = [left.count(size) for size in sorted(set(left), reverse=True)]
    assert all(group * 32 >= 70 - sum(groups[:i]) for i, group in enumerate(groups))
    for position in range(0, 70, 7):
        [alone] = run([problems[position]], **settings)
        np.testing.assert_array_equal(outcomes[position].W, alone.W)
        assert outcomes[position].iterations == alone.iterations
        assert outcomes[position].path_length == alone.path_length
        assert outcomes[position].status is alone.status


@pytest.mark.parametrize("optimizer", ["gd", "sgd:step_size=0.1", "least-squares"])
def test_single_precision_jax_is_computed_with_the_integers_it_has(optimizer):
    jnp = pytest.importorskip("jax.numpy", reason="JAX is not installed")
    drawn = op.draw_problem(12, 3, 6)
    theirs = op.Problem(*(jnp.asarray(a) for a in (drawn.X, drawn.y, drawn.W0, drawn.v)), key=drawn.key)
    assert str(theirs.X.dtype) == "float32"
    given = {"optimizer": optimizer, "max_iterations": 60}
    found = op.train(theirs, **given)
    wanted = op.train(drawn, dtype="float32", engine="portable", **given)
    assert (found.status, found.iterations) == (wanted.status, wanted.iterations)
    np.testing.assert_allclose(found.relative_residual, wanted.relative_residual, rtol=1e-4)
    np.testing.assert_allclose(found.W, wanted.W, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("tolerance", "status"),
    [(1e-200, "budget_exhausted"), (1e-320, "budget_exhausted"), (1e200, "converged"), (1e300, "converged")],
)
def test_tolerances_whose_square_is_no_number(tolerance, status, dtype):
    drawn = op.draw_problem(12, 3, 6)
    outcome = op.train(drawn, tolerance=tolerance, max_iterations=5, engine="portable", dtype=dtype)
    assert (outcome.status, outcome.iterations) == (status, 0 if status == "converged" else 5)
    solved = op.Problem(
        drawn.X, np.ones(12), np.zeros((4, 3)), np.full(4, 0.25)
    )  # φ = 1, so f = 1 = y exactly
    given = {"activation": "hermite:coefficients=1;0", "dtype": dtype, "engine": "portable"}
    exact = op.train(solved, tolerance=tolerance, **given)
    assert (exact.status, exact.iterations, exact.relative_residual) == ("converged", 0, 0.0)


def test_a_list_of_problems_of_several_shapes_gives_a_list_in_its_order():
    problems = [op.draw_problem(8, d, k) for d, k in ((2, 4), (3, 2), (2, 6))]
    given = {"max_iterations": 20, "engine": "portable"}
    for each, alone in zip(op.train(problems, **given), problems, strict=True):
        np.testing.assert_array_equal(each.W, op.train(alone, **given).W)
    assert op.train([]) == []
    with pytest.raises(ValueError, match="must have one n"):
        op.train([problems[0], op.draw_problem(9, 2, 4)])
