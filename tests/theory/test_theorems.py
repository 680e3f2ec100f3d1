"""Theorems: their numbers derived in a second way, their conclusions on runs, a theorem from a plugin."""

import json
import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from overparam.components import Component
from overparam.methods import GradientDescent, LeastSquares, StochasticGradientDescent
from overparam.model import network
from overparam.model.activations import ReLU, Softplus
from overparam.model.data import Separated, Sphere
from overparam.model.problem import Problem, draw_problem
from overparam.runs import StopRule
from overparam.theory import (
    Conclusion,
    Setting,
    Theorem,
    builtin_theorems,
    certificate_of,
    feature_covariance,
)
from tests.theory.recipes import recipe_of
from tests.theory.strangers import Tanh, unit

PAPER = {
    *(f"Theorem {t}" for t in ("2.1", "2.3", "2.5", "2.6", "3.2", "6.2", "6.3", "6.10", "6.13", "I.1")),
    *(f"Corollary {c}" for c in ("2.2", "2.4", "6.11", "I.2")),
    *(f"Lemma {m}" for m in ("6.4", "6.6", "6.7", "6.8", "6.9", "6.12", "C.1", "C.2", "C.3", "H.1", "H.2")),
}
THEOREM_STEP = GradientDescent("theorem")


def evaluated(certificate, title):
    [one] = [e for e in certificate.evaluated if e.theorem.title == title]
    return one


def hypothesis(certificate, title, start):
    [one] = [h for h in evaluated(certificate, title).hypotheses if h.statement.startswith(start)]
    return one


def conclusion(certificate, title, *parts):
    [one] = [
        c for c in evaluated(certificate, title).conclusions if all(part in c.statement for part in parts)
    ]
    return one


@pytest.fixture(scope="module")
def smooth():
    problem = draw_problem(n=30, d=20, k=200)
    return certificate_of(problem, recipe_of(Softplus(), THEOREM_STEP, StopRule(400, 1e-4)), data=Sphere())


@pytest.fixture(scope="module")
def relu():
    problem = draw_problem(n=30, d=20, k=200)
    return certificate_of(problem, recipe_of(ReLU(), THEOREM_STEP, StopRule(400, 1e-4)), data=Sphere())


def test_every_theorem_of_the_paper_is_there():
    assert {cls.title for cls in builtin_theorems()} == PAPER
    names = [cls.name for cls in builtin_theorems()]
    assert len(set(names)) == len(names)
    for cls in builtin_theorems():
        assert issubclass(cls, Component)
        assert cls().statement
        assert cls().reference


def test_6_18_is_condition_6_13(smooth):
    """(6.18) is α²/(4L) ≥ (1 + (1+δ)B)‖y‖ with α = ‖v‖√λ/(2√2), L = B‖v‖_∞‖X‖."""
    p = smooth.setting.problem
    lam = smooth.setting.lambda_.value
    alpha = np.linalg.norm(p.v) * math.sqrt(lam) / (2 * math.sqrt(2))
    L = np.abs(p.v).max() * np.linalg.norm(p.X, 2)
    ratio = alpha**2 / (4 * L) / (3.0 * np.linalg.norm(p.y))
    assert hypothesis(smooth, "Theorem 6.2", "(6.18)").ratio == pytest.approx(ratio, rel=1e-12)
    quadratic = smooth.setting.quadratic_bound
    assert hypothesis(smooth, "Theorem 2.1", "(2.2)").ratio == pytest.approx(
        ratio * quadratic / lam, rel=1e-12
    )


def test_6_3_is_the_radius_of_lemma_6_9(relu):
    """The square root of (6.3) is 12(1+δ)√(2n)/√λ ≤ m₀³/(2k) with m₀ = √(k/200)·√λ/‖X‖."""
    n, k = 30, 200
    lam, norm = relu.setting.lambda_.value, np.linalg.norm(relu.setting.problem.X, 2)

    def ratio(lower):
        m0 = math.sqrt(k / 200) * math.sqrt(lower) / norm
        return m0**3 / (2 * k) / (12 * 2.0 * math.sqrt(2 * n) / math.sqrt(lower))

    assert hypothesis(relu, "Theorem 6.3", "(6.3)").ratio == pytest.approx(ratio(lam) ** 2, rel=1e-11)
    quadratic = relu.setting.khatri_rao.sigma_min**2 / (2 * math.pi)
    assert hypothesis(relu, "Theorem 2.3", "(2.6)").ratio == pytest.approx(ratio(quadratic), rel=1e-11)
    separated = relu.setting.separation / (100 * n**2)
    assert hypothesis(relu, "Theorem 2.5", "(2.8)").ratio == pytest.approx(ratio(separated) ** 2, rel=1e-11)


def test_the_steps_are_the_theorems(smooth, relu):
    for certificate, titles in (
        (smooth, ("Theorem 2.1", "Theorem 6.2", "Corollary 2.2")),
        (relu, ("Theorem 2.3", "Theorem 6.3", "Theorem 2.5", "Corollary 2.4")),
    ):
        for title in titles:
            step = hypothesis(certificate, title, "η = " if title.startswith("Corollary") else "η ≤")
            assert step.ratio == pytest.approx(1.0, rel=1e-12)
            assert step.holds


def test_the_proved_rate_is_theorem_6_10s(smooth):
    """1 − ηα²/2 for the squared misfit is 1 − λ/(32B²‖X‖²) at the theorem's step."""
    s, run = smooth.setting, smooth.run
    alpha = s.label_norm / math.sqrt(s.n) * math.sqrt(s.lambda_.value) / (2 * math.sqrt(2))
    bound = (1 - s.step_size * alpha**2 / 2) ** (run.iterations / 2) * run.residual[0]
    [promised] = [
        e.theorem.residual_bound(s, run) for e in smooth.evaluated if e.theorem.title == "Theorem 6.2"
    ]
    np.testing.assert_allclose(promised, bound, rtol=1e-10)
    worst = conclusion(smooth, "Theorem 6.2", "^{τ/2}").worst_ratio
    assert worst == pytest.approx((run.residual / bound)[1:].max(), rel=1e-9)


def test_promises_are_kept_where_theory_does_not_reach(smooth, relu):
    assert not hypothesis(smooth, "Theorem 6.2", "(6.18)").holds
    assert not hypothesis(relu, "Theorem 6.3", "(6.3)").holds
    for certificate, title in ((smooth, "Theorem 2.1"), (smooth, "Theorem 6.2"), (relu, "Theorem 6.3")):
        assert all(c.holds for c in evaluated(certificate, title).conclusions)


def test_corollary_2_2_on_a_run_with_the_theorems_step(smooth):
    rate = conclusion(smooth, "Corollary 2.2", "(2.4)", "c₁")
    assert rate.holds
    s, run = smooth.setting, smooth.run
    bound = 3.0 * (1 - rate.worst_ratio * s.d / s.n) ** run.iterations * s.label_norm
    assert np.all(run.residual <= bound * (1 + 1e-9))
    assert np.any(run.residual[1:] >= bound[1:] * (1 - 1e-9))


def test_deterministic_lemmas_hold(smooth, relu):
    for certificate in (smooth, relu):
        for title in ("Lemma 6.4", "Lemma 6.6", "Lemma C.1", "Lemma H.1", "Lemma H.2", "Theorem I.1"):
            for c in evaluated(certificate, title).conclusions:
                assert c.holds, (title, c)
    assert all(c.holds for c in evaluated(smooth, "Lemma 6.8").conclusions)
    assert all(c.holds for c in evaluated(relu, "Lemma C.2").conclusions)


@pytest.mark.parametrize(("n", "d", "delta"), [(8, 3, 0.4), (20, 5, 0.3), (4, 2, 0.7)])
def test_separation_bounds(n, d, delta):
    problem = draw_problem(n=n, d=d, k=10, data=Separated(delta))
    certificate = certificate_of(problem, recipe_of(ReLU(), GradientDescent(0.1), StopRule(5, 1e-3)))
    for title in ("Theorem I.1", "Corollary I.2"):
        assert evaluated(certificate, title).hypotheses[0].left >= delta
        assert all(c.holds for c in evaluated(certificate, title).conclusions)


def test_lemma_c_3_fails_no_more_often_than_it_says():
    failures = 0
    for trial in range(40):
        problem = draw_problem(n=12, d=6, k=100, trial=trial)
        certificate = certificate_of(problem, recipe_of(ReLU(), GradientDescent(0.1), StopRule(0, 1e-3)))
        failures += not conclusion(certificate, "Lemma C.3", "min_i").holds
    # At 1/n = 1/12, 40 trials have at most 3.3 failures on average; 9 is three standard deviations above.
    assert failures <= 9


def test_lemma_6_7_where_its_hypothesis_holds():
    problem = draw_problem(n=6, d=12, k=6000)
    certificate = certificate_of(problem, recipe_of(ReLU(), GradientDescent(0.1), StopRule(0, 1e-3)))
    assert hypothesis(certificate, "Lemma 6.7", "‖v‖/‖v‖_∞").holds
    assert conclusion(certificate, "Lemma 6.7", "σmin").holds


def test_theorem_3_2_for_wide_layers():
    rng = np.random.default_rng(0)
    X, k = unit(rng, 20, 10), 8000
    for activation in (Softplus(), ReLU(), Tanh()):
        problem = Problem(X, rng.standard_normal(20), rng.standard_normal((k, 10)), np.ones(k))
        certificate = certificate_of(problem, recipe_of(activation, LeastSquares(), StopRule()))
        assert conclusion(certificate, "Theorem 3.2", "λmin(ΦΦᵀ)").holds
        assert conclusion(certificate, "Theorem 3.2", "rank").holds
        features = network.hidden_features(X, problem.W0, activation)
        lam = np.linalg.eigvalsh(feature_covariance(X, activation).matrix)[0]
        ratio = 0.5 * k * lam / np.linalg.eigvalsh(features @ features.T)[0]
        worst = conclusion(certificate, "Theorem 3.2", "λmin(ΦΦᵀ)").worst_ratio
        assert worst == pytest.approx(ratio, rel=1e-6)


def test_the_gap_at_figure_2s_size():
    """At n = 100 and d = 20, Theorem 6.2 requires √(kd) of about 1.8e6."""
    problem = draw_problem(n=100, d=20, k=10)
    certificate = certificate_of(problem, recipe_of(Softplus(), THEOREM_STEP, StopRule(0, 1e-3)))
    assert 1e6 < hypothesis(certificate, "Theorem 6.2", "(6.18)").right < 3e6


def test_vacuous_where_sigma_min_is_exactly_zero():
    problem = draw_problem(n=40, d=5, k=10)
    certificate = certificate_of(problem, recipe_of(Softplus(), THEOREM_STEP, StopRule(20, 1e-3)))
    h = hypothesis(certificate, "Theorem 2.1", "(2.2)")
    assert math.isinf(h.right)
    assert "exactly zero because n" in h.note
    assert conclusion(certificate, "Theorem 2.1", "Σ", "as stated").worst_ratio == 0.0
    json.dumps(certificate.to_json(), allow_nan=False)


def test_odd_widths_lose_what_the_proof_uses():
    certificate = certificate_of(
        draw_problem(n=10, d=5, k=7), recipe_of(Softplus(), THEOREM_STEP, StopRule(3, 1e-3))
    )
    assert not hypothesis(certificate, "Theorem 2.1", "‖v‖").holds
    even = certificate_of(
        draw_problem(n=10, d=5, k=8), recipe_of(Softplus(), THEOREM_STEP, StopRule(3, 1e-3))
    )
    assert hypothesis(even, "Theorem 2.1", "‖v‖").holds


@pytest.mark.parametrize("k", [1, 2, 5])
@pytest.mark.parametrize("n", [1, 2])
@pytest.mark.parametrize("activation", [Softplus(), ReLU(), Tanh()], ids=lambda a: a.name)
@pytest.mark.parametrize("optimizer", [GradientDescent(0.1), StochasticGradientDescent(0.1), LeastSquares()])
def test_corners(n, k, activation, optimizer):
    certificate = certificate_of(
        draw_problem(n=n, d=1, k=k), recipe_of(activation, optimizer, StopRule(3, 1e-3)), data=Sphere()
    )
    json.dumps(certificate.to_json(), allow_nan=False)


def test_who_applies_to_what(smooth, relu):
    titles = {one.theorem.title for one in smooth.evaluated}
    assert {"Theorem 2.1", "Theorem 6.2", "Corollary 2.2", "Lemma 6.8"} <= titles
    assert not {"Theorem 2.3", "Theorem 2.6", "Lemma 6.9"} & titles
    reasons = dict(smooth.set_aside)
    assert reasons["Theorem 2.6"] == "it is about stochastic gradient descent; the optimizer is gd"
    assert titles | set(reasons) == PAPER
    sgd = certificate_of(
        draw_problem(n=10, d=6, k=8),
        recipe_of(Softplus(), StochasticGradientDescent(0.01), StopRule(50, 1e-3)),
    )
    assert len(evaluated(sgd, "Theorem 2.6").hypotheses) == 6
    assert "Theorem 2.1" in dict(sgd.set_aside)
    unknown = certificate_of(
        draw_problem(n=10, d=6, k=8), recipe_of(Softplus(), THEOREM_STEP, StopRule(5, 1e-3))
    )
    assert "data generator" in dict(unknown.set_aside)["Corollary 2.2"]


@dataclass(frozen=True)
class MontanariZhong(Theorem):
    """A theorem from a plugin: the empirical kernel is bounded below if kd ≫ n."""

    name: ClassVar[str] = "montanari-zhong"
    title: ClassVar[str] = "Montanari & Zhong, Theorem 1"
    statement: ClassVar[str] = "λmin of the empirical kernel stays of the order of its limit once kd ≫ n."
    reference: ClassVar[str] = "arXiv:2007.12826"

    def objection(self, setting):
        return None if isinstance(setting.activation, Softplus) else "written for softplus"

    def conclusions(self, setting, run):
        ratio = setting.v_norm**2 * setting.lambda_.value / setting.jacobian_at_start.sigma_min**2
        return [Conclusion("λmin(JJᵀ) ≥ c‖v‖²λ", ratio, None, None, "the number is 1/c")]


def test_a_strangers_theorem():
    certificate = certificate_of(
        draw_problem(n=20, d=20, k=400),
        recipe_of(Softplus(), GradientDescent(0.1), StopRule(2, 1e-3)),
        theorems=[MontanariZhong()],
    )
    [one] = certificate.to_json()["theorems"]
    assert one["name"] == "Montanari & Zhong, Theorem 1"
    assert one["component"] == "montanari-zhong"
    assert 0.3 < one["conclusions"][0]["worst_ratio"] < 3.0


def test_json_keys(smooth):
    document = smooth.to_json()
    for theorem in document["theorems"]:
        assert {"name", "hypotheses", "conclusions"} <= set(theorem)
        for h in theorem["hypotheses"]:
            assert {"statement", "left", "right", "ratio", "holds", "note"} <= set(h)
        for c in theorem["conclusions"]:
            assert {"statement", "worst_ratio", "at_iteration", "holds"} <= set(c)


@pytest.mark.parametrize("namespace", ["torch", "array_api_strict"])
def test_every_namespace(namespace):
    xp = pytest.importorskip(namespace)
    problem = draw_problem(n=12, d=6, k=10)
    there = Problem(*(xp.asarray(a) for a in (problem.X, problem.y, problem.W0, problem.v)), key=problem.key)
    for activation in (Softplus(), ReLU()):
        for optimizer in (THEOREM_STEP, LeastSquares()):
            ours, reference = (
                certificate_of(p, recipe_of(activation, optimizer, StopRule(20, 1e-3)), data=Sphere())
                for p in (there, problem)
            )
            for one, other in zip(ours.evaluated, reference.evaluated, strict=True):
                for a, b in zip(one.conclusions, other.conclusions, strict=True):
                    assert a.holds == b.holds
                    assert a.worst_ratio == pytest.approx(b.worst_ratio, rel=1e-6, abs=1e-9, nan_ok=True)


def test_bad_settings():
    problem = draw_problem(n=4, d=2, k=4)
    stacked = Problem(problem.X[None], problem.y[None], problem.W0[None], problem.v[None])
    with pytest.raises(ValueError, match="singles"):
        Setting(stacked, recipe_of(Softplus(), GradientDescent()))
    with pytest.raises(ValueError, match="delta"):
        Setting(problem, recipe_of(Softplus(), GradientDescent()), delta=0.0)
