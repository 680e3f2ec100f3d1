"""The chain of lower bounds against the oracle's loops and against matrices with known eigenvalues."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from overparam.model.activations import Hermite, ReLU, Softplus
from overparam.model.problem import Problem, draw_problem
from overparam.theory import (
    Interval,
    LowerBound,
    Theorem,
    khatri_rao_spectrum,
    lower_bounds,
    report_of,
    setting_in_double,
    start_eigenvalues,
    theory_report,
)
from tests.theory.oracle import expectation, hermite, khatri_rao_sigma
from tests.theory.strangers import Tanh, unit


def relu_kernel(X):
    """ρ(π − θ)/2π."""
    gram = X @ X.T
    angle = np.arccos(np.clip(gram, -1, 1))
    np.fill_diagonal(angle, 0.0)
    return gram * (np.pi - angle) / (2 * np.pi)


def explicit_start(problem, slope):
    """σ²min of the n × kd Jacobian, over ‖v‖²."""
    p = problem
    J = np.hstack([a * slope(p.X @ w)[:, None] * p.X for a, w in zip(p.v, p.W0, strict=True)])
    return np.linalg.svd(J, compute_uv=False)[p.n - 1] ** 2 / (p.v @ p.v)


def values(chain):
    return {rung.name: float(rung.value.value) for rung in chain.rungs}


@pytest.mark.parametrize("seed", range(3))
def test_every_number_of_the_relu(seed):
    problem = draw_problem(12, 6, 10, seed=seed)
    X = problem.X
    chain = lower_bounds(problem, activation="relu", order=3)
    found = values(chain)
    assert found["lambda"] == pytest.approx(np.linalg.eigvalsh(relu_kernel(X))[0], rel=1e-9)
    assert found["start"] == pytest.approx(explicit_start(problem, lambda z: (z >= 0) * 1.0), rel=1e-9)
    pairs = [(i, j) for i in range(12) for j in range(i)]
    delta = min(min(np.linalg.norm(X[i] - X[j]), np.linalg.norm(X[i] + X[j])) for i, j in pairs)
    assert found["corollary-i-2"] == pytest.approx(delta / (100 * 144), rel=1e-12)
    assert found["lemma-6-4"] == pytest.approx(khatri_rao_sigma(X, 2) ** 2 / (2 * math.pi), rel=1e-9)

    def slope(g):
        return (g >= 0) * 1.0

    hermites = [
        (expectation(lambda g, r=r: slope(g) * hermite(r, g)) * khatri_rao_sigma(X, r + 1)) ** 2
        for r in range(3)
    ]
    assert found["lemma-h-1"] == pytest.approx(max(hermites), rel=1e-9)
    largest = next(rung for rung in chain.rungs if rung.name == "lemma-h-1")
    assert f"at r = {int(np.argmax(hermites))}" in largest.note


@pytest.mark.parametrize("activation", [ReLU(), Softplus(), Tanh(), Hermite((0.0, 0.5, 0.0, 0.2))])
@pytest.mark.parametrize("n", [1, 4, 9, 30])
def test_proved_bounds_are_below_lambda_and_the_order_is_of_the_numbers(activation, n):
    chain = lower_bounds(draw_problem(n, 5, 7, seed=n), activation=activation)
    for rung in chain.rungs:
        if rung.name not in ("lambda", "start"):
            assert rung.below is True, rung
    numbers = [float(rung.value.value) for rung in chain.rungs]
    assert numbers == sorted(numbers, reverse=True)
    for (one, other), above in zip(
        zip(chain.rungs, chain.rungs[1:], strict=False), chain.above_next(), strict=True
    ):
        assert (above is True) == (float(one.value.low) > float(other.value.high))
        assert above in (True, None)


def test_orthogonal_samples():
    """For X = I: Σ(I) = E[φ′²]·I, X ∗ X has orthonormal rows, δ = √2, so every bound is known."""
    problem = Problem(np.eye(3), np.ones(3), np.ones((2, 3)), np.array([1.0, -1.0]))
    found = values(lower_bounds(problem, activation="relu"))
    assert found["lambda"] == pytest.approx(0.5)
    assert found["lemma-6-4"] == pytest.approx(1 / (2 * math.pi))
    assert found["lemma-h-1"] == pytest.approx(0.25)  # r = 0: μ̃² = ¼
    assert found["corollary-i-2"] == pytest.approx(math.sqrt(2) / 900)
    assert found["start"] == pytest.approx(1.0)  # all units are active on all samples: JJᵀ = ‖v‖²I


def test_the_mean_over_draws_is_at_most_lambda():
    """λmin is concave, so E[σ²min(J(W₀))]/‖v‖² ≤ λ(X), and wide networks come close to it."""
    setting = setting_in_double(draw_problem(8, 5, 6), Softplus())
    found = start_eigenvalues(setting, [2, 8, 4000], 40)
    truth = setting.lambda_.value
    error = found.std(axis=1) / math.sqrt(40)
    assert (found.mean(axis=1) <= truth + 4 * error).all()
    assert found[2].mean() == pytest.approx(truth, rel=0.1)
    assert found[0].mean() < 0.8 * found[2].mean()


def test_a_draw_is_the_trials_own():
    problem = draw_problem(8, 5, 6, seed=3, trial=1)
    setting = setting_in_double(problem, Softplus())
    [row] = start_eigenvalues(setting, [6], 2, seed=3)
    assert row[1] == pytest.approx(values(lower_bounds(problem))["start"], rel=1e-12)


def test_too_few_parameters_are_exactly_zero_and_no_output_weights_are_left_out():
    narrow = lower_bounds(draw_problem(30, 5, 4))
    assert narrow.start.value == Interval(0.0, 0.0, 0.0)
    assert narrow.of_lambda(narrow.start) == 0.0
    [start] = [one for one in lower_bounds(draw_problem(4, 5, 1)).left_out if one.name == "start"]
    assert start.note == "v is zero: J is zero"
    assert np.isnan(start_eigenvalues(setting_in_double(draw_problem(4, 5, 1), ReLU()), [1], 2)).all()


def test_duplicated_samples_have_no_unit():
    X = unit(np.random.default_rng(0), 5, 4)
    X[4] = X[1]
    problem = draw_problem(5, 4, 6)
    chain = lower_bounds(Problem(X, problem.y, problem.W0, problem.v), activation="relu")
    assert chain.of_lambda(chain.lambda_) is None
    assert "vacuous: λ(X) is zero" in chain.lambda_.note
    zero = next(rung for rung in chain.rungs if rung.name == "corollary-i-2")
    assert "vacuous" in zero.note
    assert [one["of_lambda"] for one in chain.to_json()] == [None] * len(chain.to_json())


@dataclass(frozen=True)
class Strange(Theorem):
    name: ClassVar[str] = "strange"
    title: ClassVar[str] = "Strange"
    statement: ClassVar[str] = "s"
    reference: ClassVar[str] = "r"
    answer: float = 0.0

    def objection(self, setting):
        return None

    def conclusions(self, setting, run):
        return []

    def lambda_bound(self, setting):
        if self.answer < 0:
            raise RuntimeError("not today")
        return LowerBound("s(X)", Interval(self.answer, self.answer, self.answer))


def test_a_stranger_s_bound_stands_in_the_chain_and_a_wrong_one_is_found_out():
    problem = draw_problem(6, 4, 6)
    right, wrong, failing = Strange(1e-6), Strange(10.0), Strange(-1.0)
    chain = lower_bounds(problem, theorems=[right, wrong, failing])
    below = {float(rung.value.value): rung.below for rung in chain.rungs if rung.name == "strange"}
    assert below == {1e-6: True, 10.0: False}
    [left] = chain.left_out
    assert left.symbol == "Strange"
    assert "not today" in left.note


def test_the_report_is_that_of_the_data_alone():
    problem = draw_problem(9, 5, 6)
    assert (
        report_of(setting_in_double(problem, ReLU())).to_json() == theory_report(problem.X, "relu").to_json()
    )


def test_single_precision_is_computed_in_double():
    p = draw_problem(9, 5, 6)
    X, y, W0, v = (a.astype(np.float32) for a in (p.X, p.y, p.W0, p.v))
    chain = lower_bounds(Problem(X, y, W0, v), activation="softplus")
    unit_X = X.astype(np.float64) / np.linalg.norm(X.astype(np.float64), axis=1, keepdims=True)
    sigma = khatri_rao_spectrum(unit_X, 2).sigma_min
    assert values(chain)["lemma-6-4"] == pytest.approx(0.206620964141907037**2 * sigma**2, rel=1e-12)


def test_it_shows_itself():
    chain = lower_bounds(draw_problem(9, 5, 6))
    assert "λ(X) = " in repr(chain)
    assert "Lemma H.1" in chain._repr_html_()
    assert "it is about the ReLU" in chain._repr_html_()
