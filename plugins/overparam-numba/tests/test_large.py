"""Runs divided among threads: the outcomes of the portable engine, and the same bits for any team."""

import os
import platform
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from comparison import TOLERANCES, assert_alike, assert_same_bits, job_of, run, runs_that_train_v
from overparam_numba import Numba, partition
from overparam_numba.large import LargeDescent, begin, is_divided
from rules import Adam, Drift, Momentum

from overparam.methods import GradientDescent, StochasticGradientDescent
from overparam.model.activations import ReLU, Softplus
from overparam.model.data import Rademacher
from overparam.model.initializations import Paper, Scaled
from overparam.model.losses import Hinge, Logistic, Squared
from overparam.model.problem import draw_problem
from overparam.plugin import Problem, Status, StopRule
from overparam.runs import Portable
from overparam.testing.resuming import InMemory, require_same_outcome
from overparam.testing.trainings import outcomes_of

LAYERS = ["hidden", "output", "both"]
PAPER = Paper()
SHAPES = [(700, 9, 13), (129, 40, 5), (17, 3, 70), (5, 2, 1), (333, 26, 33)]


@pytest.fixture
def divided(monkeypatch):
    """Treat every run as large."""
    for name in ("_LARGE", "_LARGE_NARROW"):
        monkeypatch.setattr(partition, name, 0.0)


def problems_of(shapes=SHAPES[:1], initialization=PAPER):
    return [
        draw_problem(n, d, k, trial=i, labels=Rademacher(), initialization=initialization)
        for i, (n, k, d) in enumerate(shapes)
    ]


def test_the_networks_of_figure_2_are_not_divided():
    job = job_of([draw_problem(200, 25, 25)])
    assert not is_divided(job, job.problems[0], idle=True)


@pytest.mark.parametrize("layers", LAYERS)
def test_large_ones_are_and_stochastic_updates_are_not(layers):
    problem = draw_problem(10_000, 50, 110)
    for optimizer, expected in [(GradientDescent(), True), (StochasticGradientDescent(0.1), False)]:
        job = job_of([problem], layers=layers, optimizer=optimizer)
        assert is_divided(job, problem, idle=True) is expected
    silent = Problem(problem.X, problem.y, problem.W0, 0.0 * problem.v)
    assert is_divided(job_of([silent]), silent, idle=False)
    assert not is_divided(job_of([silent]), silent, idle=True)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("layers", LAYERS)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_equals_portable_at_every_shape(divided, shape, layers, dtype):
    problems = problems_of([shape])
    settings = {"dtype": dtype, "layers": layers, "optimizer": GradientDescent(1e-4)}
    ours, reference = (run(engine, problems, **settings) for engine in (Numba(), Portable()))
    assert reference[0].status is Status.BUDGET_EXHAUSTED
    assert_alike(ours, reference, dtype)


@pytest.mark.parametrize(
    ("layers", "optimizer"),
    [("hidden", Momentum(1e-4)), ("both", Adam(1e-3)), ("hidden", Drift(1e-3)), ("output", Adam(1e-3))],
)
def test_equals_portable_with_every_rule(divided, layers, optimizer):
    problems = problems_of([(300, 9, 13)], Scaled())
    settings = {"layers": layers, "optimizer": optimizer, "stop": StopRule(30, 1e-9)}
    assert_alike(run(Numba(), problems, **settings), run(Portable(), problems, **settings), "float64")


@pytest.mark.parametrize(
    ("layers", "loss", "step_size"),
    [("hidden", Squared(), 0.05), ("both", Logistic(), 4e-3), ("both", Hinge(), 4e-3)],
)
def test_stops_where_the_portable_engine_stops(divided, layers, loss, step_size):
    problems = problems_of([(24, 20, 10)] * 3, Scaled())
    settings = {
        "loss": loss,
        "layers": layers,
        "optimizer": GradientDescent(step_size),
        "stop": StopRule(4000, 0.1),
    }
    ours, reference = (run(engine, problems, **settings) for engine in (Numba(), Portable()))
    assert {outcome.status for outcome in reference} == {Status.CONVERGED}
    assert min(outcome.iterations for outcome in reference) > 5
    assert_alike(ours, reference, "float64")


@pytest.mark.parametrize("activation", [Softplus(), ReLU()], ids=lambda c: c.name)
def test_equals_portable_at_the_size_it_is_for(activation):
    problems = [draw_problem(2000, 100, 100)]
    settings = {"activation": activation, "optimizer": GradientDescent(1e-3), "stop": StopRule(12, 1e-9)}
    for dtype in ("float32", "float64"):
        assert is_divided(job_of(problems, **settings), problems[0], idle=True)
        ours, reference = (run(engine, problems, dtype=dtype, **settings) for engine in (Numba(), Portable()))
        assert_alike(ours, reference, dtype)


@pytest.mark.parametrize("layers", LAYERS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_same_bits_for_any_number_of_threads_and_in_any_company(monkeypatch, layers, dtype):
    large, small = draw_problem(2600, 50, 90), draw_problem(2600, 2, 2)
    settings = {
        "layers": layers,
        "dtype": dtype,
        "optimizer": GradientDescent(1e-5),
        "stop": StopRule(40, 1e-9),
    }
    if layers == "output":
        monkeypatch.setattr(partition, "_LARGE", 1e6)
    outcomes = []
    for threads in (1, 2, 3, 7):
        monkeypatch.setenv("NUMBA_NUM_THREADS", str(threads))
        outcomes += run(Numba(), [large], **settings)
        company = run(Numba(), [small, large, small, large, large], **settings)
        outcomes += [company[1], company[3], company[4]]
    assert outcomes[0].status is Status.BUDGET_EXHAUSTED
    for outcome in outcomes[1:]:
        assert_same_bits(outcomes[0], outcome)


def test_several_threads_take_part(divided, monkeypatch):
    monkeypatch.setenv("NUMBA_NUM_THREADS", "3")
    joined = []
    assist = LargeDescent.assist
    monkeypatch.setattr(
        LargeDescent, "assist", lambda self, thread: (joined.append(thread), assist(self, thread))
    )
    run(Numba(), [draw_problem(4000, 60, 60)], stop=StopRule(60, 1e-9), optimizer=GradientDescent(1e-4))
    assert set(joined) <= {1, 2}
    assert joined


def test_history_is_the_portable_one_and_looking_changes_no_bit(divided):
    problems = problems_of()
    settings = {"optimizer": GradientDescent(1e-4)}
    [plain] = run(Numba(), problems, **settings)
    [ours], [reference] = (run(e, problems, record_every=7, **settings) for e in (Numba(), Portable()))
    for a, b in zip(vars(ours.history).values(), vars(reference.history).values(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)
    assert_same_bits(plain, ours)


def test_statuses(divided):
    good, wild = draw_problem(20, 10, 20), draw_problem(20, 2, 4)
    loud = Problem(wild.X, 1e4 * wild.y, wild.W0, 1e4 * wild.v)
    first, second = run(Numba(), [good, loud], stop=StopRule(3000, 0.1))
    assert (first.status, second.status) == (Status.CONVERGED, Status.DIVERGED)
    [at_once] = run(Numba(), [good], stop=StopRule(10, 100.0))
    assert (at_once.status, at_once.iterations) == (Status.CONVERGED, 0)
    [none] = run(Numba(), [good], stop=StopRule(0, 1e-3))
    assert (none.status, none.iterations) == (Status.BUDGET_EXHAUSTED, 0)
    [lost] = run(Numba(), [good], activation=ReLU(), optimizer=GradientDescent(1e30))
    assert lost.status is Status.DIVERGED


def test_giving_up_ends_a_run_within_its_tasks():
    large = draw_problem(4000, 200, 200)
    done = Problem(large.X, large.y, large.W0, 0.0 * large.v + 1e9)  # diverges at once
    stop = StopRule(10**9, 1e-12)
    run(Numba(), [large], stop=StopRule(1, 1e-12))  # compile the loop before the time is measured
    before = threading.active_count()
    outcomes = Numba().run(job_of([done, large], stop=stop, optimizer=GradientDescent(1e-6)))
    assert next(outcomes)[0] == 0
    started = time.perf_counter()
    outcomes.close()
    assert time.perf_counter() - started < 20.0  # one slice takes less; a run that ignores it never ends
    assert threading.active_count() == before


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")
def test_an_interrupt_ends_one_large_run():
    code = """
import signal; signal.signal(signal.SIGINT, signal.default_int_handler)
from overparam_numba import Numba
from overparam.plugin import Job, NumPy, Recipe, StopRule
from overparam.methods import GradientDescent
from overparam.model.problem import draw_problem
def said(problem):
    class Watch:
        def next_after(self, iteration): return 2 if iteration < 2 else None
        def see(self, look): print("under way", flush=True)
    return Watch()
recipe = Recipe(optimizer=GradientDescent(1e-6), stop=StopRule(10**9, 1e-12))
try:
    list(Numba().run(Job([draw_problem(4000, 200, 200)], recipe, NumPy(), None, (said,))))
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "under way\n"
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=60)
    assert (process.returncode, said) == (0, "interrupted\n")


def test_which_way_a_run_goes_is_asked_of_the_run_alone(divided, monkeypatch):
    seen = []
    monkeypatch.setattr("overparam_numba.engine.begin", lambda *args: seen.append(begin(*args)) or seen[-1])
    run(Numba(), problems_of([(50, 4, 3)]))
    run(Numba(), problems_of([(50, 4, 3)]), optimizer=StochasticGradientDescent(0.01, batch_size=3))
    assert [isinstance(loop, LargeDescent) for loop in seen] == [True, False]


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="needs an x86 processor")
@pytest.mark.parametrize(("features", "width"), [("+avx,+avx2,+fma", 32), ("+sse4.1", 16)])
def test_narrower_vectors(divided, tmp_path, features, width):
    code = f"""
import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})
import numpy as np
from comparison import runs_that_train_v
from overparam_numba import Numba, lanes, partition
assert lanes.VECTOR_BYTES == {width}
partition._LARGE = partition._LARGE_NARROW = 0.0
weights = [array for outcome in runs_that_train_v(Numba(), "float64") for array in (outcome.W, outcome.v)]
np.savez({str(tmp_path / "found.npz")!r}, *weights)
"""
    environment = os.environ | {
        "OVERPARAM_CACHE_DIR": str(tmp_path / "cache"),
        "NUMBA_CPU_NAME": "x86-64",
        "NUMBA_CPU_FEATURES": features,
    }
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    reference = [
        array for outcome in runs_that_train_v(Portable(), "float64") for array in (outcome.W, outcome.v)
    ]
    with np.load(tmp_path / "found.npz") as found:
        for ours, wanted in zip(found.values(), reference, strict=True):
            np.testing.assert_allclose(ours, wanted, rtol=TOLERANCES["float64"], atol=TOLERANCES["float64"])


@pytest.mark.usefixtures("divided")
@pytest.mark.parametrize("layers", LAYERS)
@pytest.mark.parametrize("optimizer", [GradientDescent(1e-3), Momentum(2e-4), Adam()], ids=lambda o: o.name)
def test_a_run_that_was_cut_off_ends_as_one_that_was_not(optimizer, layers):
    problems = [draw_problem(129, 5, 40), draw_problem(129, 13, 9, trial=1)]
    job = job_of(problems, layers=layers, optimizer=optimizer)
    keeper = InMemory()
    found = keeper.trained(job, Numba(), (1, 9))
    assert keeper.found > 0
    for one, other in zip(outcomes_of(job, Numba()), found, strict=True):
        require_same_outcome("divided", one, other)
