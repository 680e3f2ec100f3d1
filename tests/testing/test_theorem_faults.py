"""Every check of theorems fails on a theorem that has only that fault."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from overparam.methods import Layers
from overparam.model.losses import Loss
from overparam.testing import Verdict, checks_for, conformance, run_check
from overparam.theory import Claim, ClaimKind, Conclusion, Growth, Theorem, builtin_claims, builtin_theorems
from tests.testing.faults import assert_found
from tests.theory.faulty import Faulty

test_the_papers_theorems_conform = conformance(*(cls() for cls in builtin_theorems()))
test_the_papers_claims_conform = conformance(*(cls() for cls in builtin_claims()))


@pytest.mark.parametrize(
    "method", ["objection", "hypotheses", "conclusions", "residual_bound", "probability"]
)
@pytest.mark.parametrize("fault", [ValueError, SystemExit])
def test_one_that_raises(method, fault):
    assert_found(
        Faulty(method, fault),
        "is-evaluated-on-gradient-descent",
        f"{method} raised {fault.__name__}: told to",
    )


def test_one_whose_verdict_is_no_verdict():
    found = [Conclusion("x", 1.0, None, math.nan)]
    assert_found(Faulty("conclusions", found), "is-evaluated-on-one-sample", "holds must be True")


@dataclass(frozen=True)
class Speechless(Theorem):
    name: ClassVar[str] = "speechless"
    title: ClassVar[str] = "Speechless theorem"
    statement: ClassVar[str] = ""
    reference: ClassVar[str] = "nowhere"

    def objection(self, setting):
        return None

    def conclusions(self, setting, run):
        return []


@dataclass(frozen=True)
class Divides(Speechless):
    """It divides by ‖v‖ without a check that v ≠ 0."""

    name: ClassVar[str] = "divides"
    statement: ClassVar[str] = "W moves."

    def conclusions(self, setting, run):
        return [Conclusion("1/‖v‖", 1.0 / setting.v_norm, None, None)]


def test_one_that_says_nothing():
    assert_found(Speechless(), "says-what-it-is", "statement must be a text")


def test_a_corner_that_a_theorem_forgets():
    failed = {check.name for check in checks_for(Divides()) if run_check(check).verdict is Verdict.FAILED}
    assert failed == {"is-evaluated-on-one-unit-whose-v-is-zero"}


def test_numpy_answers_pass():
    sound = Faulty("conclusions", (Conclusion("x", np.float64(1.0), np.int64(0), np.bool_(True)),))
    results = [run_check(check) for check in checks_for(sound) if check.name.startswith("is-evaluated")]
    assert {result.verdict for result in results} == {Verdict.PASSED, Verdict.SKIPPED}
    reasons = {result.message for result in results if result.verdict is Verdict.SKIPPED}
    assert all("it is about" in reason for reason in reasons)


@dataclass(frozen=True)
class Assumes(Speechless):
    """It allows any loss and any layers, but requires that a run makes updates of W."""

    name: ClassVar[str] = "assumes"
    statement: ClassVar[str] = "W moves."
    loss: ClassVar[type[Loss] | None] = None
    layers: ClassVar[Layers | None] = None

    def conclusions(self, setting, run):
        return [Conclusion("distance", run.distance[1] / setting.label_norm, None, None)]


def test_settings_without_updates_of_the_hidden_layer():
    failed = {check.name for check in checks_for(Assumes()) if run_check(check).verdict is Verdict.FAILED}
    assert failed == {"is-evaluated-on-no-updates", "is-evaluated-on-a-direct-solver"}


WIDTH = "states-a-width-of-its-kind"


@dataclass(frozen=True)
class Plain(Claim):
    name: ClassVar[str] = "plain"
    title: ClassVar[str] = "Plain"
    statement: ClassVar[str] = "Wide is wide enough."
    reference: ClassVar[str] = "nowhere"
    claimed: ClassVar[ClaimKind | None] = "exact"
    formula: ClassVar[str] = "k = 7"

    def objection(self, setting):
        return None

    def width(self, setting):
        return 7.0


@pytest.mark.parametrize(("sound", "verdict"), [(Plain(), Verdict.PASSED), (Divides(), Verdict.SKIPPED)])
def test_a_claim_that_conforms_and_a_theorem_without_a_width(sound, verdict):
    assert [run_check(check).verdict for check in checks_for(sound) if check.name == WIDTH] == [verdict]


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"claimed": None}, "claimed must name the kind of the claim"),
        ({"claimed": "guess"}, "claimed must be one of exact, order, existence, conjecture, got 'guess'"),
        ({"formula": ""}, "it needs a formula, or a growth"),
        ({"growth": Growth(n=2.0)}, "only an order claim has a growth"),
        ({"width": lambda self, setting: -1.0}, "it failed: its width must be a positive number, it is -1.0"),
        ({"width": lambda self, setting: 1 / 0}, "it failed: ZeroDivisionError"),
        ({"objection": lambda self, setting: setting.nothing}, "it failed: AttributeError"),
    ],
    ids=["no-kind", "kind", "formula", "growth", "negative", "raises", "objection"],
)
def test_claims_with_a_fault(parts, said):
    assert_found(type("Broken", (Plain,), parts)(), WIDTH, said)
