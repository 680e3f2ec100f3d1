"""Every check of data generators and labels fails on a component that has only that fault."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from overparam.model.data import Dataset, Gaussian, Separated, Sphere
from overparam.testing import Verdict
from tests.testing.faults import assert_found, names_of, result_of


class Transposed(Sphere):
    def draw(self, n, d, rng):
        return Dataset(super().draw(d, n, rng).X)


class SinglePrecision(Sphere):
    def draw(self, n, d, rng):
        return Dataset(super().draw(n, d, rng).X.astype(np.float32))


class NotFinite(Sphere):
    def draw(self, n, d, rng):
        X = super().draw(n, d, rng).X
        X[0, 0] = np.nan
        return Dataset(X)


class ShortLabels(Sphere):
    def draw(self, n, d, rng):
        return Dataset(super().draw(n, d, rng).X, np.ones(n + 1))


class LongRows(Sphere):
    def draw(self, n, d, rng):
        return Dataset(1.001 * super().draw(n, d, rng).X)


class GloballyRandom(Sphere):
    def draw(self, n, d, rng):
        X = np.random.standard_normal((n, d))
        return Dataset(X / np.linalg.norm(X, axis=1, keepdims=True))


@dataclass(frozen=True)
class Unseparated(Sphere):
    """Declares a separation that uniform points do not have."""

    name: ClassVar[str] = "unseparated"
    delta: float = 0.9


@dataclass(frozen=True)
class Table(Sphere):
    """A table of five rows that returns any number of rows."""

    name: ClassVar[str] = "table"

    def shape(self):
        return 5, 3


class Refusing(Sphere):
    def draw(self, n, d, rng):
        raise ValueError("never")


class Column(Gaussian):
    def draw(self, dataset, rng):
        return super().draw(dataset, rng)[:, None]


class Zero(Gaussian):
    def draw(self, dataset, rng):
        return 0.0 * super().draw(dataset, rng)


class Scaling(Gaussian):
    def draw(self, dataset, rng):
        dataset.X[:] *= 2.0
        return super().draw(dataset, rng)


class GlobalLabels(Gaussian):
    def draw(self, dataset, rng):
        return np.random.standard_normal(dataset.X.shape[0])


class Flipping(Gaussian):
    """Labels that depend on the number of earlier calls."""

    def draw(self, dataset, rng):
        CALLS.append(1)
        return super().draw(dataset, rng) * (-1.0) ** len(CALLS)


class Tiny(Gaussian):
    """Labels whose squares underflow to 0: no relative residual exists."""

    def draw(self, dataset, rng):
        return super().draw(dataset, rng) * 1e-200


CALLS: list[int] = []
DATA = [
    (Transposed(), "shape-is-what-was-asked", "X must be a float64 array of shape (1, 2)"),
    (SinglePrecision(), "shape-is-what-was-asked", "it is float32"),
    (NotFinite(), "shape-is-what-was-asked", "not finite"),
    (ShortLabels(), "shape-is-what-was-asked", "y must be"),
    (Refusing(), "shape-is-what-was-asked", "it draws none of these: n=1, d=2: never"),
    (LongRows(), "rows-are-unit-vectors", "has norm 1 ± 0.001"),
    (GloballyRandom(), "deterministic-and-random-only-by-its-generator", "take all randomness from rng"),
    (Unseparated(), "declared-separation-holds", "delta is 0.9"),
    (Table(), "other-shapes-are-refused", "its only shape is (5, 3), but it draws n=6"),
]
LABELS = [
    (Column(), "shape-and-values", "y at n=15, d=4 must be a float64 array of shape (15,)"),
    (Zero(), "shape-and-values", "all labels are 0"),
    (Scaling(), "leaves-the-data-as-they-are", "draw writes to the data"),
    (Flipping(), "a-training-run-fits-them", "two draws of one trial differ"),
    (Tiny(), "a-training-run-fits-them", "it raised"),
    (GlobalLabels(), "deterministic-and-random-only-by-its-generator", "take all randomness from rng"),
]
OF_EVERY_COMPONENT = {"specification-round-trips", "hashable-and-picklable"}


@pytest.mark.parametrize(("component", "name", "said"), [*DATA, *LABELS], ids=lambda x: type(x).__name__)
def test_a_planted_fault_is_found(component, name, said):
    assert_found(component, name, said)


@pytest.mark.parametrize(("sound", "faults"), [(Separated(0.3), DATA), (Gaussian(), LABELS)])
def test_every_check_has_a_fault(sound, faults):
    assert names_of(sound) - OF_EVERY_COMPONENT == {name for _, name, _ in faults}


def test_rows_that_are_not_normalized_on_purpose_are_skipped():
    @dataclass(frozen=True)
    class Raw(LongRows):
        name: ClassVar[str] = "raw"
        normalize: bool = False

    assert result_of(Raw(), "rows-are-unit-vectors").verdict is Verdict.SKIPPED
