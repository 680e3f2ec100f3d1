"""A theorem that raises or returns a wrong value is named and set aside; the others are evaluated."""

import json
import math
from typing import Any

import numpy as np
import pytest

from overparam.methods import GradientDescent
from overparam.model.activations import Softplus
from overparam.model.problem import draw_problem
from overparam.runs import StopRule
from overparam.theory import Conclusion, Hypothesis, certificate_of
from tests.theory.faulty import Faulty
from tests.theory.recipes import recipe_of

METHODS = ("objection", "hypotheses", "conclusions", "residual_bound", "probability")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("fault", [RuntimeError, ZeroDivisionError, SystemExit, GeneratorExit])
def test_a_theorem_that_raises_is_named_and_set_aside(method, fault):
    origins = {Faulty: "overparam-stranger"}
    p = draw_problem(n=6, d=4, k=8)
    good = Faulty(method="none")
    certificate = certificate_of(
        p,
        recipe_of(Softplus(), GradientDescent(0.1), StopRule(2)),
        theorems=[Faulty(method, fault), good],
        origins=origins,
    )
    [failed] = certificate.failed
    assert (failed.name, failed.component, failed.origin) == (
        "Faulty theorem",
        "faulty",
        "overparam-stranger",
    )
    assert failed.reason == f"{method} raised {fault.__name__}: told to"
    [kept] = certificate.evaluated
    assert kept.theorem is good
    assert json.loads(json.dumps(certificate.to_json()))["failed"] == [
        {
            "name": "Faulty theorem",
            "component": "faulty",
            "distribution": "overparam-stranger",
            "reason": failed.reason,
        }
    ]


def test_an_interrupt_is_not_caught():
    with pytest.raises(KeyboardInterrupt):
        certificate_of(
            draw_problem(n=4, d=2, k=4),
            recipe_of(Softplus(), GradientDescent(0.1), StopRule(2)),
            theorems=[Faulty("conclusions", KeyboardInterrupt)],
        )


TEXT: Any = "1"
NUMBER: Any = 3.5
NAN: Any = math.nan


@pytest.mark.parametrize(
    ("method", "answer", "said"),
    [
        ("objection", True, "objection must return None or a sentence"),
        ("objection", "", "objection must return None or a sentence"),
        ("hypotheses", None, "hypotheses must return a list of Hypothesis"),
        ("hypotheses", [Conclusion("x", 1.0, None, True)], "hypotheses must return a list of Hypothesis"),
        ("hypotheses", [Hypothesis("x", TEXT, 2.0, True)], "left must be a number"),
        ("conclusions", "no", "conclusions must return a list of Conclusion"),
        ("conclusions", [Conclusion("x", 1.0, None, NAN)], "holds must be True, False or None"),
        ("conclusions", [Conclusion("x", 1.0, NUMBER, True)], "at_iteration must be a whole number"),
        ("conclusions", [Conclusion(NUMBER, 1.0, None, True)], "statement must be a text"),
        ("residual_bound", np.ones(1), "residual_bound must return None or 3 numbers"),
        ("probability", "0.9", "probability must be a number"),
    ],
)
def test_a_theorem_that_returns_the_wrong_thing_is_named(method, answer, said):
    p = draw_problem(n=6, d=4, k=8)
    certificate = certificate_of(
        p, recipe_of(Softplus(), GradientDescent(0.1), StopRule(2)), theorems=[Faulty(method, answer)]
    )
    assert certificate.evaluated == ()
    [failed] = certificate.failed
    assert said in failed.reason
    assert failed.origin == "tests.theory.faulty"


def test_numpy_scalars_are_numbers():
    found = [Conclusion("x", np.float32(0.5), np.int64(3), np.bool_(True))]
    certificate = certificate_of(
        draw_problem(n=6, d=4, k=8),
        recipe_of(Softplus(), GradientDescent(0.1), StopRule(2)),
        theorems=[Faulty("conclusions", found)],
    )
    [one] = json.loads(json.dumps(certificate.to_json()))["theorems"]
    assert one["conclusions"][0]["holds"] is True
    assert one["promises_kept"] is True
    assert one["applies"] is True
