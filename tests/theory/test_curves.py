"""Claims about widths against formulas written out here, in the settings of the claims."""

import math
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np
import pytest

from overparam.components import ComponentError
from overparam.methods import GradientDescent, LeastSquares, StochasticGradientDescent
from overparam.model.activations import ReLU, Softplus
from overparam.model.data import File, Separated
from overparam.model.initializations import Scaled, Symmetric
from overparam.model.losses import Logistic
from overparam.model.problem import draw_problem
from overparam.runs import Recipe
from overparam.studies import ParameterCount, Specification
from overparam.theory import (
    Claim,
    ClaimKind,
    Growth,
    Setting,
    builtin_claims,
    builtin_theorems,
    chosen,
    claims,
)
from tests.theory.strangers import relu_kernels

OWN = tuple(cls() for cls in (*builtin_claims(), *builtin_theorems()))
RELU = Recipe(activation=ReLU())
SOLVED = Recipe(activation=ReLU(), optimizer=LeastSquares(), layers="output")


class Point(NamedTuple):
    n: int
    d: int
    k: float | None


def found(recipe, n=12, d=(6,), **other):
    specification = Specification(
        recipe=recipe, **{key: other.pop(key) for key in ("data", "seed") & other.keys()}
    )
    answer = claims(specification, n, d, **{"assertions": OWN, **other})
    return {one.name: one for one in answer.curves}, {one.name: one.reason for one in answer.left_out}


def drawn(n, d, seed=0):
    return draw_problem(n, d, 2, seed=seed).X


@pytest.mark.parametrize(
    ("growth", "formula", "width"),
    [
        (Growth(n=2.0), "kd = c·n²", 100.0),
        (Growth(n=4.0, d=1.0), "k = c·n⁴", 160_000.0),
        (Growth(n=4.0, d=-2.0), "kd = c·n⁴/d²", 160_000.0 / 4**3),
        (Growth(n=1.5), "kd = c·n^1.5", 20.0**1.5 / 4),
        (Growth(n=1.0, log_d=4.0), "kd = c·n·log(d)⁴", 5.0 * math.log(4) ** 4),
        (Growth(n=1.0, d=1.0, log_n=2.0), "k = c·n·log(n)²", 20.0 * math.log(20) ** 2),
    ],
)
def test_growth(growth, formula, width):
    assert str(growth) == formula
    assert growth.width(20, 4) == pytest.approx(width)


def test_a_growth_beyond_the_floats_is_infinite():
    assert Growth(n=400.0).width(10, 1) == math.inf


@pytest.mark.parametrize("layers", ["hidden", "output", "both"])
def test_counting_is_the_studies_own_count(layers):
    optimizer = LeastSquares() if layers == "output" else GradientDescent()
    for initialization, pairs in ((None, True), (Symmetric(), True), (Scaled(), False)):
        given = {} if initialization is None else {"initialization": initialization}
        curves, _ = found(Recipe(layers=layers, optimizer=optimizer, **given), 30, range(1, 9))
        count = ParameterCount(layers, pairs=pairs)
        d = np.arange(1, 9)
        np.testing.assert_allclose(curves["counting"].k, 30 / count.per_unit(d))
        np.testing.assert_array_equal(curves["effective-parameters"].k, count.least_width(30, d))


def test_the_width_of_theorem_6_3_written_out():
    X = drawn(12, 6)
    least = np.linalg.eigvalsh(relu_kernels(X)[0])[0]
    width = 1152 * 200**3 * 4 * 12 * np.linalg.norm(X, 2) ** 6 / least**4
    curves, _ = found(RELU)
    assert curves["theorem-6-3"].k == pytest.approx((width,))
    assert curves["theorem-6-3"].kind == "exact"
    assert "trial 0" in curves["theorem-6-3"].note


def test_the_widths_of_theorems_2_1_and_2_3_written_out():
    """Softplus has B = 1, and the ReLU's μ² is 1/2π."""
    X = drawn(12, 6)
    product = (X[:, :, None] * X[:, None, :]).reshape(12, -1)
    smallest = np.linalg.svd(product, compute_uv=False)[-1] ** 2
    kappa = math.sqrt(6 / 12) * np.linalg.norm(X, 2) / smallest
    smooth = (32 * 3 / 0.206620964141907037**2 * kappa * 12) ** 2 / 6
    assert found(Recipe())[0]["theorem-2-1"].k == pytest.approx((smooth,))
    relu = (4 * math.pi**2 * math.sqrt(1152 * 200**3) * 2 * 12**2 / 6 * kappa**3 * smallest) ** 2 / 6
    assert found(RELU)[0]["theorem-2-3"].k == pytest.approx((relu,))


def test_the_width_of_theorem_3_2_written_out():
    least = np.linalg.eigvalsh(relu_kernels(drawn(12, 6))[1])[0]
    reach = math.sqrt(0.5) + math.sqrt(404 * math.log(12))
    curves, _ = found(SOLVED)
    width = 101 * math.log(12) * 12 * reach**2 / ((1 - math.log(2)) / 2 * least)
    assert curves["theorem-3-2"].k == pytest.approx((width,))
    assert curves["theorem-3-2-order"].k == pytest.approx((math.log(12) ** 2 * 12 / least,))
    assert curves["theorem-3-2-order"].constant is None


@pytest.mark.parametrize("recipe", [Recipe(), RELU, SOLVED], ids=["softplus", "relu", "solved"])
def test_an_exact_width_is_where_the_theorems_hypothesis_turns(recipe):
    """The width of the first hypothesis that is about the width."""
    curves, _ = found(recipe)
    problem = draw_problem(12, 6, 2)
    exact = [name for name, curve in curves.items() if curve.kind == "exact"]
    assert exact
    for theorem in (one for one in OWN if one.name in exact):
        setting = Setting(problem, recipe)
        width = next(
            h for h in theorem.hypotheses(setting, None) if "k ≥" in h.statement or "kd" in h.statement
        )
        asked = width.right**2 / 6 if "√(kd)" in width.statement else width.right
        assert curves[theorem.name].k == pytest.approx((asked,), rel=1e-12)


def test_a_claim_about_another_setting_is_left_out_with_the_reason():
    _, reasons = found(Recipe(optimizer=StochasticGradientDescent(0.1)))
    assert reasons["theorem-6-2"] == "it is about gradient descent; the optimizer is sgd"
    assert reasons["theorem-3-2"] == "it is about training the output layer; the run trains: hidden"
    assert "relu" not in found(RELU)[1]["theorem-3-2"]
    assert "it is about the ReLU" in found(Recipe())[1]["theorem-6-3"]
    assert "logistic" in found(Recipe(loss=Logistic()))[1]["theorem-2-1"]
    assert "it is about training the hidden layer" in found(Recipe(layers="both"))[1]["theorem-2-1"]
    assert "uniform data" in found(Recipe(), data=Separated(0.1))[1]["corollary-2-2"]
    assert "W₀ i.i.d. N(0, 1)" in found(Recipe(initialization=Symmetric()))[1]["theorem-6-2"]
    other = Recipe(initialization=Scaled(hidden=1.0, output=1.0))
    assert "which the initialization misses" in found(other)[1]["theorem-6-2"]
    assert found(Recipe(), 4)[1]["corollary-2-2"] == "it needs n ≥ d, which are 4 and 6"


def test_where_no_width_is_enough():
    """σmin(X∗X) is zero for n > d(d + 1)/2."""
    curves, reasons = found(Recipe(), 20, (3, 4))
    assert reasons["theorem-2-1"] == "vacuous here: no width is enough at any d"
    assert found(Recipe(), 20, (3, 8))[0]["theorem-2-1"].k[0] == math.inf
    assert math.isfinite(curves["theorem-6-2"].k[1])


def test_about_some_d_only():
    k = found(Recipe(), 6, (3, 6, 7))[0]["corollary-2-2"].k
    assert k[:2] == pytest.approx((12.0, 6.0))
    assert math.isnan(k[2])


def test_data_that_are_not_normalized(tmp_path):
    np.save(tmp_path / "X.npy", np.random.default_rng(0).standard_normal((12, 6)))
    curves, reasons = found(Recipe(), data=File(tmp_path / "X.npy", normalize=False))
    assert curves == {}
    assert set(reasons.values()) == {"claims are about samples of norm 1; this study's samples are not"}


def test_the_constant_of_an_order_claim_is_fitted_to_the_boundary():
    exact = [Point(n, d, 0.25 * n**2 / d) for n in (10, 20) for d in (4, 8)]
    curves, _ = found(Recipe(), 20, (4, 8), boundary=[*exact, Point(20, 6, None)])
    assert curves["corollary-2-2"].constant == pytest.approx(0.25)
    assert curves["corollary-2-2"].k == pytest.approx((25.0, 12.5))
    assert curves["corollary-2-2"].label.startswith("Corollary 2.2: kd = c·n² (order, fitted c = 0.25; ")
    scattered = [Point(20, 4, 0.1 * 100), Point(20, 8, 0.4 * 50)]
    assert found(Recipe(), 20, (4,), boundary=scattered)[0]["corollary-2-2"].constant == pytest.approx(0.2)
    assert found(Recipe(), 20, (4,), boundary=exact)[0]["theorem-6-2"].constant is None


def test_without_a_boundary_an_order_claim_is_a_slope():
    curve = found(Recipe(), 20, (4, 8))[0]["corollary-2-2"]
    assert curve.constant is None
    assert curve.k == (100.0, 50.0)
    assert "(order, c = 1; " in curve.label


def test_the_seed_is_the_studies():
    one, other = (found(RELU, seed=seed)[0]["theorem-6-3"].k for seed in (0, 1))
    assert one != other
    least = np.linalg.eigvalsh(relu_kernels(drawn(12, 6, 1))[0])[0]
    assert other == pytest.approx(
        (1152 * 200**3 * 4 * 12 * np.linalg.norm(drawn(12, 6, 1), 2) ** 6 / least**4,)
    )


@dataclass(frozen=True)
class Odd(Claim):
    name: ClassVar[str] = "odd"
    title: ClassVar[str] = "Odd"
    statement: ClassVar[str] = "?"
    reference: ClassVar[str] = "?"
    claimed: ClassVar[ClaimKind | None] = "exact"
    answer: float | str | None = None

    def objection(self, setting):
        return None

    def width(self, setting):
        return 1 / 0 if self.answer == 0.0 else self.answer


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (0.0, "it failed: ZeroDivisionError"),
        (-1.0, "it failed: its width must be a positive number, it is -1.0"),
        ("wide", "it failed: its width must be a positive number, it is 'wide'"),
        (math.nan, "it failed: its width must be a positive number, it is nan"),
        (None, "it says nothing at n = 12, d = 6"),
    ],
)
def test_a_claim_that_fails_is_left_out_and_the_others_are_not(answer, reason):
    curves, reasons = found(Recipe(), assertions=[Odd(answer), *OWN])
    assert reasons["odd"].startswith(reason)
    assert "theorem-6-2" in curves


def test_choosing_by_name():
    assert [one.name for one in chosen("theorem-6-2, counting", OWN)] == ["counting", "theorem-6-2"]
    assert {one.name for one in chosen("all", OWN)} >= {"theorem-2-5", "effective-parameters"}
    assert "lemma-6-4" not in {one.name for one in chosen("all", OWN)}
    for name in ("theorem-6-22", "lemma-6-4"):
        with pytest.raises(ComponentError, match="no claim about widths is called"):
            chosen(name, OWN)


def test_json_says_what_applies():
    answer = claims(Specification(recipe=Recipe(activation=Softplus())), 20, [3, 8], assertions=OWN).to_json()
    by_name = {one["name"]: one for one in answer}
    assert by_name["theorem-2-1"]["k"][0] is None
    assert by_name["theorem-2-1"]["applies"] is True
    assert by_name["theorem-6-3"]["applies"] is False
    assert {"name", "kind", "reference", "applies", "reason"} <= by_name["theorem-6-3"].keys()
