"""The theory accepts names of components, as ``overparam.train`` does."""

import numpy as np
import pytest

import overparam as op
from overparam import theory
from overparam.methods import GradientDescent
from overparam.model.activations import ReLU
from overparam.model.data import Sphere
from overparam.runs import Recipe, StopRule
from overparam.theory import certificate_of


def test_a_certificate_by_names_is_that_of_the_components():
    p = op.draw_problem(n=8, d=5, k=12)
    named = theory.certify(
        p,
        activation="relu",
        optimizer="gd:step_size=theorem",
        max_iterations=30,
        tolerance=1e-2,
        data="sphere",
    )
    recipe = Recipe(
        activation=ReLU(), optimizer=GradientDescent("theorem"), stop=StopRule(30, 1e-2), dtype="float64"
    )
    built = certificate_of(p, recipe, data=Sphere())
    assert named.setting.recipe == recipe
    ours = [
        one
        for one in named.to_json()["theorems"]
        if one["name"] in {e.theorem.title for e in built.evaluated}
    ]
    assert ours == [one for one in built.to_json()["theorems"] if one["applies"]]


def test_it_trains_as_train_does():
    p = op.draw_problem(n=8, d=5, k=12)
    p = op.Problem(p.X, np.sign(p.y), p.W0, p.v, key=p.key)
    options = {"loss": "hinge", "layers": "both", "max_iterations": 50}
    outcome, run = op.train(p, **options, engine="portable"), theory.certify(p, **options).run.outcome
    assert (run.status, run.iterations) == (outcome.status, outcome.iterations)
    np.testing.assert_array_equal(run.W, outcome.W)


def test_a_report_by_name_is_that_of_the_activation():
    X = op.draw_problem(n=6, d=4, k=2).X
    assert theory.theory_report(X, "relu").to_json() == theory.theory_report(X, ReLU()).to_json()


def test_a_wrong_name_says_what_was_meant():
    p = op.draw_problem(n=4, d=3, k=4)
    with pytest.raises(ValueError, match="did you mean 'relu'"):
        theory.certify(p, activation="rellu")
    with pytest.raises(ValueError, match="did you mean 'softplus'"):
        theory.theory_report(p.X, "softpluss")
