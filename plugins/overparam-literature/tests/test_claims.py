"""The curves of other papers: their growth laws, and the settings to which they apply."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
from overparam_literature import hooks

from overparam.model.data import Rademacher, Separated
from overparam.model.initializations import Scaled
from overparam.plugin import Activation, GradientDescent, Recipe, ReLU, StochasticGradientDescent
from overparam.studies import Specification
from overparam.theory import claims

OURS = [cls() for cls in hooks.overparam_claims()]
SGD = StochasticGradientDescent(0.1)


@dataclass(frozen=True)
class ArcTangent(Activation):
    name: ClassVar[str] = "arc-tangent"

    def value(self, z):
        return np.arctan(z)

    def derivative(self, z):
        return 1.0 / (1.0 + z * z)


def about(recipe, n=20, d=(4, 5), **other):
    found = claims(Specification(recipe=recipe, **other), n, d, assertions=OURS)
    return {one.name: one.k for one in found.curves}, {one.name: one.reason for one in found.left_out}


def test_gradient_descent_on_the_hidden_layer():
    """The widths at n = 20 and d = 4, 5, with every constant equal to 1."""
    curves, _ = about(Recipe(activation=ReLU()))
    assert curves == {
        "du-relu": pytest.approx((20.0**6,) * 2),
        "song-yang": pytest.approx((400.0,) * 2),
        "montanari-zhong": pytest.approx((5.0, 4.0)),
        "bubeck": (20.0, 16.0),
    }
    assert about(Recipe(activation=ReLU()), n=21)[0]["bubeck"] == (24.0, 20.0)
    assert about(Recipe())[0] == {
        "du-smooth": pytest.approx((20.0**4,) * 2),
        "montanari-zhong": pytest.approx((5.0, 4.0)),
    }


def test_both_layers():
    lecun = Scaled(hidden=0.5)
    recipe = Recipe(activation=ArcTangent(), layers="both", initialization=lecun)
    curves, reasons = about(recipe, d=(4,))
    assert curves == {
        "song-subquadratic": pytest.approx((20.0**1.5 / 4,)),
        "nguyen-mondelli": pytest.approx((400.0,)),
    }
    assert "the run trains: both" in reasons["du-relu"]
    assert "here it is 2.2" in about(recipe, d=(9,))[1]["nguyen-mondelli"]
    assert "φ(0) = 0; softplus has 0.693" in about(Recipe(layers="both"))[1]["song-subquadratic"]


def test_sgd_with_signs():
    curves, _ = about(Recipe(optimizer=SGD), labels=Rademacher())
    assert curves["daniely"] == pytest.approx((5.0, 4.0))
    assert "labels ±1" in about(Recipe(optimizer=SGD))[1]["daniely"]
    assert "stochastic" in about(Recipe(optimizer=GradientDescent()), labels=Rademacher())[1]["daniely"]
    assert "isotropic" in about(Recipe(optimizer=SGD), labels=Rademacher(), data=Separated(0.1))[1]["daniely"]


def test_kinds():
    assert {one.name: one.claimed for one in OURS if one.claimed != "order"} == {"bubeck": "existence"}
    assert all(one.growth is not None for one in OURS if one.claimed == "order")
