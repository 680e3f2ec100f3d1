"""Results of ``certify`` against the paper's formulas in plain loops, for every method and activation."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from overparam.methods import GradientDescent, LeastSquares, StochasticGradientDescent
from overparam.model.activations import Activation, ReLU, Softplus
from overparam.model.data import Sphere
from overparam.model.problem import Problem, draw_problem
from overparam.runs import StopRule
from overparam.runs.rows import row_stream
from overparam.theory import certificate_of
from tests.theory import oracle, sides
from tests.theory.recipes import recipe_of

activations = pytest.importorskip(
    "overparam_activations", reason="the plugin of activations is not installed"
)
methods = pytest.importorskip("overparam_optimizers", reason="the plugin of optimizers is not installed")

UPDATES, TOLERANCE = 10, 1e-3


@dataclass(frozen=True)
class Cube(Activation):
    """Another activation with the name of the built-in ReLU: φ(z) = z³ has neither kinks nor a bound."""

    name: ClassVar[str] = "relu"

    def value(self, z):
        return z**3

    def derivative(self, z):
        return 3.0 * z**2


def sigmoid(z):
    return 0.5 * (1.0 + np.tanh(0.5 * z))


# (component, φ, φ′, whether φ′ or φ″ jumps at 0, B, sup |φ″|); the bounds are derived by calculus.
ACTIVATIONS = {
    "softplus": (Softplus(), lambda z: np.logaddexp(0.0, z), sigmoid, False, 1.0, 0.25),
    "relu": (ReLU(), lambda z: np.maximum(z, 0.0), lambda z: 1.0 * (z >= 0.0), True, 1.0, 1.0),
    "tanh": (
        activations.Tanh(),
        np.tanh,
        lambda z: 1.0 - np.tanh(z) ** 2,
        False,
        1.0,
        4.0 / (3.0 * math.sqrt(3.0)),
    ),
    "sigmoid": (
        activations.Sigmoid(),
        sigmoid,
        lambda z: sigmoid(z) * (1.0 - sigmoid(z)),
        False,
        0.25,
        1.0 / (6.0 * math.sqrt(3.0)),
    ),
    "elu": (
        activations.ELU(),
        lambda z: np.where(z > 0.0, z, np.expm1(np.minimum(z, 0.0))),
        lambda z: np.where(z > 0.0, 1.0, np.exp(np.minimum(z, 0.0))),
        True,
        1.0,
        1.0,
    ),
    "cube-called-relu": (Cube(), lambda z: z**3, lambda z: 3.0 * z**2, False, math.inf, math.inf),
}
METHODS = {
    "gd": GradientDescent(0.1),
    "gd-theorem": GradientDescent("theorem"),
    "sgd": StochasticGradientDescent(0.3),
    "momentum": methods.Momentum(0.02),
    "adam": methods.Adam(0.05),
    "levenberg-marquardt": methods.LevenbergMarquardt(),
    "least-squares": LeastSquares(),
}


def iterates(o, name, method, problem):
    """Train again by the oracle's own loop."""
    limits = (UPDATES, TOLERANCE)
    if name.startswith("gd"):
        return oracle.train_gd(o, o.eta, *limits)
    if name == "sgd":
        rows = (row for block in row_stream(problem, method) for row in block)
        return oracle.train_sgd(o, 0.3, rows, *limits)
    if name == "momentum":
        return oracle.train_momentum(o, 0.02, 0.9, *limits)
    if name == "adam":
        return oracle.train_adam(o, 0.05, *limits)
    if name == "levenberg-marquardt":
        return oracle.train_levenberg_marquardt(o, 1e-2, *limits)
    return [o.W0]


def step_of(name, method, o, relu):
    if name == "gd-theorem":
        return sides.relu_step(o) if relu else sides.smooth_step(o)
    return getattr(method, "step_size", 0.0)


def cases():
    for activation in ACTIVATIONS:
        for method in METHODS:
            # The step size "theorem" exists for smooth φ with a bound and for the ReLU.
            if method == "gd-theorem" and activation == "cube-called-relu":
                continue
            fast = (activation, method) in FAST
            yield pytest.param(activation, method, marks=() if fast else pytest.mark.slow)


FAST = {
    ("softplus", "gd-theorem"),
    ("relu", "gd"),
    ("sigmoid", "levenberg-marquardt"),
    ("softplus", "sgd"),
    ("tanh", "least-squares"),
    ("cube-called-relu", "gd"),
}


def both(activation, method, problem, scale=1.0):
    """The certificate and the oracle of one run."""
    component, value, slope, kink, B, curvature = ACTIVATIONS[activation]
    optimizer = METHODS[method]
    p = Problem(problem.X, problem.y, problem.W0, scale * problem.v, problem.key)
    certificate = certificate_of(
        p, recipe_of(component, optimizer, StopRule(UPDATES, TOLERANCE)), data=Sphere(), probes=4 * UPDATES
    )
    M = B
    if not math.isinf(B) and not component.kinks:
        M = certificate.setting.M
        assert curvature * (1.0 - 1e-9) <= M <= B * (1.0 + 1e-9)
    o = oracle.Oracle(p.X, p.y, p.v, value, slope, kink, B, M, 0.0, [p.W0])
    o.eta = step_of(method, optimizer, o, activation == "relu")
    found = iterates(o, method, optimizer, p)
    final = oracle.Oracle(p.X, p.y, p.v, value, slope, kink, B, M, o.eta, found)
    return certificate, final


@pytest.mark.parametrize(("activation", "method"), list(cases()))
@pytest.mark.parametrize(
    ("n", "d", "k", "scale"),
    [(7, 5, 8, 1.0), (7, 5, 8, 10.0), (8, 3, 7, 1.0), (2, 2, 60, 1.0)],
    ids=["drawn", "v-times-10", "odd-and-vacuous", "two-samples"],
)
def test_no_statement_is_contradicted(activation, method, n, d, k, scale):
    certificate, o = both(activation, method, draw_problem(n=n, d=d, k=k, seed=2), scale)
    assert not certificate.failed
    check_run(certificate.run, o)
    with np.errstate(divide="ignore", invalid="ignore"):  # a side may be infinite if a statement is vacuous
        asked, promised = sides.hypotheses(o), sides.promises(o)
    for one in certificate.evaluated:
        title = one.theorem.title
        for hypothesis in one.hypotheses:
            check_hypothesis(title, hypothesis, only(asked[title], hypothesis.statement), o)
        for conclusion in one.conclusions:
            if conclusion.holds is not None and not conclusion.statement.startswith("(2.4)"):
                check_conclusion(title, conclusion, only(promised[title], conclusion.statement))
    if not method.startswith("gd"):
        about = {
            "Theorem 2.1",
            "Theorem 6.2",
            "Theorem 6.3",
            "Theorem 6.10",
            "Corollary 6.11",
            "Theorem 6.13",
        }
        assert not about & {one.theorem.title for one in certificate.evaluated}


def only(table, statement):
    [found] = [entry for start, entry in table.items() if statement.startswith(start)]
    return found


def check_run(run, o):
    assert list(run.iterations) == list(range(len(o.iterates)))
    np.testing.assert_allclose(run.residual, o.r, rtol=1e-7)
    np.testing.assert_allclose(run.distance, o.distance, rtol=1e-7, atol=1e-12)
    np.testing.assert_allclose(run.path_length, o.path, rtol=1e-7, atol=1e-12)
    assert [probe.iteration for probe in run.probes] == list(range(len(o.iterates)))


def check_hypothesis(title, found, sides_of_it, o):
    relation, left, right = sides_of_it
    where = (title, found, left, right)
    size = np.linalg.norm(o.v) * math.sqrt(o.k) if "1ᵀv" in found.statement else 0.0
    assert found.left == pytest.approx(left, rel=1e-5, abs=1e-9 + 1e-9 * size), where
    # If a divisor is zero up to rounding, the required width is only known to be very large.
    if math.isfinite(found.right) or right < 1e15:
        assert found.right == pytest.approx(right, rel=1e-5, abs=1e-9), where
    holds = {
        ">=": left >= right * (1 - 1e-6),
        "<=": left <= right * (1 + 1e-6),
        "=": abs(left - right) <= 1e-6 * max(abs(right), size),
        ">": left > right,
        None: None,
    }[relation]
    if "Assumption 4" in found.statement:
        if left > right * (1 + 1e-6):
            assert found.holds is False, where
        else:
            reach = o.M * np.abs(o.v).max() * o.normX * 3 * o.r[0] / (0.5 * o.sigmas[0])
            assert found.holds is (True if not o.kink and reach <= right else None), where
    elif found.holds is not None or relation is None:
        assert found.holds is (None if holds is None else bool(holds)), where


def check_conclusion(title, found, sides_of_it):
    small, large = sides_of_it
    where = (title, found, small, large)
    with np.errstate(all="ignore"):
        ratios = small / large
    assert found.worst_ratio == pytest.approx(np.nanmax(ratios), rel=1e-5, abs=1e-9), where
    assert found.holds is bool(np.all(small <= large * (1 + 1e-6))), where
