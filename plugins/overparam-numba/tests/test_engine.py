"""The fused engine against the portable one, and laws that it must satisfy."""

import os
import platform
import re
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from comparison import GD, SGD, TOLERANCES, assert_alike, assert_same_bits, job_of, run, runs_that_train_v
from overparam_numba import Numba
from rules import Adam, Decay, Momentum, SignDescent

from overparam.arrays.backends import CuPy
from overparam.methods import GradientDescent, LeastSquares
from overparam.model.activations import Activation, Hermite, ReLU, Softplus
from overparam.model.problem import draw_problem
from overparam.plugin import Loss, Problem, Status, StopRule, array_namespace
from overparam.runs import Portable


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
class Ranked(Loss):
    """A loss that is not elementwise."""

    name: ClassVar[str] = "ranked"

    def value(self, f, y):
        return 0.5 * self.miss(f, y) ** 2

    def derivative(self, f, y):
        return self.miss(f, y)

    def miss(self, f, y):
        return array_namespace(f).sort(f - y)

    def scale(self, y):
        return 1.0


@dataclass(frozen=True)
class Sorted(Activation):
    """An activation that is not elementwise."""

    name: ClassVar[str] = "sorted"

    def value(self, z):
        return array_namespace(z).sort(z)

    def derivative(self, z):
        return z


SHAPES = [(100, 10, 10), (17, 3, 5), (33, 9, 1), (5, 1, 1), (200, 25, 25), (64, 2, 13)]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("optimizer", [GD, SGD, Momentum(), SignDescent(), Adam(), Decay()], ids=repr)
@pytest.mark.parametrize(
    "activation", [Softplus(), ReLU(), Hermite((0.0, 0.5, 0.0, 0.1)), Gelu(), Elu()], ids=lambda a: a.name
)
def test_equals_portable(activation, optimizer, dtype):
    if optimizer.name in ("sign", "adam") and dtype == "float32":
        pytest.skip("these methods follow signs of gradients, which rounding decides in float32")
    n = 33
    problems = [draw_problem(n, d, k, trial=i) for i, (k, d) in enumerate([(3, 5), (9, 1), (1, 1), (10, 13)])]
    settings = {"activation": activation, "optimizer": optimizer, "dtype": dtype, "stop": StopRule(30, 1e-9)}
    assert Numba().objection(job_of(problems, **settings)) is None
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


@pytest.mark.parametrize("layers", ["hidden", "output", "both"])
@pytest.mark.parametrize("optimizer", [GD, SGD], ids=lambda o: o.name)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_threads_and_company_change_no_bit(monkeypatch, optimizer, layers, dtype):
    problems = [
        draw_problem(50, d, k, trial=t) for t, (k, d) in enumerate([(5, 5), (25, 3), (8, 20), (2, 2)])
    ]
    settings = {
        "optimizer": replace(optimizer, step_size=2e-3),
        "layers": layers,
        "dtype": dtype,
    }
    together = run(Numba(), problems, **settings)
    assert {outcome.status for outcome in together} == {Status.BUDGET_EXHAUSTED}
    monkeypatch.setenv("NUMBA_NUM_THREADS", "1")
    for problem, outcome in zip(problems, together, strict=True):
        [alone] = run(Numba(), [problem], **settings)
        assert_same_bits(alone, outcome)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"activation": Sorted()}, r"the activation sorted .* xp\.sort"),
        ({"loss": Ranked()}, r"the loss ranked .* xp\.sort"),
        (
            {"optimizer": LeastSquares(), "layers": "output"},
            "least-squares has no elementwise update rule",
        ),
        ({"backend": CuPy()}, "the backend is cupy"),
    ],
    ids=["activation", "loss", "method", "backend"],
)
def test_says_what_it_cannot_do(changed, said):
    assert re.search(said, Numba().objection(job_of([draw_problem(10, 3, 4)], **changed)))


def test_has_no_reservation():
    assert Numba().reservation(job_of([draw_problem(10, 3, 4)])) is None


def test_no_problems_no_outcomes():
    assert run(Numba(), []) == []


def test_giving_up_stops_the_threads():
    p = draw_problem(500, 50, 100)
    done = Problem(p.X, p.y, p.W0, 0.0 * p.v + 1e9)  # diverges at once
    outcomes = Numba().run(job_of([done, p, p], stop=StopRule(10**9, 1e-12)))
    assert next(outcomes)[0] == 0
    started = time.perf_counter()
    outcomes.close()
    assert time.perf_counter() - started < 30.0


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="needs an x86 processor")
@pytest.mark.parametrize(("features", "width"), [("+avx,+avx2,+fma", 32), ("+sse4.1", 16)])
def test_narrower_vectors(tmp_path, features, width):
    code = f"""
import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})
import numpy as np
from comparison import runs_that_train_v
from overparam_numba import Numba, lanes
assert lanes.VECTOR_BYTES == {width} and not lanes.AVX512
for dtype in ("float32", "float64"):
    weights = [array for outcome in runs_that_train_v(Numba(), dtype) for array in (outcome.W, outcome.v)]
    np.savez({str(tmp_path)!r} + "/" + dtype, *weights)
"""
    environment = os.environ | {
        "OVERPARAM_CACHE_DIR": str(tmp_path / "cache"),
        "NUMBA_CPU_NAME": "x86-64",
        "NUMBA_CPU_FEATURES": features,
    }
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    for dtype, tolerance in TOLERANCES.items():
        reference = [
            array for outcome in runs_that_train_v(Portable(), dtype) for array in (outcome.W, outcome.v)
        ]
        with np.load(tmp_path / f"{dtype}.npz") as found:
            for ours, wanted in zip(found.values(), reference, strict=True):
                np.testing.assert_allclose(ours, wanted, rtol=tolerance, atol=tolerance)


def test_two_processes_may_fill_the_cache_at_once(tmp_path):
    code = (
        "from overparam_numba import compiled; from overparam.plugin import Recipe;"
        "print(compiled.compiled_loop(Recipe()).states)"
    )
    environment = os.environ | {"OVERPARAM_CACHE_DIR": str(tmp_path / "cache")}
    command = [sys.executable, "-c", code]
    both = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert [process.communicate()[0].strip() for process in both] == ["0", "0"]
    assert len(list((tmp_path / "cache" / "loops").glob("*.py"))) == 1
