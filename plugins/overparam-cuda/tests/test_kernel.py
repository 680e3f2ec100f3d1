"""The whole kernel, run on the host, against the portable engine."""

from itertools import product

import numpy as np
import pytest
from host import SMALL, Host, assert_equal_runs, needs_compiler, needs_device, portable, train
from kinds import Adam, Decay, Elu, Gelu, Momentum, job_of
from overparam_cuda import run as run_module
from overparam_cuda.blocks import Method, Shape
from overparam_cuda.formula import Formula
from overparam_cuda.source import print_kernel
from simt import LIMIT, ORDERS

from overparam.methods import GradientDescent, StochasticGradientDescent
from overparam.model.activations import Hermite, ReLU, Softplus
from overparam.model.problem import draw_problem
from overparam.plugin import Problem, Status, StopRule, drive

SHAPES = ((1, 1), (2, 3), (3, 5), (5, 2), (8, 8), (13, 17), (4, 1), (25, 25))
SAMPLES = (1, 17, 130)
BARRIER = "__syncthreads();"
BARRIERS = print_kernel(Formula.of(job_of([]).recipe))[0].count(BARRIER)


@pytest.fixture(
    params=[pytest.param("host", marks=needs_compiler), pytest.param("device", marks=needs_device)]
)
def place(request):
    return request.param


def test_these_shapes_share_the_samples_of_a_tile_in_every_way():
    blocks = [
        Shape.of(n, k - k % 2, d).block(Method(True, False, 0, 0, "float32"), limit)
        for (k, d), n, limit in product(SHAPES, SAMPLES, (LIMIT, SMALL))
    ]
    assert {block.split for block in blocks if not block.held} == {4, 8, 16, 32}
    assert {block.split for block in blocks if block.held} == {8, 16, 32}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("activation", [Softplus(), ReLU(), Hermite((0.1, 0.5, 0.0, 0.2)), Gelu(), Elu()])
@pytest.mark.parametrize(
    "optimizer", [GradientDescent(0.02), StochasticGradientDescent(0.02, batch_size=3, check_every=2)]
)
def test_trainings_are_the_portable_engines(activation, optimizer, dtype, place):
    for n in SAMPLES:
        problems = [draw_problem(n, d, k, trial=i) for i, (k, d) in enumerate(SHAPES)]
        job = job_of(problems, dtype, activation=activation, optimizer=optimizer)
        assert_equal_runs(train(job, place=place), portable(job), dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "optimizer", [Momentum(), Adam(), Decay(), StochasticGradientDescent(0.1, batch_size=40)]
)
def test_methods_with_state_and_batches_beyond_n(optimizer, dtype, place):
    problems = [draw_problem(20, d, k, trial=i) for i, (k, d) in enumerate(SHAPES)]
    job = job_of(problems, dtype, optimizer=optimizer)
    assert_equal_runs(train(job, place=place), portable(job), dtype)


@pytest.mark.parametrize(("activation", "step_size"), [(Softplus(), 0.15), (ReLU(), 0.1)])
def test_trainings_of_figure_2_end_as_on_the_cpu(activation, step_size, place):
    # The final residuals are far from the tolerance. Near the boundary, rounding could decide the outcome.
    problems = [draw_problem(100, d, k) for k, d in ((2, 2), (10, 18), (20, 12), (24, 25))]
    job = job_of(
        problems, "float32", activation=activation, optimizer=GradientDescent(step_size), stop=StopRule()
    )
    found, expected = train(job, place=place), portable(job)
    assert len({one.status for one in expected}) >= 2
    for one, other in zip(found, expected, strict=True):
        assert one.status is other.status
        assert one.iterations == pytest.approx(other.iterations, rel=0.01)


def test_every_end_at_its_own_iterate(place):
    problems = [draw_problem(12, 6, k, trial=k) for k in (1, 2, 8, 16, 24)]
    job = job_of(problems, stop=StopRule(2000, 0.05), optimizer=GradientDescent(0.3))
    found = train(job, place=place)
    assert {one.status for one in found} == {Status.CONVERGED, Status.BUDGET_EXHAUSTED}
    assert_equal_runs(found, portable(job), "float64")
    wild = job_of(problems, optimizer=GradientDescent(1e4))
    assert Status.DIVERGED in {one.status for one in train(wild, place=place)}
    assert [one.status for one in train(wild, place=place)] == [one.status for one in portable(wild)]
    p = draw_problem(5, 3, 2)
    done = Problem(p.X, np.log(2.0) * p.v.sum() * np.ones(5) + 1e-9, 0.0 * p.W0, np.array([1.0, 2.0]))
    exact = Problem(done.X, np.full(5, 3.0 * np.log(2.0)), done.W0, done.v)
    [outcome] = train(job_of([exact]), place=place)
    assert (outcome.status, outcome.iterations) == (Status.CONVERGED, 0)
    [outcome] = train(job_of([p], stop=StopRule(0)), place=place)
    assert (outcome.status, outcome.iterations) == (Status.BUDGET_EXHAUSTED, 0)


@pytest.mark.parametrize(
    "optimizer", [GradientDescent(0.1), Momentum(), StochasticGradientDescent(1.0, check_every=3)]
)
def test_cuts_and_company_change_no_bit(optimizer, monkeypatch, place):
    problems = [draw_problem(19, d, k, trial=i) for i, (k, d) in enumerate(SHAPES)]
    job = job_of(problems, "float32", optimizer=optimizer, stop=StopRule(1500, 0.1))
    whole = train(job, place=place)
    assert len({one.status for one in whole}) == 2
    monkeypatch.setattr(run_module, "_LONGEST", 37)
    monkeypatch.setattr(run_module, "_BUCKET", 1)
    cut = train(job, place=place)
    alone = [
        train(job_of([p], "float32", optimizer=optimizer, stop=job.stop), place=place)[0] for p in problems
    ]
    for one, other, third in zip(whole, cut, alone, strict=True):
        for again in (other, third):
            np.testing.assert_array_equal(one.W, again.W)
            assert (one.iterations, one.path_length) == (again.iterations, again.path_length)


def test_histories_are_the_portable_engines(place):
    problems = [draw_problem(10, 3, k) for k in (2, 6)]
    for optimizer in (GradientDescent(0.1), StochasticGradientDescent(0.1)):
        job = job_of(problems, optimizer=optimizer, record_every=7, stop=StopRule(40, 0.3))
        for one, other in zip(train(job, place=place), portable(job), strict=True):
            np.testing.assert_array_equal(one.history.iterations, other.history.iterations)
            for name in ("relative_residual", "distance_from_initialization", "path_length"):
                np.testing.assert_allclose(
                    getattr(one.history, name), getattr(other.history, name), rtol=1e-9, atol=1e-12
                )


@needs_compiler
def test_trainings_that_ended_are_launched_no_more(monkeypatch):
    monkeypatch.setattr(run_module, "_LONGEST", 50)
    problems = [draw_problem(12, 6, k, trial=k) for k in (1, 24)]
    job = job_of(problems, stop=StopRule(400, 0.1), optimizer=GradientDescent(0.3))
    formula = Formula.of(job.recipe)
    host = Host(print_kernel(formula)[0])
    list(drive(job, run_module.Runs(job, range(2), formula, host, 0), "cuda"))
    assert sum(blocks for _, blocks, _ in host.launches) < 2 * 400 / 50


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "optimizer",
    [
        GradientDescent(0.05),
        Momentum(),
        StochasticGradientDescent(0.05, batch_size=2, check_every=3),
        StochasticGradientDescent(0.1, batch_size=70),
    ],
)
def test_what_is_too_large_for_a_block_comes_by_portions(optimizer, dtype, place):
    for n in (3, 57):
        problems = [draw_problem(n, d, k, trial=i) for i, (k, d) in enumerate(SHAPES)]
        job = job_of(problems, dtype, optimizer=optimizer)
        assert_equal_runs(train(job, SMALL, place=place), portable(job), dtype)


def test_a_large_problem(place):
    job = job_of([draw_problem(1000, 60, 80)], "float32", stop=StopRule(10), optimizer=GradientDescent(0.02))
    assert_equal_runs(train(job, place=place), portable(job), "float32")


@needs_compiler
@pytest.mark.parametrize("limit", [LIMIT, SMALL])
@pytest.mark.parametrize("order", ["backward", "shuffled"])
@pytest.mark.parametrize(
    "optimizer", [Momentum(), StochasticGradientDescent(0.05, batch_size=2, check_every=3)]
)
def test_the_order_of_threads_between_barriers_changes_no_bit(optimizer, order, limit):
    problems = [draw_problem(150, d, k, trial=i) for i, (k, d) in enumerate(SHAPES)]
    job = job_of(problems, "float32", optimizer=optimizer)
    for one, other in zip(train(job, limit), train(job, limit, order), strict=True):
        np.testing.assert_array_equal(one.W, other.W)
        assert (one.iterations, one.path_length) == (other.iterations, other.path_length)


@needs_compiler
@pytest.mark.parametrize("left_out", range(BARRIERS))
def test_every_barrier_is_needed_and_a_missing_one_would_be_seen(left_out):
    methods = [
        *((GradientDescent(0.05), layers) for layers in ("hidden", "both")),
        *(
            (StochasticGradientDescent(0.05, batch_size=6, check_every=2), layers)
            for layers in ("hidden", "both")
        ),
        (GradientDescent(0.05), "output"),
    ]
    problems = [draw_problem(50, d, k) for k, d in ((2, 3), (12, 5), (24, 25))]
    found = set()
    for limit, order, (optimizer, layers) in product((LIMIT, SMALL), ORDERS, methods):
        job = job_of(problems, optimizer=optimizer, layers=layers, stop=StopRule(8))
        parts = print_kernel(Formula.of(job.recipe))[0].split(BARRIER)
        parts[left_out : left_out + 2] = [";".join(parts[left_out : left_out + 2])]
        try:
            outcomes = train(job, limit, order, source=BARRIER.join(parts))
            ends = (outcome.W.tobytes() + outcome.v.tobytes() for outcome in outcomes)
            found.add((limit, optimizer.name, layers, *ends))
        except AssertionError as error:  # a deadlock of threads
            found.add(str(error))
    assert len(found) > 2 * len(methods)
