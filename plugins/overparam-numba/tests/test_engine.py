"""The fused engine against the portable one, and its own laws."""

import os
import platform
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from overparam_numba import Numba

from overparam.activations import Activation, Hermite, ReLU, Softplus
from overparam.backends import NumPy
from overparam.optimizers import GradientDescent, LeastSquares, StochasticGradientDescent
from overparam.plugin import FirstOrder, Job, Problem, Status, StopRule, array_namespace
from overparam.problems import draw_problem
from overparam.training import Portable


@dataclass(frozen=True)
class Gelu(Activation):
    """GELU in its tanh form."""

    name: ClassVar[str] = "gelu"

    def value(self, z):
        return 0.5 * z * (1.0 + self._tanh(z))

    def derivative(self, z):
        t = self._tanh(z)
        return 0.5 * (1.0 + t) + 0.5 * z * (1.0 - t * t) * (0.7978845608028654 * (1.0 + 0.134145 * z * z))

    def _tanh(self, z):
        return array_namespace(z).tanh(0.7978845608028654 * (z + 0.044715 * z * z * z))


@dataclass(frozen=True)
class Elu(Activation):
    """ELU."""

    name: ClassVar[str] = "elu"

    def value(self, z):
        xp = array_namespace(z)
        return xp.where(z >= 0.0, z, xp.expm1(xp.minimum(z, 0.0)))

    def derivative(self, z):
        xp = array_namespace(z)
        return xp.where(z >= 0.0, 1.0, xp.exp(xp.minimum(z, 0.0)))


@dataclass(frozen=True)
class Sorted(Activation):
    """Not elementwise."""

    name: ClassVar[str] = "sorted"

    def value(self, z):
        return array_namespace(z).sort(z)

    def derivative(self, z):
        return z


class Plain(FirstOrder):
    """A first-order method with a fixed step size."""

    def step_size_for(self, problem, activation):
        return 0.02


@dataclass(frozen=True)
class Momentum(Plain):
    """Heavy ball."""

    name: ClassVar[str] = "momentum"

    def init(self, weights):
        return (0.0 * weights,)

    def update(self, weights, gradient, state, step):
        velocity = 0.9 * state[0] - step.size * gradient
        return weights + velocity, (velocity,)


@dataclass(frozen=True)
class SignDescent(Plain):
    """Sign descent."""

    name: ClassVar[str] = "sign"

    def update(self, weights, gradient, state, step):
        return weights - 0.01 * array_namespace(weights).sign(gradient), state


@dataclass(frozen=True)
class Decay(Plain):
    """Gradient descent with weight decay, under the built-in method's name: units with v = 0 shrink."""

    name: ClassVar[str] = "gd"

    def update(self, weights, gradient, state, step):
        return weights - step.size * (gradient + weights), state


@dataclass(frozen=True)
class Adam(Plain):
    """Adam."""

    name: ClassVar[str] = "adam"

    def init(self, weights):
        return (0.0 * weights, 0.0 * weights)

    def update(self, weights, gradient, state, step):
        xp = array_namespace(weights)
        first = 0.9 * state[0] + 0.1 * gradient
        second = 0.999 * state[1] + 0.001 * gradient * gradient
        count = step.iteration + 1.0
        unbiased = first / (1.0 - 0.9**count)
        scale = xp.sqrt(second / (1.0 - 0.999**count)) + 1e-8
        return weights - step.size * unbiased / scale, (first, second)


GD = GradientDescent(0.05)
SGD = StochasticGradientDescent(0.2, batch_size=3, check_every=4)
SHAPES = [(100, 10, 10), (17, 3, 5), (33, 9, 1), (5, 1, 1), (200, 25, 25), (64, 2, 13)]


def run(engine, problems, **changed):
    job = {
        "activation": Softplus(),
        "optimizer": GD,
        "dtype": "float64",
        "stop": StopRule(60, 1e-9),
    } | changed
    outcomes = dict(engine.run(Job(problems, backend=NumPy(), **job)))
    return [outcomes[i] for i in range(len(problems))]


def assert_alike(ours, reference, dtype):
    tolerance = {"float32": 2e-4, "float64": 1e-10}[dtype]
    for a, b in zip(ours, reference, strict=True):
        assert (a.status, a.iterations, a.success) == (b.status, b.iterations, b.success)
        assert a.W.dtype == b.W.dtype == np.dtype(dtype)
        np.testing.assert_allclose(a.W, b.W, rtol=tolerance, atol=tolerance)
        np.testing.assert_allclose(a.path_length, b.path_length, rtol=tolerance, atol=tolerance)
        assert a.relative_residual == pytest.approx(b.relative_residual, rel=tolerance, abs=tolerance)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("optimizer", [GD, SGD, Momentum(), SignDescent(), Adam(), Decay()], ids=repr)
@pytest.mark.parametrize(
    "activation", [Softplus(), ReLU(), Hermite((0.0, 0.5, 0.0, 0.1)), Gelu(), Elu()], ids=lambda a: a.name
)
def test_equals_portable(activation, optimizer, dtype):
    if optimizer.name in ("sign", "adam") and dtype == "float32":
        pytest.skip("the sign of a gradient that is rounding decides where these methods go")
    n = 33
    problems = [draw_problem(n, d, k, trial=i) for i, (k, d) in enumerate([(3, 5), (9, 1), (1, 1), (10, 13)])]
    settings = {"activation": activation, "optimizer": optimizer, "dtype": dtype, "stop": StopRule(30, 1e-9)}
    assert Numba().can_run(Job(problems, activation, optimizer, StopRule(), NumPy(), dtype)) is True
    assert_alike(run(Numba(), problems, **settings), run(Portable(), problems, **settings), dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_equals_portable_at_every_shape(shape, dtype):
    n, k, d = shape
    problems = [draw_problem(n, d, k, trial=i) for i in range(2)]
    assert_alike(run(Numba(), problems, dtype=dtype), run(Portable(), problems, dtype=dtype), dtype)


def test_output_weights_of_any_sign_and_number():
    p = draw_problem(20, 4, 5)
    general = Problem(p.X, p.y, p.W0, np.array([0.3, 0.0, -0.2, 0.5, 0.0]))
    assert_alike(run(Numba(), [general]), run(Portable(), [general]), "float64")


@pytest.mark.parametrize("optimizer", [GD, SGD], ids=lambda o: o.name)
def test_history_is_the_portable_one(optimizer):
    p = draw_problem(30, 8, 12)
    [ours], [reference] = (run(e, [p], optimizer=optimizer, record_every=7) for e in (Numba(), Portable()))
    for a, b in zip(vars(ours.history).values(), vars(reference.history).values(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)


def test_statuses():
    good, wild = draw_problem(20, 10, 20), draw_problem(20, 2, 4)
    loud = Problem(wild.X, 1e4 * wild.y, wild.W0, 1e4 * wild.v)
    first, second = run(Numba(), [good, loud], stop=StopRule(3000, 0.1))
    assert (first.status, second.status) == (Status.CONVERGED, Status.DIVERGED)
    [at_once] = run(Numba(), [good], stop=StopRule(10, 100.0))
    assert (at_once.status, at_once.iterations) == (Status.CONVERGED, 0)
    [none] = run(Numba(), [good], stop=StopRule(0, 1e-3))
    assert (none.status, none.iterations) == (Status.BUDGET_EXHAUSTED, 0)


def test_relu_does_not_hide_nan():
    [outcome] = run(Numba(), [draw_problem(20, 3, 6)], activation=ReLU(), optimizer=GradientDescent(1e30))
    assert outcome.status is Status.DIVERGED


@pytest.mark.parametrize("optimizer", [GD, SGD], ids=lambda o: o.name)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_threads_and_company_change_no_bit(monkeypatch, optimizer, dtype):
    problems = [
        draw_problem(50, d, k, trial=t) for t, (k, d) in enumerate([(5, 5), (25, 3), (8, 20), (2, 2)])
    ]
    together = run(Numba(), problems, optimizer=optimizer, dtype=dtype)
    monkeypatch.setenv("NUMBA_NUM_THREADS", "1")
    for problem, outcome in zip(problems, together, strict=True):
        [alone] = run(Numba(), [problem], optimizer=optimizer, dtype=dtype)
        np.testing.assert_array_equal(alone.W, outcome.W)
        assert (alone.path_length, alone.relative_residual) == (
            outcome.path_length,
            outcome.relative_residual,
        )


def test_says_what_it_cannot_do():
    p = [draw_problem(10, 3, 4)]
    engine = Numba()
    answer = engine.can_run(Job(p, Sorted(), GD, StopRule(), NumPy(), "float64"))
    assert "sorted" in answer
    assert "xp.sort" in answer
    assert "not a first-order method" in engine.can_run(
        Job(p, Softplus(), LeastSquares(), StopRule(), NumPy(), "float64")
    )


def test_giving_up_stops_the_threads():
    p = draw_problem(500, 50, 100)
    done = Problem(p.X, p.y, p.W0, 0.0 * p.v + 1e9)  # diverges at once
    outcomes = Numba().run(Job([done, p, p], Softplus(), GD, StopRule(10**9, 1e-12), NumPy(), "float64"))
    assert next(outcomes)[0] == 0
    started = time.perf_counter()
    outcomes.close()
    assert time.perf_counter() - started < 30.0


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="names features of x86 processors")
@pytest.mark.parametrize(("features", "width"), [("+avx,+avx2,+fma", 32), ("+sse4.1", 16)])
def test_narrower_vectors(tmp_path, features, width):
    problems = [draw_problem(33, d, k) for k, d in [(3, 5), (10, 13)]]
    code = f"""
import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})
import numpy as np
from overparam_numba import lanes
from test_engine import GD, draw_problem, run, Numba, Softplus
assert lanes.VECTOR_BYTES == {width} and not lanes.AVX512
problems = [draw_problem(33, d, k) for k, d in [(3, 5), (10, 13)]]
for dtype in ("float32", "float64"):
    outcomes = run(Numba(), problems, dtype=dtype)
    np.savez({str(tmp_path)!r} + "/" + dtype, *(outcome.W for outcome in outcomes))
"""
    environment = os.environ | {
        "OVERPARAM_CACHE_DIR": str(tmp_path / "cache"),
        "NUMBA_CPU_NAME": "x86-64",
        "NUMBA_CPU_FEATURES": features,
    }
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    for dtype, tolerance in (("float32", 2e-4), ("float64", 1e-10)):
        reference = run(Portable(), problems, dtype=dtype)
        with np.load(tmp_path / f"{dtype}.npz") as found:
            for W, outcome in zip(found.values(), reference, strict=True):
                np.testing.assert_allclose(W, outcome.W, rtol=tolerance, atol=tolerance)


def test_two_processes_may_fill_the_cache_at_once(tmp_path):
    code = (
        "from overparam_numba import compiled; from overparam.activations import Softplus;"
        "from overparam.optimizers import GradientDescent;"
        "print(compiled.compiled_loop(Softplus(), GradientDescent(), 'float32').states)"
    )
    environment = os.environ | {"OVERPARAM_CACHE_DIR": str(tmp_path / "cache")}
    command = [sys.executable, "-c", code]
    both = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert [process.communicate()[0].strip() for process in both] == ["0", "0"]
    assert len(list((tmp_path / "cache" / "loops").glob("*.py"))) == 1
