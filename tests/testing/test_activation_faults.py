"""Every check of activations fails on an activation that has only that fault."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from overparam.arrays import array_namespace
from overparam.model.activations import Activation, Softplus
from overparam.testing import Verdict
from tests.testing.faults import assert_found, names_of, result_of
from tests.theory.strangers import ShiftedReLU


@dataclass(frozen=True)
class Tanh(Activation):
    """A correct activation; the faulty activations below are derived from it."""

    name: ClassVar[str] = "tanh"

    @property
    def bound(self):
        return 1.0

    def value(self, z):
        return array_namespace(z).tanh(z)

    def derivative(self, z):
        t = array_namespace(z).tanh(z)
        return 1.0 - t * t


class WrongSlope(Tanh):
    def derivative(self, z):
        return super().derivative(z) + 1e-4


class HiddenKink(Tanh):
    def value(self, z):
        return array_namespace(z).abs(z - 0.123)

    def derivative(self, z):
        return array_namespace(z).sign(z - 0.123)


class ImaginedKink(Tanh):
    kinks = (0.5,)


class ListedKinks(Tanh):
    kinks = [0.5]  # type: ignore[assignment]  # noqa: RUF012 - the fault


class Broken(Tanh):
    """Discontinuous: φ has a jump that φ′ does not show."""

    def value(self, z):
        xp = array_namespace(z)
        return xp.tanh(z) + 1e-3 * xp.astype(z > 1.0, z.dtype)


class SmallBound(Tanh):
    @property
    def bound(self):
        return 0.99


class CurvatureAboveBound(Tanh):
    """|φ′| ≤ 1, but |φ″| reaches 4·0.77."""

    def value(self, z):
        return 0.25 * array_namespace(z).tanh(4.0 * z)

    def derivative(self, z):
        return super().derivative(4.0 * z)


class EndlessBound(Tanh):
    @property
    def bound(self):
        return float("inf")


class Overflowing(Tanh):
    """Softplus as log(1 + e^z), which overflows."""

    def value(self, z):
        xp = array_namespace(z)
        return xp.log(1.0 + xp.exp(z))

    def derivative(self, z):
        return Softplus().derivative(z)


class Swallowing(Tanh):
    """NaN becomes 0."""

    def value(self, z):
        xp = array_namespace(z)
        return xp.where(z == z, xp.tanh(z), xp.zeros_like(z))


class DoublePrecision(Tanh):
    def value(self, z):
        return array_namespace(z).tanh(z) * np.float64(1.0)


class Flattening(Tanh):
    def value(self, z):
        xp = array_namespace(z)
        return xp.reshape(xp.tanh(z), (-1,))


class NumPyOnly(Tanh):
    def value(self, z):
        return np.tanh(np.asarray(z))


class Writing(Tanh):
    def value(self, z):
        result = array_namespace(z).tanh(z)
        z += 1.0
        return result


class WrongOnTorch(Tanh):
    def value(self, z):
        xp = array_namespace(z)
        return xp.tanh(z) + (1e-3 if "torch" in xp.__name__ else 0.0)


class WrongInSinglePrecision(Tanh):
    def value(self, z):
        return array_namespace(z).tanh(z) + (1e-3 if str(z.dtype).endswith("float32") else 0.0)


class RecordsSomethingElse(Tanh):
    def value(self, z):
        xp = array_namespace(z)
        return xp.tanh(z) + (1e-3 if "symbolic" in xp.__name__ else 0.0)


class WrongKernel(Tanh):
    """The kernels of the identity."""

    def gaussian_kernel(self, cosine, sine):
        return cosine

    def derivative_kernel(self, cosine, sine):
        return 1.0 + 0.0 * cosine


class KernelInDoublePrecision(Tanh):
    """The kernel is right, but always float64."""

    def value(self, z):
        return 1.0 * z

    def derivative(self, z):
        return array_namespace(z).ones_like(z)

    def gaussian_kernel(self, cosine, sine):
        return cosine * np.float64(1.0)


class KinkElsewhere(ShiftedReLU):
    """Declares the kink of the default shift for every shift."""

    kinks = (0.7,)


class Unspellable(Tanh):
    def specification(self):
        return "tan"


class Unpicklable(Tanh):
    def __reduce__(self):
        raise TypeError("no")


FAULTS = [
    (WrongSlope(), "derivative-matches-finite-differences", "against finite differences"),
    (HiddenKink(), "kinks-are-where-it-says", "derivative(z) jumps by 1 at z = 0.123: declare it in kinks"),
    (ImaginedKink(), "kinks-are-where-it-says", "0.5 is declared a kink"),
    (ListedKinks(), "kinks-are-where-it-says", "kinks must be a tuple of numbers, got [0.5]"),
    (
        KinkElsewhere(-0.5),
        "kinks-are-where-it-says",
        "0.7 is declared a kink",
    ),
    (Broken(), "kinks-are-where-it-says", "value(z) jumps"),
    (SmallBound(), "bound-holds", "|φ′| is"),
    (CurvatureAboveBound(), "bound-holds", "|φ″| is"),
    (EndlessBound(), "bound-holds", "must be a number ≥ 0"),
    (Overflowing(), "both-tails-are-finite-and-accurate", "value(1000) is inf"),
    (WrongInSinglePrecision(), "both-tails-are-finite-and-accurate", "value in float32"),
    (Swallowing(), "nan-stays-nan", "value(nan) is 0"),
    (DoublePrecision(), "shape-and-dtype-are-kept", "value of float32 () is float64"),
    (Flattening(), "shape-and-dtype-are-kept", "value of float32 () is float32 (1,)"),
    (WrongInSinglePrecision(), "runs-on-numpy", "value on numpy in float32"),
    (Writing(), "runs-on-numpy", "writes to its argument"),
    (NumPyOnly(), "runs-on-array-api-strict", "got a ndarray"),
    (WrongOnTorch(), "runs-on-torch", "value on torch"),
    (RecordsSomethingElse(), "recordable", "value, recorded and replayed"),
    (HiddenKink(), "hermite-coefficients-match-quadrature", "plain quadrature"),
    (Broken(), "hermite-coefficients-obey-stein", "√(r+1)"),
    (WrongKernel(), "kernel-of-value-matches-series", "the kernel in closed form"),
    (WrongKernel(), "kernel-of-derivative-matches-series", "the kernel in closed form"),
    (
        KernelInDoublePrecision(),
        "kernel-of-value-matches-series",
        "the kernel of float32 arrays on numpy is float64",
    ),
    (Unspellable(), "specification-round-trips", "'tan' spells"),
    (Unpicklable(), "hashable-and-picklable", "TypeError: no"),
]


@pytest.mark.parametrize(("component", "name", "said"), FAULTS, ids=lambda x: type(x).__name__)
def test_a_planted_fault_is_found(component, name, said):
    assert_found(component, name, said)


def test_every_check_has_a_fault():
    assert names_of(Tanh()) == {name for _, name, _ in FAULTS}


@pytest.mark.parametrize(
    "activation", [Tanh(), ShiftedReLU(), ShiftedReLU(-1.3, 0.0)], ids=lambda x: x.specification()
)
@pytest.mark.parametrize("name", sorted(names_of(Tanh())))
def test_a_sound_activation_passes(activation, name):
    assert result_of(activation, name).verdict is not Verdict.FAILED


def test_what_cannot_be_recorded_is_said_not_failed():
    @dataclass(frozen=True)
    class Branching(Tanh):
        def value(self, z):
            return z if bool(array_namespace(z).all(z > 0.0)) else array_namespace(z).tanh(z)

    result = result_of(Branching(), "recordable")
    assert result.verdict is Verdict.SKIPPED
    assert "fused engines cannot run it" in result.message
