"""Every check of losses fails on a loss that has only that fault."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from overparam.model.losses import Hinge, Logistic, Squared
from overparam.testing import Verdict
from tests.testing.faults import assert_found, names_of, result_of

OF_EVERY_COMPONENT = {"specification-round-trips", "hashable-and-picklable"}


class WrongSlope(Squared):
    def derivative(self, f, y):
        return 1.001 * (f - y)


class NoScale(Squared):
    def scale(self, y):
        return 0.0


class NumPyScale(Squared):
    def scale(self, y):
        return np.float32(1.0)


class OddExponent(Squared):
    exponent: ClassVar[int] = 3


class MissesTheBest(Squared):
    def miss(self, f, y):
        return f - 2.0 * y


class Forgiving(Squared):
    """Counts outputs that are not finite as exact, so a diverged run would seem successful."""

    def miss(self, f, y):
        return np.nan_to_num(f - y, nan=0.0, posinf=0.0, neginf=0.0)


@dataclass(frozen=True)
class Remembering(Squared):
    """The recorded program differs from the computed function."""

    def miss(self, f, y):
        return f - y if isinstance(f, np.ndarray) else 2.0 * (f - y)


class Uphill(Squared):
    def derivative(self, f, y):
        return y - f


class NumPyOnly(Squared):
    def value(self, f, y):
        return np.square(np.asarray(f) - np.asarray(y)) * 0.5


class DoublePrecision(Squared):
    def miss(self, f, y):
        return (f - y) * np.float64(1.0) if isinstance(f, np.ndarray) else f - y


class OffOnTorch(Squared):
    def miss(self, f, y):
        return f - y + (0.1 if type(f).__module__.startswith("torch") else 0.0)


FAULTS = [
    (WrongSlope(), "derivative-matches-finite-differences", "∂ℓ/∂f against finite differences"),
    (NoScale(), "scale-is-positive", "scale is 0.0"),
    (NumPyScale(), "scale-is-positive", "must be a positive number"),
    (OddExponent(), "scale-is-positive", "exponent is 3"),
    (MissesTheBest(), "no-miss-where-the-loss-is-least", "the loss is least, but the miss is"),
    (Forgiving(), "misses-of-what-is-not-finite-are-not-finite", "a diverged training run must be noticed"),
    (Remembering(), "recordable", "miss, recorded and replayed"),
    (Uphill(), "a-training-run-lowers-it", "60 updates of gradient descent change"),
    (DoublePrecision(), "runs-on-numpy", "the miss of float32 arrays on numpy is float64"),
    (NumPyOnly(), "runs-on-array-api-strict", "got a ndarray"),
    (OffOnTorch(), "runs-on-torch", "the miss on torch in float32"),
]


@pytest.mark.parametrize(("component", "name", "said"), FAULTS, ids=lambda x: type(x).__name__)
def test_a_planted_fault_is_found(component, name, said):
    if name == "runs-on-torch":
        pytest.importorskip("torch")
    assert_found(component, name, said)


def test_every_check_has_a_fault():
    assert names_of(Squared()) - OF_EVERY_COMPONENT == {name for _, name, _ in FAULTS}


@pytest.mark.parametrize("loss", [Squared(), Logistic(), Hinge()], ids=lambda loss: loss.name)
@pytest.mark.parametrize("name", sorted(names_of(Squared())))
def test_the_built_in_losses_pass(loss, name):
    assert result_of(loss, name).verdict is not Verdict.FAILED
