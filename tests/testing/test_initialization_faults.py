"""Every check of initializations fails on an initialization that has only that fault."""

from dataclasses import dataclass

import numpy as np
import pytest

from overparam.model.initializations import Paper, Scaled, Symmetric, Weights
from overparam.testing import Verdict
from tests.testing.faults import assert_found, names_of, result_of

OF_EVERY_COMPONENT = {"specification-round-trips", "hashable-and-picklable"}


class Transposed(Paper):
    def draw(self, n, k, d, y, rng):
        W, v = super().draw(n, k, d, y, rng)
        return Weights(W.T.copy(), v)


class Single(Paper):
    def draw(self, n, k, d, y, rng):
        W, v = super().draw(n, k, d, y, rng)
        return Weights(W, v.astype(np.float32))


class Endless(Paper):
    def draw(self, n, k, d, y, rng):
        W, v = super().draw(n, k, d, y, rng)
        return Weights(W, v / 0.0)


class GloballyRandom(Paper):
    def draw(self, n, k, d, y, rng):
        return Weights(np.random.standard_normal((k, d)), super().draw(n, k, d, y, rng).v)


class Writes(Paper):
    def draw(self, n, k, d, y, rng):
        y /= np.linalg.norm(y)
        return super().draw(n, k, d, y, rng)


@dataclass(frozen=True)
class Uniform(Paper):
    """Mean 0 and variance 1, but not Gaussian, although it inherits the declaration that it is."""

    def draw(self, n, k, d, y, rng):
        return Weights(rng.uniform(-(3.0**0.5), 3.0**0.5, (k, d)), super().draw(n, k, d, y, rng).v)


class Pairs(Paper):
    """Gaussian entries, but every second unit is a copy."""

    def draw(self, n, k, d, y, rng):
        W, v = super().draw(n, k, d, y, rng)
        return Weights(np.repeat(W, 2, axis=0)[:k], v)


FAULTS = [
    (Transposed(), "shapes-and-values", "W at n=10, k=6, d=3 must be a float64 array of shape (6, 3)"),
    (Single(), "shapes-and-values", "it is float32"),
    (Endless(), "shapes-and-values", "not finite"),
    (GloballyRandom(), "deterministic-and-random-only-by-its-generator", "take all randomness from rng"),
    (Writes(), "leaves-the-labels-as-they-are", "read-only"),
    (Uniform(), "declared-standard-gaussian-holds", "E[w⁴] is 1.79"),
    (Pairs(), "declared-standard-gaussian-holds", "E[ww′] of neighbouring units"),
]


@pytest.mark.filterwarnings("ignore:divide by zero:RuntimeWarning")
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
@pytest.mark.parametrize(("component", "name", "said"), FAULTS, ids=lambda x: type(x).__name__)
def test_a_planted_fault_is_found(component, name, said):
    assert_found(component, name, said)


def test_every_check_has_a_fault():
    assert names_of(Paper()) - OF_EVERY_COMPONENT == {name for _, name, _ in FAULTS}


@pytest.mark.parametrize("initialization", [Paper(), Scaled(hidden=2.0), Symmetric()], ids=lambda x: x.name)
@pytest.mark.parametrize("name", sorted(names_of(Paper())))
def test_the_built_in_ones_pass(initialization, name):
    assert result_of(initialization, name).verdict is not Verdict.FAILED
