"""Losses that are printed into the loop."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
from comparison import GD, assert_alike, run
from overparam_numba import Numba
from overparam_numba.losses import print_loss

from overparam.model.losses import Hinge, Logistic, Squared
from overparam.model.problem import draw_problem
from overparam.plugin import Loss, array_namespace
from overparam.runs import Portable


@dataclass(frozen=True)
class Huber(Loss):
    """Huber's loss, a function of f − y only."""

    name: ClassVar[str] = "huber"

    def value(self, f, y):
        xp = array_namespace(f)
        clipped = xp.clip(f - y, -0.5, 0.5)
        return clipped * (f - y) - 0.5 * clipped * clipped

    def derivative(self, f, y):
        return array_namespace(f).clip(f - y, -0.5, 0.5)

    def miss(self, f, y):
        return f - y

    def scale(self, y):
        return float(np.linalg.norm(y))


@dataclass(frozen=True)
class Damped(Huber):
    """A loss whose derivative depends on f − y and also on f."""

    name: ClassVar[str] = "damped"

    def derivative(self, f, y):
        return f - y + 0.1 * f


@dataclass(frozen=True)
class Backwards(Huber):
    """Uses y − f instead of f − y."""

    name: ClassVar[str] = "backwards"

    def derivative(self, f, y):
        return -1.0 * (y - f)


@pytest.mark.parametrize(
    ("loss", "alone"),
    [
        (Squared(), True),
        (Huber(), True),
        (Damped(), False),
        (Backwards(), False),
        (Logistic(), False),
        (Hinge(), False),
    ],
    ids=lambda x: getattr(x, "name", str(x)),
)
def test_what_depends_on_the_difference_alone_starts_at_the_labels(loss, alone):
    assert (print_loss(loss)["origin"] == "negative(labels)") is alone


def test_the_squared_loss_takes_no_instruction():
    printed = print_loss(Squared())
    assert printed["loss_of_outputs"] == ""
    assert printed["derivative"] == printed["miss"] == "outputs"


@pytest.mark.parametrize("loss", [Huber(), Damped(), Backwards()], ids=lambda x: x.name)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_equals_portable(loss, dtype):
    problems = [draw_problem(33, d, k) for k, d in [(3, 5), (10, 13)]]
    settings = {"loss": loss, "optimizer": GD, "dtype": dtype}
    assert_alike(run(Numba(), problems, **settings), run(Portable(), problems, **settings), dtype)
