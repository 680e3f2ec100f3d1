"""Every check of optimizers fails on an optimizer that has only that fault."""

import dataclasses
import itertools
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from overparam.arrays import array_namespace
from overparam.methods import FirstOrder, FunctionSpace, LeastSquares, OutputLayer, StochasticGradientDescent
from overparam.model.network import hidden_features
from overparam.testing import Verdict, checks_for, run_check
from tests.testing.faults import assert_found, names_of

calls = itertools.count()


@dataclass(frozen=True)
class Momentum(FirstOrder):
    """A correct method with state; the faulty methods below are derived from it."""

    name: ClassVar[str] = "momentum"

    def init(self, weights):
        return (0.0 * weights,)

    def update(self, weights, gradient, state, step):
        velocity = 0.5 * state[0] + gradient
        return weights - step.size * velocity, (velocity,)

    def step_size_for(self, problem, activation):
        return 0.1


class ListState(Momentum):
    def init(self, weights):
        return [0.0 * weights]


class Writing(Momentum):
    def update(self, weights, gradient, state, step):
        state[0][...] = 0.5 * state[0] + gradient
        return weights - step.size * state[0], state


class Forgetful(Momentum):
    def update(self, weights, gradient, state, step):
        return weights - step.size * gradient, ()


class Normalized(Momentum):
    """Divides by the norm of all gradients in the batch."""

    def update(self, weights, gradient, state, step):
        xp = array_namespace(gradient)
        return super().update(weights, gradient / xp.sqrt(xp.sum(gradient * gradient)), state, step)


class Restless(Momentum):
    """Depends on a global counter of its calls."""

    def update(self, weights, gradient, state, step):
        return super().update(weights, gradient * (1.0 + 1e-6 * next(calls)), state, step)


class Ascent(Momentum):
    def step_size_for(self, problem, activation):
        return -0.1


class Uphill(Momentum):
    def update(self, weights, gradient, state, step):
        return super().update(weights, -gradient, state, step)


class Never(Momentum):
    def updates_between_checks(self):
        return 0


class DoublePrecision(Momentum):
    def update(self, weights, gradient, state, step):
        return super().update(weights, gradient * np.float64(1.0), state, step)


class NumPyOnly(Momentum):
    def update(self, weights, gradient, state, step):
        return super().update(weights, np.multiply(gradient, 1.0), state, step)


class WrongIn(Momentum):
    """Adds 0.001 to the gradient in one namespace."""

    where: ClassVar[str]

    def update(self, weights, gradient, state, step):
        wrong = 1e-3 if self.where in array_namespace(weights).__name__ else 0.0
        return super().update(weights, gradient + wrong, state, step)


class WrongInTorch(WrongIn):
    where = "torch"


class WrongInStrict(WrongIn):
    where = "strict"


class WrongWhenRecorded(WrongIn):
    where = "symbolic"


class RowsOutside(StochasticGradientDescent):
    def row_blocks(self, n, rng):
        for block in super().row_blocks(n, rng):
            yield block + 1


class RowsOfItsOwn(StochasticGradientDescent):
    def row_blocks(self, n, rng):
        return super().row_blocks(n, np.random.default_rng(next(calls)))


class Halved(LeastSquares):
    """Returns a solution with its true residual, but the residual is not the smallest."""

    def solve(self, problem, activation):
        found = super().solve(problem, activation)
        features = hidden_features(problem.X, problem.W0, activation)
        v = 0.5 * found.v
        return OutputLayer(v, found.rank, (features @ v[..., None])[..., 0] - problem.y)


class Boasting(LeastSquares):
    def solve(self, problem, activation):
        found = super().solve(problem, activation)
        return found._replace(residual=0.0 * found.residual)


class RankOne(LeastSquares):
    def solve(self, problem, activation):
        found = super().solve(problem, activation)
        return found._replace(rank=found.rank * 0 + 1)


class SolvesElsewhere(LeastSquares):
    where: ClassVar[str]

    def solve(self, problem, activation):
        found = super().solve(problem, activation)
        wrong = 0.5 if self.where in array_namespace(found.v).__name__ else 1.0
        return found._replace(v=wrong * found.v)


class SolvesWrongInTorch(SolvesElsewhere):
    where = "torch"


class SolvesWrongInStrict(SolvesElsewhere):
    where = "strict"


class SolvesInDoublePrecision(LeastSquares):
    def solve(self, problem, activation):
        double = dataclasses.replace(
            problem, **{name: getattr(problem, name).astype("float64") for name in ("X", "y", "W0", "v")}
        )
        return super().solve(double, activation)


@dataclass(frozen=True)
class GaussNewton(FunctionSpace):
    """A correct damped method; the faulty methods below are derived from it."""

    name: ClassVar[str] = "gauss-newton"

    def initial_damping(self, gram):
        return 1e-2

    def coefficients(self, gram, residual, damping):
        xp = array_namespace(residual)
        eye = xp.eye(gram.shape[0], dtype=gram.dtype, device=gram.device)
        return xp.linalg.solve(gram.matrix + (damping + 1e-6) * eye, residual[:, None])[:, 0]

    def next_damping(self, damping, gain):
        return 0.5 * damping if gain > 0.0 else min(2.0 * damping, 1e100)


class Backwards(GaussNewton):
    def coefficients(self, gram, residual, damping):
        return -super().coefficients(gram, residual, damping)


class Column(GaussNewton):
    def coefficients(self, gram, residual, damping):
        return super().coefficients(gram, residual, damping)[:, None]


class Exploding(GaussNewton):
    def next_damping(self, damping, gain):
        return damping * (3.0 - gain)


class SolvesWithNumPy(GaussNewton):
    def coefficients(self, gram, residual, damping):
        return np.linalg.solve(
            np.asarray(gram.matrix) + damping * np.eye(gram.shape[0]), np.asarray(residual)
        )


class WrongCoefficients(GaussNewton):
    def coefficients(self, gram, residual, damping):
        wrong = 0.9 if "torch" in array_namespace(gram).__name__ else 1.0
        return wrong * super().coefficients(gram, residual, damping)


IN_FUNCTION_SPACE = [
    (Backwards(), "steps-go-downhill", "the step leads uphill"),
    (Column(), "steps-go-downhill", "coefficients has shape (12, 1)"),
    (Exploding(), "damping-stays-a-number", "the damping is inf"),
    (SolvesWithNumPy(), "runs-on-numpy", "coefficients of float32 arrays on numpy are float64"),
    (SolvesWithNumPy(), "runs-on-array-api-strict", ""),
    (WrongCoefficients(), "runs-on-torch", "coefficients on torch in float32"),
]
METHODS = [
    (Restless(), "deterministic-under-a-seed", "two runs on the same problems differ"),
    (RowsOfItsOwn(0.5), "deterministic-under-a-seed", "two runs"),
    (Normalized(), "batch-composition-is-irrelevant", "ends differently in a batch than alone"),
    (Uphill(), "descends-on-a-known-problem", "must at least halve"),
    (Ascent(), "step-size-is-positive", "step_size_for(softplus) is -0.1"),
    (Never(), "step-size-is-positive", "updates_between_checks() is 0"),
    (ListState(), "writes-to-no-argument", "init must return a tuple"),
    (Writing(), "writes-to-no-argument", "update writes to its arguments"),
    (Forgetful(), "writes-to-no-argument", "a state of 1 arrays"),
    (Normalized(), "update-is-elementwise", "with fewer other entries"),
    (DoublePrecision(), "runs-on-array-api-strict", "numpy.float64"),
    (WrongInStrict(), "runs-on-array-api-strict", "on array-api-strict"),
    (WrongInTorch(), "runs-on-torch", "on torch"),
    (DoublePrecision(), "runs-on-numpy", "float32 arrays on numpy gives float64"),
    (WrongWhenRecorded(), "recordable", "recorded and replayed"),
    (RowsOutside(0.5), "rows-are-drawn-from-the-data", "row numbers (updates, rows) below n"),
    (RowsOfItsOwn(0.5), "rows-are-drawn-from-the-data", "equal generators draw different rows"),
]
SOLVERS = [
    (Halved(), "solves-least-squares", "the least is"),
    (Boasting(), "solves-least-squares", "the reported residual"),
    (RankOne(), "solves-least-squares", "the reported rank is 1"),
    (SolvesInDoublePrecision(), "runs-on-numpy", "v of a float32 problem on numpy is float64"),
    (SolvesWrongInTorch(), "runs-on-torch", "v on torch"),
    (SolvesWrongInStrict(), "runs-on-array-api-strict", "v on array-api-strict"),
]
OF_EVERY_COMPONENT = {"specification-round-trips", "hashable-and-picklable"}
OF_EVERY_OPTIMIZER = {
    "deterministic-under-a-seed",
    "batch-composition-is-irrelevant",
    "descends-on-a-known-problem",
}


@pytest.mark.parametrize(
    ("component", "name", "said"), [*METHODS, *SOLVERS, *IN_FUNCTION_SPACE], ids=lambda x: type(x).__name__
)
def test_a_planted_fault_is_found(component, name, said):
    assert_found(component, name, said)


def test_every_check_has_a_fault():
    assert names_of(Momentum()) - OF_EVERY_COMPONENT == {name for _, name, _ in METHODS}
    for sound, faults in ((LeastSquares(), SOLVERS), (GaussNewton(), IN_FUNCTION_SPACE)):
        own = names_of(sound) - OF_EVERY_COMPONENT - OF_EVERY_OPTIMIZER
        assert own == {name for _, name, _ in faults}


@pytest.mark.parametrize("sound", [Momentum(), GaussNewton()], ids=lambda method: method.name)
def test_the_sound_methods_pass(sound):
    results = [run_check(check) for check in checks_for(sound)]
    assert [result for result in results if result.verdict is Verdict.FAILED] == []
