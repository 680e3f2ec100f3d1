"""Losses against closed forms and PyTorch, on every array library; success; labels that they refuse."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from overparam.model.losses import Hinge, Logistic, Squared, tolerated_fraction
from overparam.runs import Recipe, Status, StopRule

F = np.array([-800.0, -30.0, -1.0, -0.3, -1e-9, 0.0, 1e-9, 0.7, 1.0, 1.5, 40.0, 800.0])


@pytest.mark.parametrize("loss", [Logistic(), Hinge()], ids=lambda loss: loss.name)
@pytest.mark.parametrize("sign", [-1.0, 1.0])
def test_values_and_derivatives_are_autodiffs(loss, sign):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    f, y = torch.tensor(F, requires_grad=True), torch.full((F.size,), sign, dtype=torch.float64)
    if isinstance(loss, Logistic):
        value = torch.logaddexp(torch.zeros_like(f), -y * f)
    else:
        value = torch.clamp(1.0 - y * f, min=0.0)
    value.sum().backward()
    labels = np.full(F.size, sign)
    np.testing.assert_allclose(loss.value(F, labels), value.detach().numpy(), rtol=1e-12, atol=1e-300)
    away = np.abs(sign * F - 1.0) > 1e-6 if isinstance(loss, Hinge) else np.full(F.shape, True)
    np.testing.assert_allclose(
        loss.derivative(F, labels)[away], f.grad.numpy()[away], rtol=1e-12, atol=1e-300
    )


@pytest.mark.parametrize("loss", [Squared(), Logistic(), Hinge()], ids=lambda loss: loss.name)
def test_every_library_gives_numpys_numbers(loss, xp, dtype):
    y = np.where(np.arange(F.size) % 2 == 0, 1.0, -1.0)
    for of in (loss.value, loss.derivative, loss.miss):
        found = xp.to_numpy(of(xp.asarray(F, dtype), xp.asarray(y, dtype)))
        assert found.dtype == np.dtype(dtype)
        rounded = F.astype(dtype).astype(np.float64)
        allowed = 2e-6 if dtype == "float32" else 1e-14
        np.testing.assert_allclose(found, of(rounded, y), rtol=allowed, atol=1e-30)


@given(wrong=st.integers(0, 40), n=st.integers(1, 40), tolerated=st.integers(0, 40))
def test_as_many_may_be_wrong_as_the_tolerance_is_a_fraction_of(wrong, n, tolerated):
    wrong, tolerated = min(wrong, n), min(tolerated, n)
    total = wrong / math.sqrt(n) ** 2
    assert (total < tolerated_fraction(tolerated / n, n)) == (wrong <= tolerated)


@pytest.mark.parametrize("loss", [Logistic(), Hinge()], ids=lambda loss: loss.name)
@pytest.mark.parametrize("y", [[1.0, -1.0, 0.5], [0.0, 1.0, 1.0], [1.0, math.nan, 1.0], [2.0, -2.0, 2.0]])
def test_other_labels_are_refused(loss, y):
    with pytest.raises(ValueError, match="needs labels −1 and \\+1"):
        loss.scale(np.array(y))


def test_the_measure_and_its_bounds():
    squared = Recipe(stop=StopRule(10, 0.1))
    assert squared.measure(0.04) == pytest.approx(0.2)
    bounds = squared.bounds(50)
    assert bounds.low == pytest.approx(0.01)
    assert bounds.status(0.0099) is Status.CONVERGED
    assert bounds.status(0.0101) is None
    assert bounds.status(1.1e16) is Status.DIVERGED
    assert bounds.status(math.nan) is Status.DIVERGED
    hinge = Recipe(loss=Hinge(), stop=StopRule(10, 0.1))
    assert hinge.measure(0.04) == 0.04
    assert hinge.bounds(50).status(5 / 50) is Status.CONVERGED
    assert hinge.bounds(50).status(6 / 50) is None


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_tolerance_whose_square_underflows_asks_for_an_exact_fit(dtype):
    bounds = Recipe(stop=StopRule(10, 1e-200), dtype=dtype).bounds(5)
    assert bounds.status(0.0) is Status.CONVERGED
    assert bounds.status(1e-30) is None
