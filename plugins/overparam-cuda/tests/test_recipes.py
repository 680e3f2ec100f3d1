"""Losses, initializations and layers: the whole kernel, run on the host, against the portable engine."""

from itertools import product

import numpy as np
import pytest
from host import SMALL, assert_equal_runs, needs_compiler, needs_device, portable, train
from kinds import Adam, Decay, Drift, Huber, Momentum, Weighted, job_of
from overparam_cuda import run as run_module
from simt import LIMIT

from overparam.methods import GradientDescent, StochasticGradientDescent
from overparam.model.activations import ReLU
from overparam.model.data import Rademacher
from overparam.model.initializations import Paper, Scaled, Symmetric
from overparam.model.losses import Hinge, Logistic, Squared
from overparam.model.problem import draw_problem
from overparam.plugin import (
    Instruction,
    Program,
    Status,
    StopRule,
    Value,
    drive,
    of_the_difference,
    record_loss,
)
from overparam.runs.stepwise import Stepwise

SHAPES = ((1, 1), (3, 5), (5, 2), (8, 8), (13, 17))
INITIALIZATIONS = (Paper(), Scaled(0.5, 2.0, "random"), Symmetric())
LOSSES = (Squared(), Logistic(), Hinge(), Huber())
LAYERS = ("hidden", "output", "both")
METHODS = (GradientDescent(0.02), StochasticGradientDescent(0.02, batch_size=3, check_every=2), Momentum())


@pytest.fixture(
    params=[pytest.param("host", marks=needs_compiler), pytest.param("device", marks=needs_device)]
)
def place(request):
    return request.param


def problems_of(n, initialization=None, shapes=SHAPES):
    return [
        draw_problem(n, d, k, trial=i, labels=Rademacher(), initialization=initialization)
        for i, (k, d) in enumerate(shapes)
    ]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("layers", LAYERS)
@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.name)
def test_every_recipe_is_the_portable_engines(loss, layers, dtype, place):
    for initialization, optimizer in product(INITIALIZATIONS, METHODS):
        problems = problems_of(21, initialization)
        recipe = {"loss": loss, "initialization": initialization, "optimizer": optimizer, "layers": layers}
        job = job_of(problems, dtype, stop=StopRule(41, 0.2), **recipe)
        expected = portable(job)
        for limit in (LIMIT, 3000):
            assert_equal_runs(train(job, limit, place=place), expected, dtype)


@pytest.mark.parametrize("layers", ["output", "both"])
@pytest.mark.parametrize("optimizer", [Adam(), Decay(), StochasticGradientDescent(0.1, batch_size=40)])
def test_methods_with_state_and_batches_beyond_n(optimizer, layers, place):
    job = job_of(problems_of(20), optimizer=optimizer, layers=layers, activation=ReLU(), loss=Weighted())
    for limit in (LIMIT, SMALL):
        assert_equal_runs(train(job, limit, place=place), portable(job), "float64")


@pytest.mark.parametrize("layers", LAYERS)
def test_units_that_pad_never_act(layers, place):
    """The oracle has no padding: it makes the method's own steps for one run at a time."""
    shapes = [(k, 3) for k in range(1, 9)]
    job = job_of(problems_of(12, Scaled(), shapes), optimizer=Drift(), layers=layers, stop=StopRule(30, 1e-6))
    alone = (drive(job, Stepwise(job, position), "stepwise") for position in range(len(shapes)))
    expected = [outcome for [(_, outcome)] in alone]
    for limit in (LIMIT, 1500):
        assert_equal_runs(train(job, limit, place=place), expected, "float64")


@pytest.mark.parametrize("layers", ["output", "both"])
@pytest.mark.parametrize(
    "optimizer", [Momentum(), StochasticGradientDescent(0.1, batch_size=3, check_every=3)]
)
def test_cuts_and_company_change_no_bit(optimizer, layers, monkeypatch, place):
    problems = problems_of(19)
    recipe = {"optimizer": optimizer, "layers": layers, "loss": Logistic(), "stop": StopRule(400, 0.16)}
    for limit in (LIMIT, 2000):
        whole = train(job_of(problems, "float32", **recipe), limit, place=place)
        assert len({one.status for one in whole}) == 2
        with monkeypatch.context() as patch:
            patch.setattr(run_module, "_LONGEST", 37)
            patch.setattr(run_module, "_BUCKET", 1)
            cut = train(job_of(problems, "float32", **recipe), limit, place=place)
        alone = [train(job_of([p], "float32", **recipe), limit, place=place)[0] for p in problems]
        for one, *others in zip(whole, cut, alone, strict=True):
            for other in others:
                np.testing.assert_array_equal(one.W, other.W)
                np.testing.assert_array_equal(one.v, other.v)
                assert (one.iterations, one.path_length) == (other.iterations, other.path_length)


@needs_compiler
@pytest.mark.parametrize("order", ["backward", "shuffled"])
@pytest.mark.parametrize("layers", ["output", "both"])
def test_the_order_of_threads_between_barriers_changes_no_bit(layers, order):
    for limit, optimizer in product((LIMIT, SMALL), METHODS[1:]):
        job = job_of(problems_of(150), "float32", optimizer=optimizer, layers=layers, stop=StopRule(20))
        for one, other in zip(train(job, limit), train(job, limit, order), strict=True):
            np.testing.assert_array_equal(one.W, other.W)
            np.testing.assert_array_equal(one.v, other.v)
            assert (one.iterations, one.path_length) == (other.iterations, other.path_length)


@pytest.mark.parametrize("loss", [Logistic(), Hinge()], ids=lambda loss: loss.name)
def test_classification_ends_at_the_tolerated_fraction(loss, place):
    job = job_of(problems_of(20), loss=loss, stop=StopRule(3000, 0.15), optimizer=GradientDescent(0.05))
    found = train(job, place=place)
    assert {one.status for one in found} == {Status.CONVERGED, Status.BUDGET_EXHAUSTED}
    for one in found:
        assert one.relative_residual * 20 == pytest.approx(round(one.relative_residual * 20))
        assert one.success == (round(one.relative_residual * 20) <= 3)
    assert_equal_runs(found, portable(job), "float64")


@pytest.mark.parametrize("layers", LAYERS)
@pytest.mark.parametrize("loss", [Squared(), Hinge()], ids=lambda loss: loss.name)
def test_divergence_is_a_status(loss, layers, place):
    job = job_of(problems_of(9), loss=loss, layers=layers, optimizer=GradientDescent(1e300), stop=StopRule(9))
    found, expected = train(job, place=place), portable(job)
    assert [(one.status, one.iterations) for one in found] == [
        (one.status, one.iterations) for one in expected
    ]
    assert loss.exponent == 1 or {one.status for one in found if one.effective_parameters} == {
        Status.DIVERGED
    }


def test_only_losses_of_the_difference_begin_their_sum_with_the_label():
    begins = [of_the_difference(record_loss(loss)) is not None for loss in LOSSES]
    assert begins == [True, False, False, True]
    squared = of_the_difference(record_loss(Squared()))
    assert squared == Program(("difference", "labels"), (), (Value(0), Value(0)))
    weighted = of_the_difference(record_loss(Weighted()))
    assert weighted is not None
    assert weighted.instructions == (
        Instruction("abs", (Value(1),)),
        Instruction("multiply", (Value(0), Value(2))),
    )
    assert weighted.outputs == (Value(3), Value(0))
