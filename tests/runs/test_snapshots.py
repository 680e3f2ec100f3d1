"""Training runs that are interrupted and resumed from their snapshots: the same outcome, bit for bit."""

import time
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pytest

from overparam.arrays.backends import NumPy, Torch
from overparam.methods import (
    FirstOrder,
    FunctionSpace,
    GradientDescent,
    Move,
    Network,
    StochasticGradientDescent,
)
from overparam.methods.gram import JacobianGram
from overparam.model.activations import Softplus
from overparam.model.losses import Squared
from overparam.model.problem import draw_problem
from overparam.plugin import Optimizer, array_namespace
from overparam.runs import Engine, Portable, StopRule
from overparam.runs.driver import Loop
from overparam.runs.snapshot import Keeping, Snapshot, packed, unpacked
from overparam.testing.checks import same_bits
from overparam.testing.resuming import InMemory, require_same_outcome
from overparam.testing.trainings import job_of, outcomes_of, problems_of


@dataclass(frozen=True)
class Momentum(FirstOrder):
    """Heavy ball, with a warm-up that counts updates."""

    name: ClassVar[str] = "momentum"

    def init(self, weights):
        return (0.0 * weights,)

    def update(self, weights, gradient, state, step):
        velocity = 0.9 * state[0] - step.size * gradient * (1.0 - 0.5 ** (step.iteration + 1.0))
        return weights + velocity, (velocity,)

    def step_size_for(self, problem, activation):
        return 0.01


@dataclass(frozen=True)
class Damped(FunctionSpace):
    """Levenberg–Marquardt with a damping that depends on all earlier gains."""

    name: ClassVar[str] = "damped"

    def initial_damping(self, gram):
        return 0.5 * float(array_namespace(gram.matrix).max(gram.matrix))

    def coefficients(self, gram, residual, damping):
        xp = array_namespace(gram.matrix)
        identity = xp.eye(gram.shape[0], dtype=gram.dtype)
        return xp.linalg.solve(gram.matrix + damping * identity, residual[:, None])[:, 0]

    def next_damping(self, damping, gain):
        return damping * (0.7 + 0.1 / (1.0 + gain * gain))


@dataclass(frozen=True)
class Secretive(Optimizer):
    """Its state is not an array, so no engine can save it."""

    name: ClassVar[str] = "secretive"

    def start(self, point):
        return object()

    def step(self, point, state):
        [gradient] = point.gradient()
        return Move(point.at((point.W - 0.01 * gradient,)), state)


SGD = StochasticGradientDescent(0.01, batch_size=3, check_every=4)
RESHUFFLED = StochasticGradientDescent(0.01, batch_size=3, sampling="reshuffling")


def assert_resumes(job, cuts, engine=None):
    engine, keeper = engine or Portable(), InMemory()
    found = keeper.trained(job, engine, cuts)
    assert keeper.found
    for wanted, one in zip(outcomes_of(job, engine), found, strict=True):
        require_same_outcome("a run", wanted, one)


@pytest.mark.parametrize(
    ("backend", "dtype"),
    [(NumPy(), "float32"), (NumPy(), "float64"), (Torch(), "float32")],
    ids=["numpy-float32", "numpy-float64", "torch-float32"],
)
@pytest.mark.parametrize("layers", ["hidden", "output", "both"])
@pytest.mark.parametrize("optimizer", [GradientDescent(0.01), SGD, Momentum()], ids=lambda o: o.name)
def test_first_order_methods_go_on(optimizer, layers, dtype, backend):
    pytest.importorskip(backend.name)
    stop = StopRule(60, 1e-9)
    job = job_of(problems_of(17), optimizer, stop, layers=layers, dtype=dtype, backend=backend)
    assert_resumes(job, (1, 7, 30))


@pytest.mark.parametrize("optimizer", [SGD, RESHUFFLED], ids=["replacement", "reshuffling"])
def test_the_random_stream_goes_on_beyond_its_blocks(optimizer):
    """A block has 1,024 updates; the interruptions are before, at and after the ends of blocks."""
    problem = draw_problem(9, 3, 4, trial=1)
    job = job_of([problem], optimizer, StopRule(2200, 1e-9))
    assert_resumes(job, (1000, 24, 1, 1023, 100))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_methods_that_judge_their_steps_go_on_with_what_they_remember(dtype):
    job = job_of(problems_of(40, [(4, 3), (10, 2)]), Damped(), StopRule(40, 1e-12), dtype=dtype)
    assert_resumes(job, (1, 3, 20))


def test_a_run_that_stops_between_two_looks_stops_there_again():
    problems = [draw_problem(20, 10, 20, seed=1, trial=trial) for trial in range(3)]
    job = job_of(problems, GradientDescent(0.15), StopRule(3000, 0.05))
    iterations = sorted(outcome.iterations for outcome in outcomes_of(job))
    assert iterations[0] < iterations[-1] < 3000
    assert_resumes(job, (3, 3 * (iterations[0] - 2), 8))


def test_a_method_whose_state_is_not_arrays_trains_without():
    job = job_of(problems_of(8, [(3, 2)]), Secretive(), StopRule(30, 1e-9))
    keeper = InMemory()
    [found] = outcomes_of(replace(job, keeper=keeper))
    assert not keeper.kept
    [wanted] = outcomes_of(job)
    require_same_outcome("the run", wanted, found)


def test_observed_runs_are_not_kept():
    keeper = InMemory()
    job = job_of(problems_of(8), GradientDescent(0.1), StopRule(30), record_every=5)
    outcomes_of(replace(job, keeper=keeper))
    assert not keeper.kept


@pytest.mark.parametrize(
    "harm",
    [
        lambda s: replace(s, arrays=s.arrays[:-1]),
        lambda s: replace(s, arrays=tuple(array.astype(np.float32) for array in s.arrays)),
        lambda s: replace(s, arrays=(s.arrays[0][:, :-1], *s.arrays[1:])),
        lambda s: replace(s, arrays=(*s.arrays, s.arrays[0])),
    ],
    ids=["fewer", "data type", "shape", "more"],
)
@pytest.mark.parametrize("optimizer", [GradientDescent(0.1), Damped()], ids=lambda o: o.name)
def test_a_snapshot_that_does_not_fit_is_not_used(harm, optimizer):
    job = job_of(problems_of(8, [(3, 2)]), optimizer, StopRule(20, 1e-9))
    keeper = InMemory()
    keeper.trained(job, Portable(), ())
    keeper.kept = {position: harm(snapshot) for position, snapshot in keeper.kept.items()}
    [found] = outcomes_of(replace(job, keeper=keeper))
    [wanted] = outcomes_of(job)
    require_same_outcome("the run", wanted, found)


def test_seconds_add_up_over_sessions():
    keeper = InMemory()
    job = job_of(problems_of(8, [(3, 2)]), GradientDescent(0.1), StopRule(20, 1e-9))
    keeper.trained(job, Portable(), (5,))
    keeper.kept = {0: replace(keeper.kept[0], seconds=100.0)}
    [found] = outcomes_of(replace(job, keeper=keeper))
    assert 100.0 < found.seconds < 110.0


def test_what_is_nested_comes_back():
    state = (1.5, (np.arange(3.0), 7), ())
    back = unpacked(state, iter(packed(state, NumPy())), NumPy())
    assert back[0] == 1.5
    np.testing.assert_array_equal(back[1][0], state[1][0])
    assert (back[1][1], back[2]) == (7, ())
    assert isinstance(back[1][1], int)
    assert packed((1.0, "text"), NumPy()) is None


@pytest.mark.parametrize("formed", [False, True])
def test_a_gram_comes_back_formed_or_not(formed):
    """A large Gram operator uses its matrix for products only if it was formed; rounding depends on it."""
    problem = draw_problem(1500, 3, 4)
    network = Network(problem.X, problem.y, Softplus(), Squared(), "hidden")
    gram = JacobianGram(network.at(problem.W0 + 1.0, problem.v))
    assert not gram.is_small
    if formed:
        assert gram.matrix.shape == (1500, 1500)
    template = JacobianGram(network.at(problem.W0, problem.v))
    back = unpacked(template, iter(packed(gram, NumPy())), NumPy())
    assert back.is_formed == formed
    alpha = np.linspace(-1.0, 1.0, 1500)
    assert same_bits(back @ alpha, gram @ alpha)


class Steady(Loop):
    """A loop of one run that trains nothing and makes `pace` updates per second of simulated time."""

    def __init__(self, pace):
        self.positions, self.iteration, self.pace = [0], 0, pace

    def advance(self, until):
        self.iteration = until

    def stopped(self):
        return []

    def look(self, rows):
        raise NotImplementedError

    def release(self, rows):
        self.positions = []

    def snapshots(self):
        return [Snapshot(self.iteration, 0.0, ())]


@pytest.mark.parametrize(("size", "pace"), [(4000, 0.05), (200, 400.0), (200, 1e3), (200, 1e7)])
def test_at_most_a_period_is_lost_however_fast_updates_are(size, pace, monkeypatch):
    """On a simulated clock: at most a period, or one update, passes between two snapshots."""
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    problem = draw_problem(size, size // 10, size // 10)
    keeper = InMemory()
    keeper.period = 60.0
    keeping = Keeping(replace(job_of([problem], GradientDescent(0.1), StopRule(10)), keeper=keeper), [0])
    loop, saved, looks = Steady(pace), [0.0], 0
    while now[0] < 3600.0:
        before = loop.iteration
        loop.advance(keeping.until(before, 1 << 60))
        seconds = (loop.iteration - before) / pace
        now[0] += seconds
        looks += 1
        keeping.advanced(loop, loop.iteration - before, seconds, [0.0])
        if keeper.kept and keeper.kept[0].iteration == loop.iteration:
            saved.append(now[0])
    # The first intervals are shorter, because the pace is not known yet.
    assert max(np.diff(saved)) <= max(61.0, 1.0 / pace)
    assert looks <= 4 * 60 + 25


def test_runs_shorter_than_a_period_are_looked_at_as_before():
    keeper = InMemory()
    keeper.period = 60.0
    job = job_of([draw_problem(100, 10, 10)], GradientDescent(0.1), StopRule(15_000))
    assert Keeping(replace(job, keeper=keeper), [0]).until(0, 13_000) == 13_000


def test_engines_do_not_resume_unless_they_say_so():
    assert not Engine.resumes
