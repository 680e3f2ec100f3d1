"""Function-space methods: the loop against a plain loop, its stop rule, its history, every array library."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from overparam.arrays import array_namespace
from overparam.arrays.backends import backend_of
from overparam.methods import FunctionSpace
from overparam.model.activations import Softplus
from overparam.model.network import jacobian, residual
from overparam.model.problem import Problem, draw_problem
from overparam.runs import Job, Portable, Recipe, Status, StopRule


@dataclass(frozen=True)
class Damped(FunctionSpace):
    """(JJᵀ + μI)α = r; μ is halved after an accepted step and quadrupled after a rejected one."""

    name: ClassVar[str] = "damped"
    damping: float = 1e-2

    def initial_damping(self, gram):
        return self.damping

    def coefficients(self, gram, residual, damping):
        xp = array_namespace(residual)
        eye = xp.eye(gram.shape[0], dtype=gram.dtype, device=gram.device)
        return xp.linalg.solve(gram.matrix + damping * eye, residual[:, None])[:, 0]

    def next_damping(self, damping, gain):
        return 0.5 * damping if gain > 0.0 else 4.0 * damping


@dataclass(frozen=True)
class Overshooting(Damped):
    """Steps are a hundred times too long: the loss rises, so every step is rejected."""

    name: ClassVar[str] = "overshooting"

    def coefficients(self, gram, residual, damping):
        return 100.0 * super().coefficients(gram, residual, damping)


ENOUGH = StopRule(50, 1e-6)


def run(problems, method=Damped(), stop=ENOUGH, dtype="float64", **settings):
    recipe = Recipe(optimizer=method, stop=stop, dtype=dtype)
    job = Job(problems, recipe, backend_of(problems[0].X), **settings)
    outcomes = dict(Portable().run(job))
    return [outcomes[i] for i in range(len(problems))]


def plain(p, damping, steps):
    """The same method in parameter space: (JᵀJ + μI)⁻¹Jᵀr, kd equations per step."""
    W = p.W0
    for _ in range(steps):
        J, r = jacobian(p.X, W, p.v, Softplus()), residual(p.X, p.y, W, p.v, Softplus())
        step = np.linalg.solve(J.T @ J + damping * np.eye(J.shape[1]), J.T @ r)
        W, damping = W - step.reshape(W.shape), 0.5 * damping
    return W


@pytest.mark.parametrize("namespace", ["numpy", "torch", "array_api_strict"])
def test_it_is_the_plain_loop_in_the_space_of_the_parameters(namespace):
    xp = pytest.importorskip(namespace, reason=f"{namespace} is not installed")
    p = draw_problem(n=15, d=5, k=8, seed=2)
    moved = Problem(*(xp.asarray(a) for a in (p.X, p.y, p.W0, p.v)))
    [outcome] = run([moved], stop=StopRule(3, 1e-12))
    assert outcome.iterations == 3
    np.testing.assert_allclose(outcome.W, plain(p, 1e-2, 3), atol=1e-9)
    assert outcome.distance_from_initialization == pytest.approx(np.linalg.norm(outcome.W - p.W0))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_problems_of_many_shapes_converge(dtype):
    problems = [draw_problem(n=12, d=d, k=k) for k, d in ((20, 3), (7, 10), (30, 4))]
    for problem, outcome in zip(problems, run(problems, dtype=dtype, stop=StopRule(100, 1e-3)), strict=True):
        f = np.logaddexp(0.0, problem.X @ outcome.W.T) @ problem.v
        assert outcome.status is Status.CONVERGED
        assert np.linalg.norm(f - problem.y) / np.linalg.norm(problem.y) < 1.001e-3
        assert outcome.W.dtype == dtype


def test_it_stops_at_the_first_iterate_below_the_tolerance():
    p = draw_problem(n=12, d=5, k=20)
    [free] = run([p], stop=StopRule(50, 1e-3))
    [short] = run([p], stop=StopRule(free.iterations - 1, 1e-3))
    assert (free.status, short.status) == (Status.CONVERGED, Status.BUDGET_EXHAUSTED)
    assert short.relative_residual >= 1e-3 > free.relative_residual


def test_a_step_that_raises_the_loss_is_not_taken():
    p = draw_problem(n=12, d=5, k=20)
    [outcome] = run([p], Overshooting(), StopRule(3, 1e-6))
    assert (outcome.status, outcome.iterations, outcome.path_length) == (Status.BUDGET_EXHAUSTED, 3, 0.0)
    np.testing.assert_array_equal(outcome.W, p.W0)


def test_where_nothing_can_move_it_ends_at_once():
    p = draw_problem(n=12, d=5, k=1)  # v = 0
    [outcome] = run([p])
    assert (outcome.status, outcome.iterations) == (Status.BUDGET_EXHAUSTED, 0)


def test_labels_that_are_all_zero_are_refused():
    p = draw_problem(n=5, d=3, k=4)
    with pytest.raises(ValueError, match="relative residual"):
        run([Problem(p.X, 0.0 * p.y, p.W0, p.v)])


def test_the_history_falls_and_ends_at_the_end():
    [outcome] = run([draw_problem(n=30, d=4, k=6)], stop=StopRule(25, 1e-9), record_every=10)
    history = outcome.history
    assert list(history.iterations) == [*range(0, outcome.iterations, 10), outcome.iterations]
    assert (np.diff(history.relative_residual) <= 0.0).all()
    assert history.path_length[-1] == outcome.path_length
    assert history.distance_from_initialization[-1] == outcome.distance_from_initialization
    [unrecorded] = run([draw_problem(n=30, d=4, k=6)], stop=StopRule(25, 1e-9))
    assert unrecorded.history is None
    np.testing.assert_array_equal(unrecorded.W, outcome.W)
