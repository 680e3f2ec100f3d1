"""Rank lifting: formulas in mpmath, kernels by Monte Carlo, matrices with known eigenvalues."""

import math

import mpmath
import numpy as np
import pytest
from overparam_literature import KernelBound, RankLifting, StableRank
from overparam_literature.rank_lifting import least_angle, step_kernel
from overparam_literature.settings import homogeneity

from overparam.methods import LeastSquares
from overparam.model.activations import Hermite, Softplus
from overparam.model.problem import draw_problem
from overparam.plugin import Problem, Recipe, ReLU, Setting
from overparam.studies import Specification
from overparam.theory import claims, evaluate, follow, lower_bounds_of
from overparam.theory.theorems.output_layer import Theorem32

SOLVED = Recipe(activation=ReLU(), optimizer=LeastSquares(), layers="output")


def setting_of(X, k=4, recipe=SOLVED):
    n, d = X.shape
    rng = np.random.default_rng(1)
    return Setting(Problem(X, rng.standard_normal(n), rng.standard_normal((k, d)), np.ones(k)), recipe)


def evaluated(setting, theorem):
    [found] = evaluate(setting, follow(setting.problem, setting.recipe, 2), [theorem]).evaluated
    return found


def half_circle(n):
    """Rows at the angles 0, π/n, 2π/n, …: every angle between xᵢ and ±xⱼ is at least π/n."""
    angle = np.pi * np.arange(n) / n
    return np.stack([np.cos(angle), np.sin(angle)], axis=-1)


def test_the_least_angle_counts_antipodes():
    assert least_angle(setting_of(half_circle(7))) == pytest.approx(math.pi / 7, rel=1e-12)
    assert least_angle(setting_of(np.eye(3))) == pytest.approx(math.pi / 2)
    assert least_angle(setting_of(np.array([[1.0, 0.0], [-1.0, 0.0]]))) == 0.0


def test_the_width_of_theorem_3_1():
    orthogonal = setting_of(np.eye(5))
    assert RankLifting(0.01).width(orthogonal) == pytest.approx(16 * 4 * math.log(100))  # 4·ln 100 > 5
    assert RankLifting(0.5).width(orthogonal) == pytest.approx(16 * 5)
    assert RankLifting().width(setting_of(np.array([[1.0, 0.0], [-1.0, 0.0]]))) == math.inf


def test_at_100_samples_in_20_dimensions_it_asks_thousands_where_theorem_3_2_asks_tens_of_billions():
    specification = Specification(recipe=SOLVED)
    asked = (RankLifting(), Theorem32(), StableRank())
    widths = {one.name: one.k[0] for one in claims(specification, 100, [20], assertions=asked).curves}
    assert 3e3 < widths["rank-lifting"] < 5e3
    assert 1e10 < widths["theorem-3-2"] < 5e10
    assert widths["rank-lifting"] < widths["rank-lifting-stable"] < widths["theorem-3-2"]


def test_features_have_full_rank_at_that_width_and_not_below_n():
    X = draw_problem(10, 5, 2).X
    width = math.ceil(RankLifting().width(setting_of(X)))
    assert evaluated(setting_of(X, width), RankLifting()).promises_kept is True
    narrow = evaluated(setting_of(X, 9), RankLifting())
    assert narrow.hypotheses_met is False
    assert narrow.promises_kept is False
    assert "rank is 9" in narrow.conclusions[0].note


def test_which_activations_are_homogeneous():
    assert homogeneity(ReLU()) == pytest.approx((1.0, 1.0, 0.0))
    assert homogeneity(Softplus()) is None
    assert RankLifting().objection(setting_of(np.eye(3), recipe=Recipe())) == (
        "it is about positively homogeneous activations; softplus is not one"
    )
    linear = Recipe(activation=Hermite((0.0, 1.0)))
    assert "other than monomials" in RankLifting().objection(setting_of(np.eye(3), recipe=linear))


def test_the_width_of_proposition_4_2_in_mpmath():
    X = draw_problem(12, 6, 2).X
    setting = setting_of(X)
    with mpmath.workdps(40):
        rows = [[mpmath.mpf(float(x)) for x in row] for row in X]
        rows = [[x / mpmath.sqrt(sum(y * y for y in row)) for x in row] for row in rows]
        kernel = mpmath.matrix(12, 12)
        for i, a in enumerate(rows):
            for j, b in enumerate(rows):
                rho = mpmath.mpf(1) if i == j else sum(x * y for x, y in zip(a, b, strict=True))
                theta = mpmath.acos(rho)
                kernel[i, j] = (mpmath.sin(theta) + (mpmath.pi - theta) * rho) / (2 * mpmath.pi)
        least = min(mpmath.eigsy(kernel, eigvals_only=True))
        constant = mpmath.mpf(2) ** 2.5 * mpmath.sqrt(mpmath.gamma(2.5) / mpmath.sqrt(mpmath.pi))
        logs = mpmath.log(constant * 144 / least) * mpmath.log(12 / mpmath.mpf("0.01"))
        width = 16 / (1 - mpmath.log(2)) * 12 / least * logs
    assert StableRank().width(setting) == pytest.approx(float(width), rel=1e-9)


def test_proposition_4_2_on_orthogonal_samples():
    """Σ̃ of orthogonal rows is (½ − 1/2π)I + 11ᵀ/2π."""
    least = 0.5 - 0.5 / math.pi
    setting = setting_of(np.eye(4))
    logs = math.log(2 * math.sqrt(6) * 16 / least) * math.log(400)
    assert StableRank().width(setting) == pytest.approx(16 / (1 - math.log(2)) * 4 / least * logs)
    wide = evaluated(setting_of(np.eye(4), math.ceil(StableRank().width(setting))), StableRank())
    assert wide.hypotheses_met is True
    assert wide.promises_kept is True
    assert wide.conclusions[0].worst_ratio == pytest.approx(0.25, rel=0.2)
    narrow = evaluated(setting_of(np.eye(4), 3), StableRank())
    assert narrow.hypotheses_met is False
    assert narrow.promises_kept is False


def test_the_kernel_of_the_step_function_by_monte_carlo():
    X = draw_problem(6, 3, 2).X
    draws = 200_000
    fired = np.random.default_rng(3).standard_normal((draws, 3)) @ X.T >= 0.0
    mean = fired.T.astype(float) @ fired / draws
    standard_error = np.sqrt(mean * (1 - mean) / draws)
    assert (np.abs(step_kernel(X) - mean) < 5 * standard_error).all()


@pytest.mark.parametrize("n", [2, 5, 40])
def test_the_bound_of_proposition_4_5_holds_on_random_and_on_close_samples(n):
    rng = np.random.default_rng(n)
    shared = rng.standard_normal(6)
    close = shared + 1e-3 * rng.standard_normal((n, 6))
    for X in (draw_problem(n, 6, 2, seed=n).X, half_circle(n), close):
        unit = X / np.linalg.norm(X, axis=1, keepdims=True)
        found = evaluated(setting_of(unit), KernelBound())
        assert found.promises_kept is True
        step, relu = (one.worst_ratio for one in found.conclusions)
        assert relu <= step * (1.0 + 1e-9)  # by Schur, λ(X) is at least λmin of the step function's kernel


def test_the_bound_written_out_for_orthogonal_samples():
    """For orthogonal rows the kernel of the step function is ¼(I + 11ᵀ) with λmin = ¼, and λ(X) = ½."""
    step, relu = evaluated(setting_of(np.eye(3)), KernelBound()).conclusions
    bound = 0.0071 * math.pi / 2 / math.sqrt(math.log(6))
    assert step.worst_ratio == pytest.approx(bound / 0.25)
    assert relu.worst_ratio == pytest.approx(bound / 0.5)


def test_parallel_samples_promise_nothing():
    X = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    assert evaluated(setting_of(X), KernelBound()).vacuous
    assert evaluated(setting_of(X, 40), StableRank()).promises_kept is None
    assert evaluated(setting_of(X, 40), RankLifting()).hypotheses_met is False


def test_its_bound_stands_in_the_chain_of_the_relu():
    chain = lower_bounds_of(setting_of(np.eye(3)), theorems=[KernelBound()])
    [bound] = [rung for rung in chain.rungs if rung.name == "rank-lifting-kernel"]
    assert float(bound.value.value) == pytest.approx(0.0071 * math.pi / 2 / math.sqrt(math.log(6)))
    assert bound.below is True
    [left] = lower_bounds_of(setting_of(np.eye(3), recipe=Recipe()), theorems=[KernelBound()]).left_out
    assert "it is about the ReLU" in left.note


def test_the_widths_are_claims_about_the_output_layer_only():
    specification = Specification(recipe=Recipe(activation=ReLU()))
    found = claims(specification, 12, [6], assertions=(RankLifting(), StableRank(), KernelBound()))
    assert found.curves == ()
    assert {one.reason for one in found.left_out} == {
        "it is about training the output layer; the run trains: hidden"
    }
