"""Certificates: runs that are followed, hypotheses that are checked, and statements without a verdict."""

import json
import math
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pytest

from overparam.arrays.backends import NumPy
from overparam.methods import (
    FunctionSpace,
    GradientDescent,
    LeastSquares,
    Optimizer,
    StochasticGradientDescent,
)
from overparam.model.activations import Activation, Hermite, ReLU, Softplus
from overparam.model.data import Sphere
from overparam.model.problem import Problem, draw_problem
from overparam.runs import Job, Portable, Status, StopRule
from overparam.theory import Estimate, Setting, certificate_of, evaluate, follow
from tests.theory.recipes import recipe_of
from tests.theory.strangers import Tanh
from tests.theory.test_theorems import conclusion, evaluated, hypothesis


@dataclass(frozen=True)
class GaussNewton(FunctionSpace):
    """The least-norm Gauss–Newton step, with a fixed damping."""

    name: ClassVar[str] = "gauss-newton"

    def initial_damping(self, gram):
        return 1e-3

    def coefficients(self, gram, residual, damping):
        return np.linalg.solve(gram.matrix + damping * np.eye(len(residual)), residual)

    def next_damping(self, damping, gain):
        return damping if gain > 0.0 else 10.0 * damping


@dataclass(frozen=True)
class WeightDecay(GradientDescent):
    """Another update rule under the name of the built-in rule."""

    def update(self, weights, gradient, state, step):
        return 0.9 * weights - step.size * gradient, state


@dataclass(frozen=True)
class SlowSGD(StochasticGradientDescent):
    def update(self, weights, gradient, state, step):
        return weights - 0.5 * step.size * gradient, state


@dataclass(frozen=True)
class LeakyReLU(ReLU):
    def value(self, z):
        return np.maximum(z, 0.5 * z)

    def derivative(self, z):
        return np.where(z >= 0.0, 1.0, 0.5)


@dataclass(frozen=True)
class SteepSoftplus(Softplus):
    def derivative(self, z):
        return 2.0 * super().derivative(z)

    def value(self, z):
        return 2.0 * super().value(z)


@dataclass(frozen=True)
class Unknown(Optimizer):
    name: ClassVar[str] = "unknown"


@dataclass(frozen=True)
class NamedReLU(Activation):
    name: ClassVar[str] = "relu"

    def value(self, z):
        return z**3

    def derivative(self, z):
        return 3.0 * z**2


@pytest.mark.parametrize("activation", [Softplus(), ReLU()], ids=lambda a: a.name)
def test_a_function_space_method_is_followed_itself(activation):
    problem, stop = draw_problem(n=12, d=6, k=10, seed=3), StopRule(30, 1e-4)
    [(_, outcome)] = Portable().run(Job([problem], recipe_of(activation, GaussNewton(), stop), NumPy(), 1))
    certificate = certificate_of(problem, recipe_of(activation, GaussNewton(), stop), data=Sphere())
    run, history = certificate.run, outcome.history
    assert run.iterations[-1] == outcome.iterations > 0
    np.testing.assert_array_equal(run.iterations, np.unique(history.iterations))
    norm = np.linalg.norm(problem.y)
    assert run.residual[-1] / norm == pytest.approx(outcome.relative_residual, rel=1e-9)
    assert run.distance[-1] == pytest.approx(outcome.distance_from_initialization, rel=1e-9)
    assert run.distance[-1] > 0.0
    assert run.path_length[-1] == pytest.approx(outcome.path_length, rel=1e-9)
    assert run.probes[-1].iteration == outcome.iterations
    assert run.outcome.status is outcome.status
    np.testing.assert_allclose(run.outcome.W, outcome.W)
    assert "gauss-newton" in run.followed
    for title in ("Theorem 6.13", "Theorem 6.2" if activation.name == "softplus" else "Theorem 6.3"):
        assert "gradient descent" in dict(certificate.set_aside)[title]


def test_a_direct_solver_leaves_the_start_alone():
    problem = draw_problem(n=12, d=6, k=20, seed=3)
    certificate = certificate_of(problem, recipe_of(Softplus(), LeastSquares(), StopRule(30, 1e-4)))
    run = certificate.run
    assert list(run.iterations) == [0]
    assert (run.outcome.status, run.outcome.success, run.outcome.rank) == (Status.SOLVED, True, 12)
    assert "W₀ alone" in run.followed
    assert {"Theorem 6.10", "Theorem 6.13", "Theorem 2.1"} <= set(dict(certificate.set_aside))


@pytest.mark.parametrize(
    ("activation", "optimizer", "titles"),
    [
        (Softplus(), WeightDecay(0.1), ("Theorem 2.1", "Theorem 6.2", "Theorem 6.10", "Theorem 6.13")),
        (Softplus(), SlowSGD(0.1), ("Theorem 2.6",)),
        (LeakyReLU(), GradientDescent(0.1), ("Theorem 2.3", "Theorem 2.5", "Theorem 6.3", "Lemma 6.9")),
        (NamedReLU(), GradientDescent(0.1), ("Theorem 2.3", "Theorem 6.3", "Lemma C.2", "Corollary 2.4")),
        (SteepSoftplus(), GradientDescent(0.1), ("Corollary 2.2",)),
    ],
)
def test_a_name_or_a_base_class_is_no_identity(activation, optimizer, titles):
    certificate = certificate_of(
        draw_problem(n=6, d=4, k=6), recipe_of(activation, optimizer, StopRule(3)), data=Sphere()
    )
    reasons = dict(certificate.set_aside)
    for title in titles:
        assert "it is about" in reasons[title]
        assert title not in {one.theorem.title for one in certificate.evaluated}


def test_a_subclass_of_the_sphere_is_not_uniform():
    @dataclass(frozen=True)
    class Cap(Sphere):
        pass

    certificate = certificate_of(
        draw_problem(n=6, d=4, k=6), recipe_of(Softplus(), GradientDescent(0.1), StopRule(3)), data=Cap()
    )
    assert "uniform" in dict(certificate.set_aside)["Corollary 2.2"]


def test_what_the_proofs_use_of_v():
    """X = I₂ and ten times the theorems' v: the hypotheses must not hold if the conclusions fail."""
    p = draw_problem(n=2, d=2, k=230_000)
    p = Problem(np.eye(2), p.y, p.W0, p.v)
    stop = StopRule(3, 1e-9)
    step = GradientDescent(1e-3)
    kept = certificate_of(p, recipe_of(Softplus(), step, stop))
    assert evaluated(kept, "Theorem 6.2").hypotheses_met
    assert evaluated(kept, "Theorem 6.2").promises_kept
    wild = certificate_of(Problem(p.X, p.y, p.W0, 10.0 * p.v), recipe_of(Softplus(), step, stop))
    for title in ("Theorem 2.1", "Theorem 6.2", "Lemma 6.12"):
        assert evaluated(wild, title).hypotheses_met is False
    one_sided = certificate_of(Problem(p.X, p.y, p.W0, np.abs(p.v)), recipe_of(Softplus(), step, stop))
    for title in ("Theorem 6.2", "Lemma 6.12"):
        assert hypothesis(one_sided, title, "1ᵀv").holds is False
    spiky = np.zeros(p.k)
    spiky[:2] = [1.0, -1.0]
    spiky *= np.linalg.norm(p.v) / math.sqrt(2.0)
    uneven = certificate_of(Problem(p.X, p.y, p.W0, spiky), recipe_of(Softplus(), step, stop))
    assert hypothesis(uneven, "Theorem 6.2", "every |v").holds is False
    assert evaluated(uneven, "Lemma 6.12").hypotheses_met is True


def test_lemma_6_9_compares_inside_its_radius_only():
    far = certificate_of(
        draw_problem(n=10, d=6, k=40), recipe_of(ReLU(), GradientDescent(0.1), StopRule(40, 1e-4))
    )
    radius = hypothesis(far, "Lemma 6.9", "‖W_τ − W₀‖ ≤")
    assert radius.holds is False
    assert radius.at_iteration is not None
    outside = conclusion(far, "Lemma 6.9", "(6.6)")
    assert outside.holds is None
    assert "nothing on this run" in outside.note
    close = certificate_of(
        draw_problem(n=3, d=8, k=20_000), recipe_of(ReLU(), GradientDescent(1e-7), StopRule(3, 1e-4))
    )
    assert hypothesis(close, "Lemma 6.9", "‖W_τ − W₀‖ ≤").holds is True
    assert conclusion(close, "Lemma 6.9", "(6.6)").holds is True


def test_assumption_4_is_asked_and_not_promised():
    run = certificate_of(
        draw_problem(n=10, d=6, k=40), recipe_of(ReLU(), GradientDescent(0.1), StopRule(40, 1e-4))
    )
    assert hypothesis(run, "Theorem 6.13", "Assumption 4").holds is False
    assert not any("Assumption" in c.statement for c in evaluated(run, "Theorem 6.13").conclusions)
    start = certificate_of(
        draw_problem(n=10, d=6, k=40), recipe_of(ReLU(), GradientDescent(0.1), StopRule(0, 1e-4))
    )
    assert hypothesis(start, "Theorem 6.13", "Assumption 4").holds is None
    affine = certificate_of(
        draw_problem(n=4, d=6, k=10), recipe_of(Hermite((0.0, 1.0)), GradientDescent(1e-3), StopRule(3, 1e-4))
    )
    # φ″ = 0, but the bound B = 1 on φ″ does not show it. Assumption 4 is proved only if M is known to be 0.
    assert hypothesis(affine, "Theorem 6.13", "Assumption 4").holds in (None, True)


def test_the_width_of_theorem_2_6_grows_with_nu():
    p = draw_problem(n=10, d=6, k=8)
    sgd = certificate_of(p, recipe_of(Softplus(), StochasticGradientDescent(0.01), StopRule(3, 1e-3)))
    gd = certificate_of(p, recipe_of(Softplus(), GradientDescent(0.01), StopRule(3, 1e-3)))
    ratio = hypothesis(sgd, "Theorem 2.6", "(2.2)").right / hypothesis(gd, "Theorem 2.1", "(2.2)").right
    assert ratio == pytest.approx(8.0, rel=1e-12)
    expected = conclusion(sgd, "Theorem 2.6", "(2.10)")
    assert expected.holds is None
    assert "mean over runs" in expected.note


def test_theorem_3_2_takes_any_b_that_bounds_both():
    @dataclass(frozen=True)
    class Sigmoid(Activation):
        name: ClassVar[str] = "sigmoid"

        @property
        def bound(self):
            return 0.25

        def value(self, z):
            return 0.5 * (1.0 + np.tanh(0.5 * z))

        def derivative(self, z):
            return 0.25 * (1.0 - np.tanh(0.5 * z) ** 2)

    run = certificate_of(draw_problem(n=6, d=4, k=8), recipe_of(Sigmoid(), GradientDescent(0.1), StopRule(2)))
    zero = hypothesis(run, "Theorem 3.2", "|φ(0)|")
    assert (zero.left, zero.right, zero.holds) == (0.5, 0.5, True)
    lam = run.setting.lambda_tilde.value - 6.0 * 0.25 / 6.0**100
    moment = run.setting.constants.value_moment.value
    reach = math.sqrt(moment) + 0.5 * math.sqrt(404.0 * math.log(6))
    wanted = 101.0 * math.log(6) * 6 * reach**2 / ((0.5 - 0.5 * math.log(2.0)) * lam)
    assert hypothesis(run, "Theorem 3.2", "k ≥ 101").right == pytest.approx(wanted, rel=1e-6)


def with_lambda(setting, value, error):
    """Return the same setting with another λ(X) ± error."""
    changed = replace(setting)
    vars(changed).update({**vars(setting), "lambda_": Estimate(value, error)})
    return changed


@pytest.mark.parametrize(
    ("value", "error", "kept"),
    [(1.0, 0.1, True), (1e-9, 1e-10, False), (None, 0.5, None)],
)
def test_comparisons_with_lambda_take_the_certain_side(value, error, kept):
    p = draw_problem(n=6, d=4, k=8)
    fresh = Setting(p, recipe_of(Softplus(), GradientDescent(0.1)))
    value = fresh.quadratic_bound if value is None else value
    setting = with_lambda(
        Setting(p, recipe_of(Softplus(), GradientDescent(0.1))),
        value,
        error * value if kept is None else error,
    )
    run = follow(p, recipe_of(Softplus(), GradientDescent(0.1), StopRule(3)))
    certificate = evaluate(setting, run)
    below = conclusion(certificate, "Lemma 6.4", "(6.5)")
    assert below.holds is kept
    width = hypothesis(certificate, "Theorem 6.2", "(6.18)")
    low = value - (error * value if kept is None else error)
    scale = 32.0 * 3.0 * math.sqrt(4 / 6) * np.linalg.norm(p.X, 2) * 6
    assert width.right == pytest.approx(scale / low)


def test_a_width_within_the_error_of_lambda_cannot_be_told():
    p = draw_problem(n=6, d=4, k=8)
    scale = 32.0 * 3.0 * math.sqrt(4 / 6) * np.linalg.norm(p.X, 2) * 6
    just = scale / math.sqrt(32)  # the λ at which √(kd) = √32 is just wide enough
    run = follow(p, recipe_of(Softplus(), GradientDescent(0.1), StopRule(3)))
    for value, error, holds in ((just, 0.1, None), (just + 1.0, 0.1, True), (just - 1.0, 0.1, False)):
        setting = with_lambda(Setting(p, recipe_of(Softplus(), GradientDescent(0.1))), value, error)
        assert hypothesis(evaluate(setting, run), "Theorem 6.2", "(6.18)").holds is holds


def test_zero_within_its_error_promises_nothing():
    """For the odd tanh, μ = 0 and Theorem 2.1 is vacuous; its notes and the JSON state this."""
    certificate = certificate_of(
        draw_problem(n=6, d=4, k=8), recipe_of(Tanh(), GradientDescent(0.1), StopRule(5, 1e-6))
    )
    one = evaluated(certificate, "Theorem 2.1")
    assert math.isinf(one.hypotheses[0].right)
    assert "vacuous" in one.hypotheses[0].note
    assert [c.holds for c in one.conclusions] == [None] * 6
    assert all("vacuous" in c.note for c in one.conclusions)
    assert one.residual_bound is None
    assert one.to_json()["hypotheses"][0]["right"] is None


def test_a_longer_step_is_outside_the_theorem():
    certificate = certificate_of(
        draw_problem(n=6, d=4, k=8), recipe_of(Softplus(), GradientDescent(1.0), StopRule(5, 1e-6))
    )
    assert hypothesis(certificate, "Theorem 6.2", "η ≤").holds is False
    assert all("outside the theorem" in c.note for c in evaluated(certificate, "Theorem 6.2").conclusions)


@pytest.mark.parametrize("delta", [1e-300, 1e300, 1e308])
@pytest.mark.parametrize(
    ("activation", "n", "d", "k"),
    [
        (Softplus(), 6, 4, 8),
        (ReLU(), 6, 4, 8),
        (Hermite((1.0,)), 6, 4, 8),
        (ReLU(), 1, 1, 1),
        (Softplus(), 9, 2, 1),
    ],
)
@pytest.mark.parametrize("optimizer", [GradientDescent(0.1), StochasticGradientDescent(0.1), GaussNewton()])
def test_nothing_breaks_a_certificate(delta, activation, n, d, k, optimizer):
    p = draw_problem(n=n, d=d, k=k)
    certificate = certificate_of(
        p, recipe_of(activation, optimizer, StopRule(4, 1e-6)), data=Sphere(), delta=delta
    )
    assert certificate.failed == ()
    json.dumps(certificate.to_json(), allow_nan=False)


def test_duplicated_samples():
    p = draw_problem(n=6, d=4, k=8)
    X = np.concatenate([p.X[:3], p.X[:3]])
    for activation in (Softplus(), ReLU()):
        certificate = certificate_of(
            Problem(X, p.y, p.W0, p.v), recipe_of(activation, GradientDescent(0.1), StopRule(4))
        )
        assert certificate.failed == ()
        assert hypothesis(certificate, "Theorem I.1", "min(").holds is False
        lemma = conclusion(certificate, "Lemma 6.7", "σmin")
        assert lemma.holds is None
        assert "vacuous" in lemma.note


def test_rows_of_another_norm_are_refused():
    p = draw_problem(n=6, d=4, k=8)
    with pytest.raises(ValueError, match="norm 1"):
        certificate_of(
            Problem(2.0 * p.X, p.y, p.W0, p.v), recipe_of(Softplus(), GradientDescent(0.1), StopRule(4))
        )
