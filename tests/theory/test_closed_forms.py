"""A closed form is used only for the φ that it was written for."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from overparam.model.activations import Activation, Hermite, ReLU, Softplus
from overparam.theory import derivative_bound, feature_covariance, hermite_series, network_covariance
from overparam.theory.closed_forms import closed_form, written_for
from tests.theory.strangers import Erf, PlainErf, unit


@dataclass(frozen=True)
class Leaky(ReLU):
    """Inherits from the ReLU, but has another φ."""

    name: ClassVar[str] = "leaky"

    def value(self, z):
        return np.maximum(z, 0.0) + 0.3 * np.minimum(z, 0.0)

    def derivative(self, z):
        return np.where(z >= 0.0, 1.0, 0.3)


@dataclass(frozen=True)
class TwiceErf(Erf):
    name: ClassVar[str] = "twice-erf"

    def value(self, z):
        return 2.0 * super().value(z)

    def derivative(self, z):
        return 2.0 * super().derivative(z)


@dataclass(frozen=True)
class TwiceErfWithKernels(TwiceErf):
    name: ClassVar[str] = "twice-erf-with-kernels"

    def gaussian_kernel(self, cosine, sine):
        return 4.0 * super().gaussian_kernel(cosine, sine)

    def derivative_kernel(self, cosine, sine):
        return 4.0 * super().derivative_kernel(cosine, sine)


@dataclass(frozen=True)
class RenamedErf(Erf):
    name: ClassVar[str] = "renamed-erf"


class Template(Activation):
    """A class with one kernel for every φ that a subclass may define."""

    def derivative_kernel(self, cosine, sine):
        return 1.0 + 0.0 * cosine


@dataclass(frozen=True)
class Identity(Template):
    name: ClassVar[str] = "identity"

    def value(self, z):
        return 1.0 * z

    def derivative(self, z):
        return 1.0 + 0.0 * z


@dataclass(frozen=True)
class SteepSoftplus(Softplus):
    name: ClassVar[str] = "steep-softplus"

    def value(self, z):
        return super().value(3.0 * z)

    def derivative(self, z):
        return 3.0 * super().derivative(3.0 * z)


@dataclass(frozen=True)
class ShiftedHermite(Hermite):
    name: ClassVar[str] = "shifted-hermite"

    def value(self, z):
        return 1.0 + super().value(z)


@pytest.mark.parametrize(
    ("activation", "believed"),
    [
        (ReLU(), True),
        (Leaky(), False),
        (Erf(), True),
        (RenamedErf(), True),
        (TwiceErf(), False),
        (TwiceErfWithKernels(), True),
    ],
    ids=lambda a: getattr(a, "name", ""),
)
@pytest.mark.parametrize("derivative", [False, True])
def test_who_is_believed(activation, believed, derivative):
    assert (closed_form(activation, derivative=derivative) is not None) is believed


def test_a_template_speaks_for_those_that_fill_it_in():
    assert written_for(Identity(), "derivative_kernel")
    assert closed_form(Identity(), derivative=True) is not None


def test_inherited_kernels_of_another_function_are_not_used():
    X = unit(np.random.default_rng(0), 12, 4)
    for covariance in (network_covariance, feature_covariance):
        plain = covariance(X, PlainErf()).matrix
        for activation in (TwiceErf(), TwiceErfWithKernels()):
            np.testing.assert_allclose(covariance(X, activation).matrix, 4.0 * plain, atol=1e-14)
    # φ′ = 0.3 + 0.7·1{z ≥ 0}: E[φ′φ′] = 0.09 + 0.21 + 0.49·(π − θ)/2π.
    cosine = np.clip(X @ X.T, -1.0, 1.0)
    np.fill_diagonal(cosine, 1.0)
    expected = cosine * (0.3 + 0.49 * (np.pi - np.arccos(cosine)) / (2.0 * np.pi))
    np.testing.assert_allclose(network_covariance(X, Leaky()).matrix, expected, atol=1e-14)


def test_an_inherited_bound_is_not_declared_of_another_function():
    assert derivative_bound(Softplus()).declared
    bound = derivative_bound(SteepSoftplus())
    assert not bound.declared
    assert bound.value == pytest.approx(3.0, rel=1e-3)


def test_a_subclass_of_hermite_is_expanded_anew():
    series = hermite_series(ShiftedHermite((0.5, 0.0, 0.25)), 3)
    np.testing.assert_allclose(series.coefficients, [1.5, 0.0, 0.25, 0.0], atol=1e-15)
