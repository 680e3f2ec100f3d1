"""Compiled loops for every loss, initialization and choice of layers against the portable engine."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
from comparison import assert_alike, assert_same_bits, job_of, run
from overparam_numba import Numba
from rules import Adam, Drift, Momentum, Normalized

from overparam.methods import GradientDescent, StochasticGradientDescent
from overparam.model.activations import Activation, Softplus
from overparam.model.data import Rademacher
from overparam.model.initializations import Paper, Scaled, Symmetric
from overparam.model.losses import Hinge, Logistic, Squared
from overparam.model.problem import draw_problem
from overparam.plugin import Problem, StopRule, array_namespace, drive
from overparam.runs import Portable, Status
from overparam.runs.stepwise import Stepwise
from overparam.testing.resuming import InMemory, require_same_outcome
from overparam.testing.trainings import outcomes_of

LAYERS = ["hidden", "output", "both"]
GD = GradientDescent(2e-3)
SGD = StochasticGradientDescent(5e-3, batch_size=3, check_every=4)
INITIALIZATIONS = [Paper(), Scaled(0.5, 1.5, "random"), Symmetric(output=1.0)]


@dataclass(frozen=True)
class Logarithm(Activation):
    """log |z|, which is infinite at 0, the value of a unit padded with zeros."""

    name: ClassVar[str] = "logarithm"

    def value(self, z):
        xp = array_namespace(z)
        return xp.log(xp.abs(z))

    def derivative(self, z):
        return 1.0 / z


def problems_of(initialization, shapes=((3, 5), (9, 1), (1, 1), (10, 13)), n=33):
    return [
        draw_problem(n, d, k, trial=i, labels=Rademacher(), initialization=initialization)
        for i, (k, d) in enumerate(shapes)
    ]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("optimizer", [GD, SGD, Momentum(2e-3)], ids=lambda o: o.name)
@pytest.mark.parametrize("layers", LAYERS)
@pytest.mark.parametrize("loss", [Squared(), Logistic(), Hinge()], ids=lambda c: c.name)
def test_equals_portable(loss, layers, optimizer, dtype):
    problems = [problem for initialization in INITIALIZATIONS for problem in problems_of(initialization)]
    settings = {
        "loss": loss,
        "layers": layers,
        "optimizer": optimizer,
        "dtype": dtype,
        "stop": StopRule(30, 1e-3),
    }
    ours, reference = (run(engine, problems, **settings) for engine in (Numba(), Portable()))
    assert Status.DIVERGED not in {outcome.status for outcome in reference}
    assert_alike(ours, reference, dtype)


@pytest.mark.parametrize("layers", LAYERS)
def test_every_trained_array_has_a_state_of_its_own(layers):
    settings = {"layers": layers, "optimizer": Adam(1e-3), "stop": StopRule(40, 1e-9)}
    problems = problems_of(Scaled())
    assert_alike(run(Numba(), problems, **settings), run(Portable(), problems, **settings), "float64")


@pytest.mark.parametrize("layers", LAYERS)
@pytest.mark.parametrize("loss", [Logistic(), Hinge(), Squared()], ids=lambda c: c.name)
def test_stops_where_the_portable_engine_stops(loss, layers):
    problems = problems_of(Scaled(), [(20, 10)] * 3, n=24)
    step_size = 0.05 if layers == "hidden" else 4e-3
    stop = StopRule(4000, 0.7 if layers == "output" and loss.exponent == 2 else 0.1)
    settings = {"loss": loss, "layers": layers, "optimizer": GradientDescent(step_size), "stop": stop}
    ours, reference = (run(engine, problems, **settings) for engine in (Numba(), Portable()))
    assert {outcome.status for outcome in reference} == {Status.CONVERGED}
    assert min(outcome.iterations for outcome in reference) > 5
    assert_alike(ours, reference, "float64")


class Eye:
    """An observer that asks for a few iterates and keeps them."""

    def __init__(self, problem, seen):
        self._seen = seen

    def next_after(self, iteration):
        return next((wanted for wanted in (0, 1, 4, 5, 17) if wanted > iteration), None)

    def see(self, look):
        self._seen.append(look)


@pytest.mark.parametrize("layers", LAYERS)
@pytest.mark.parametrize("optimizer", [GD, SGD], ids=lambda o: o.name)
def test_observers_are_shown_the_same_iterates(optimizer, layers):
    [problem] = problems_of(Scaled(), [(5, 7)])
    shown = []
    for engine in (Numba(), Portable()):
        seen = []
        settings = {"optimizer": optimizer, "layers": layers, "stop": StopRule(30, 1e-9)}
        run(engine, [problem], watches=(lambda p, seen=seen: Eye(p, seen),), record_every=10, **settings)
        shown.append(seen)
    assert [look.iteration for look in shown[0]] == [0, 1, 4, 5, 17, 30]
    for ours, reference in zip(*shown, strict=True):
        assert (ours.iteration, ours.last) == (reference.iteration, reference.last)
        for name in ("measure", "distance", "path_length", "W", "v"):
            np.testing.assert_allclose(getattr(ours, name), getattr(reference, name), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("layers", LAYERS)
def test_looking_changes_no_bit(layers):
    problems = problems_of(Scaled())
    settings = {"optimizer": SGD, "layers": layers, "dtype": "float32", "stop": StopRule(1100, 1e-9)}
    for plain, watched in zip(
        run(Numba(), problems, **settings), run(Numba(), problems, record_every=7, **settings), strict=True
    ):
        assert_same_bits(plain, watched)


def stepwise(problem, **settings):
    """Train one run in its own shape, without any padding."""
    job = job_of([problem], **settings)
    [(_, outcome)] = drive(job, Stepwise(job, 0), "stepwise")
    return outcome


@pytest.mark.parametrize("layers", LAYERS)
@pytest.mark.parametrize("rule", [Drift(1e-3), Normalized(1e-3), SGD], ids=lambda o: o.name)
def test_units_that_pad_never_act(rule, layers):
    """For odd k and an activation with φ(0) ≠ 0."""
    for problem in problems_of(Scaled(), [(1, 3), (3, 5), (9, 2)]):
        settings = {"optimizer": rule, "layers": layers, "stop": StopRule(25, 1e-9)}
        reference = stepwise(problem, **settings)
        assert reference.status is Status.BUDGET_EXHAUSTED
        assert_alike(run(Numba(), [problem], **settings), [reference], "float64")


@pytest.mark.parametrize("layers", LAYERS)
@pytest.mark.parametrize("optimizer", [GradientDescent(1e-4), SGD], ids=lambda o: o.name)
def test_what_pads_is_finite_where_the_activation_is_not(optimizer, layers):
    [problem] = problems_of(Scaled(), [(3, 5)])
    settings = {
        "activation": Logarithm(),
        "optimizer": optimizer,
        "layers": layers,
        "stop": StopRule(20, 1e-9),
    }
    reference = stepwise(problem, **settings)
    assert reference.status is Status.BUDGET_EXHAUSTED
    assert_alike(run(Numba(), [problem], **settings), [reference], "float64")


@pytest.mark.parametrize("layers", ["output", "both"])
def test_units_without_an_output_weight_learn_one(layers):
    p = draw_problem(20, 4, 5)
    problem = Problem(p.X, p.y, p.W0, 0.0 * p.v)
    [ours], [reference] = (run(e, [problem], layers=layers, optimizer=GD) for e in (Numba(), Portable()))
    assert np.all(ours.v != 0.0)
    assert_alike([ours], [reference], "float64")


def test_fixed_weights_are_returned_bit_for_bit():
    [problem] = problems_of(Scaled(), [(5, 7)])
    [hidden] = run(Numba(), [problem], layers="hidden", optimizer=GD, activation=Softplus())
    np.testing.assert_array_equal(hidden.v, problem.v)
    [output] = run(Numba(), [problem], layers="output", optimizer=GD, activation=Softplus())
    np.testing.assert_array_equal(output.W, problem.W0)
    assert np.all(output.v != problem.v)
    assert np.all(hidden.W != problem.W0)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("optimizer", [SGD, Adam(1e-3)], ids=lambda o: o.name)
@pytest.mark.parametrize("layers", LAYERS)
def test_runs_that_were_cut_off_go_on_bit_for_bit(layers, optimizer, dtype):
    """For methods with state, odd k, and more updates than the first block of drawn rows has."""
    [problem] = problems_of(Scaled(), [(9, 4)])
    settings = {"optimizer": optimizer, "layers": layers, "dtype": dtype, "stop": StopRule(2100, 1e-9)}
    job = job_of([problem], **settings)
    [wanted] = outcomes_of(job, Numba())
    [found] = InMemory().trained(job, Numba(), (1000, 24, 1, 1000))
    require_same_outcome("the run", wanted, found)
