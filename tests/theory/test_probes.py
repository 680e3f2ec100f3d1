"""A followed run against the portable engine, and its probes against the explicit Jacobian."""

import dataclasses

import numpy as np
import pytest

from overparam.arrays.backends import NumPy
from overparam.methods import GradientDescent, StochasticGradientDescent
from overparam.model import network
from overparam.model.activations import ReLU, Softplus
from overparam.model.problem import Problem, draw_problem
from overparam.runs import Job, Portable, StopRule
from overparam.theory import follow, linearized_residuals
from tests.theory.recipes import recipe_of


@pytest.mark.parametrize("activation", [Softplus(), ReLU()], ids=lambda a: a.name)
@pytest.mark.parametrize(
    "optimizer",
    [GradientDescent(0.1), GradientDescent("theorem"), StochasticGradientDescent(0.5, 2, check_every=10)],
    ids=lambda o: o.specification(),
)
@pytest.mark.parametrize("stop", [StopRule(60, 1e-9), StopRule(2000, 0.3), StopRule(0, 1e-3)])
def test_follows_the_engines(activation, optimizer, stop):
    problem = draw_problem(n=15, d=6, k=12, seed=3)
    [(_, outcome)] = Portable().run(Job([problem], recipe_of(activation, optimizer, stop), NumPy()))
    run = follow(problem, recipe_of(activation, optimizer, stop))
    assert run.iterations[-1] == outcome.iterations
    label_norm = np.linalg.norm(problem.y)
    assert run.residual[-1] / label_norm == pytest.approx(outcome.relative_residual, rel=1e-9)
    assert run.distance[-1] == pytest.approx(outcome.distance_from_initialization, rel=1e-9, abs=1e-15)
    assert run.path_length[-1] == pytest.approx(outcome.path_length, rel=1e-9, abs=1e-15)
    assert run.probes[-1].iteration == outcome.iterations
    final = outcome.W
    J, J0 = (network.jacobian(problem.X, W, problem.v, activation) for W in (final, problem.W0))
    probe = run.probes[-1]
    singular = np.linalg.svd(J, compute_uv=False)
    assert probe.spectral_norm == pytest.approx(singular[0], rel=1e-9)
    assert probe.sigma_min == pytest.approx(singular[-1], abs=2 * probe.floor)
    assert probe.jacobian_change == pytest.approx(np.linalg.norm(J - J0, 2), abs=1e-7)
    assert probe.spectral_distance == pytest.approx(np.linalg.norm(final - problem.W0, 2), abs=1e-12)
    flips = (problem.X @ final.T >= 0) != (problem.X @ problem.W0.T >= 0)
    assert probe.flipped == pytest.approx(flips.mean(), abs=1e-15)
    if activation.name == "relu":
        assert probe.slope_change**2 == pytest.approx(flips.sum(axis=1).max())


@pytest.mark.parametrize("namespace", ["torch", "array_api_strict"])
def test_every_namespace(namespace):
    xp = pytest.importorskip(namespace)
    problem = draw_problem(n=10, d=4, k=8)
    arrays = (xp.asarray(a) for a in (problem.X, problem.y, problem.W0, problem.v))
    there = Problem(*arrays, key=problem.key)
    for optimizer in (GradientDescent(0.1), StochasticGradientDescent(0.5)):
        run, reference = (
            follow(p, recipe_of(Softplus(), optimizer, StopRule(40, 1e-9)), 4) for p in (there, problem)
        )
        np.testing.assert_allclose(run.residual, reference.residual, rtol=1e-10)
        for probe, other in zip(run.probes, reference.probes, strict=True):
            assert dataclasses.astuple(probe) == pytest.approx(dataclasses.astuple(other), rel=1e-6, abs=1e-7)


def test_probes_start_at_0_and_end_at_the_end():
    run = follow(
        draw_problem(n=10, d=4, k=8), recipe_of(Softplus(), GradientDescent(0.1), StopRule(500, 1e-9)), 5
    )
    iterations = [probe.iteration for probe in run.probes]
    assert iterations == sorted(set(iterations))
    assert (iterations[0], iterations[-1], len(iterations)) == (0, 500, 5)


def test_divergence_ends_the_run():
    problem = draw_problem(n=10, d=2, k=8)
    wild = Problem(problem.X, 1e6 * problem.y, problem.W0, 1e6 * problem.v)
    run = follow(wild, recipe_of(ReLU(), GradientDescent(10.0), StopRule(5000, 1e-9)))
    assert run.iterations[-1] < 5000
    assert run.residual[-1] > 1e8 * np.linalg.norm(wild.y)


def test_bad_input():
    problem = draw_problem(n=4, d=2, k=4)
    with pytest.raises(ValueError, match="at least 2"):
        follow(problem, recipe_of(Softplus(), GradientDescent(), StopRule()), 1)
    with pytest.raises(ValueError, match="relative residual"):
        follow(
            Problem(problem.X, 0 * problem.y, problem.W0, problem.v),
            recipe_of(Softplus(), GradientDescent(), StopRule()),
        )


def test_the_linearized_run_is_the_loop_it_stands_for():
    rng = np.random.default_rng(0)
    root = rng.standard_normal((6, 6))
    K, r0, size = root @ root.T, rng.standard_normal(6), 0.05
    r, norms = r0, []
    for _ in range(30):
        norms.append(np.linalg.norm(r))
        r = r - size * K @ r
    np.testing.assert_allclose(linearized_residuals(K, r0, size, range(30)), norms, rtol=1e-10)


def test_a_wide_network_follows_its_kernel():
    problem = draw_problem(n=10, d=10, k=4000)
    size = 0.1
    run = follow(problem, recipe_of(Softplus(), GradientDescent(size), StopRule(100, 1e-9)), 2)
    kernel = network.jacobian_gram(problem.X, problem.W0, problem.v, Softplus())
    start = network.residual(problem.X, problem.y, problem.W0, problem.v, Softplus())
    predicted = linearized_residuals(kernel, start, size, run.iterations)
    np.testing.assert_allclose(run.residual, predicted, rtol=0.05)
