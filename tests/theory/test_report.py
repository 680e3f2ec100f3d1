"""The report of quantities: its keys, its numbers, and how it reports values that are not numbers."""

import json
import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from overparam.model.activations import Activation, Hermite, ReLU, Softplus
from overparam.theory import theory_report
from tests.theory.strangers import Tanh, unit

KEYS = {
    *("n", "d", "activation", "B", "mu", "mu_tilde", "gamma", "hermite_derivative", "hermite_value"),
    *("spectral_norm_X", "sigma_min_khatri_rao", "lambda", "lambda_error", "lambda_tilde"),
    *("lambda_tilde_error", "kappa", "kappa_tilde", "notes"),
}


@dataclass(frozen=True)
class Steep(Activation):
    """The square of φ overflows."""

    name: ClassVar[str] = "steep"
    kinks: ClassVar[tuple[float, ...]] = (0.0,)

    def value(self, z):
        return 1e300 * np.maximum(z, 0.0)

    def derivative(self, z):
        return np.where(z >= 0.0, 1e300, 0.0)


def test_keys_and_numbers():
    X = unit(np.random.default_rng(0), 30, 10)
    document = theory_report(X, Softplus(), order=3).to_json()
    assert set(document) >= KEYS
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    assert document["spectral_norm_X"] == pytest.approx(np.linalg.norm(X, 2))
    pairs = np.stack([np.kron(x, x) for x in X])
    sigma = np.linalg.svd(pairs, compute_uv=False)[29]
    assert document["sigma_min_khatri_rao"] == pytest.approx(sigma, rel=1e-9)
    kappa = math.sqrt(10 / 30) * np.linalg.norm(X, 2)
    assert document["kappa"] == pytest.approx(kappa / sigma**2, rel=1e-9)
    assert document["kappa_tilde"] == pytest.approx(kappa / document["lambda"], rel=1e-12)
    assert len(document["hermite_value"]) == len(document["hermite_derivative"]) == 4
    assert document["lambda"] >= document["mu"] ** 2 * sigma**2 - document["lambda_error"]


def test_what_is_not_a_number_is_null():
    X = unit(np.random.default_rng(0), 30, 4)
    document = theory_report(X, Hermite((0.0, 0.5, 0.0, 0.2))).to_json()
    assert document["B"] is None
    assert document["kappa"] is None
    assert document["sigma_min_khatri_rao"] == 0.0
    notes = " ".join(document["notes"])
    for remark in ("exactly zero because n = 30 > d(d+1)/2 = 10", "no finite B", "zero within its error"):
        assert remark in notes


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_noise_is_not_a_number(dtype):
    X = unit(np.random.default_rng(0), 10, 8).astype(dtype)
    X[4] = X[1]
    document = theory_report(X, Tanh()).to_json()
    assert set(document) >= KEYS
    assert document["mu"] == document["gamma"] == document["sigma_min_khatri_rao"] == 0.0
    assert document["hermite_value"][0] == document["hermite_derivative"][3] == 0.0
    assert document["kappa"] is None
    assert document["kappa_tilde"] is None
    assert abs(document["lambda"]) <= document["lambda_error"]
    notes = "\n".join(document["notes"])
    for remark in (
        "μ is zero within",
        "bounds through μ²σ²min(X∗X) are vacuous",
        "κ and bounds through σmin(X∗X) are vacuous",
        "κ̃ is vacuous",
    ):
        assert remark in notes


def test_what_overflows_is_null():
    report = theory_report(unit(np.random.default_rng(0), 5, 4), Steep())
    document = json.loads(json.dumps(report.to_json(), allow_nan=False))
    for key in ("mu", "lambda", "lambda_error", "lambda_tilde", "kappa_tilde"):
        assert document[key] is None
    assert any("λ could not be computed" in note for note in report.notes)


def test_remarks():
    X = unit(np.random.default_rng(0), 6, 4)
    assert "closed form" in theory_report(X, ReLU()).notes[0]
    assert "Hermite series to degree" in theory_report(X, Softplus()).notes[0]
    assert any("not proved" in note for note in theory_report(X, Tanh()).notes)
    with pytest.raises(ValueError, match="at least 2"):
        theory_report(X, ReLU(), order=1)
