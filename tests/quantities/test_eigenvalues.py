"""Both ends of a spectrum, against known eigenvalues and against eigvalsh."""

import math

import numpy as np
import pytest

from overparam.arrays.backends import NumPy
from overparam.quantities import eigenvalues
from overparam.quantities.eigenvalues import extreme_eigenvalues

EPS = float(np.finfo(np.float64).eps)


def with_spectrum(values, seed=0):
    Q = np.linalg.qr(np.random.default_rng(seed).standard_normal((len(values), len(values))))[0]
    A = (Q * values) @ Q.T
    return 0.5 * (A + A.T)


SPECTRA = {
    "one apart": np.r_[0.1, np.linspace(1.0, 3.0, 199)],
    "a cluster at the end": np.r_[0.1 + 1e-9 * np.arange(100), np.linspace(1.0, 3.0, 100)],
    "a dense edge": np.linspace(1.0, 1.5, 200) ** 8,
    "one far above": np.r_[np.linspace(0.01, 0.02, 199), 1e3],
    "singular": np.r_[np.zeros(3), np.linspace(0.5, 3.0, 197)],
    "nearly singular": np.r_[1e-14, 1e-13, np.geomspace(1e-12, 1.0, 198)],
    "indefinite": np.r_[-0.25, np.linspace(0.5, 3.0, 199)],
    "all equal": np.full(200, 0.7),
    "one": np.array([0.3]),
}


@pytest.mark.parametrize("kind", SPECTRA)
def test_known_spectra(kind, dtype):
    check(SPECTRA[kind], NumPy(), dtype)


def test_in_every_library(xp, dtype):
    check(SPECTRA["one far above"], xp, dtype)


def check(values, xp, dtype):
    A = with_spectrum(values).astype(dtype)
    found = extreme_eigenvalues(given := xp.asarray(A, dtype))
    unit = float(np.finfo(dtype).eps) * math.sqrt(len(A)) * np.abs(values).max()
    # A has these eigenvalues up to the rounding errors of its construction.
    assert abs(found.smallest.value - values.min()) <= found.smallest.error + unit
    assert found.smallest.error <= 20.0 * unit
    assert 0.8 * np.abs(values).max() <= found.largest <= (1.0 + 1e-5) * np.abs(values).max()
    assert np.array_equal(xp.to_numpy(given), A)


@pytest.mark.parametrize("seed", range(20))
def test_within_its_error_of_all_eigenvalues(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 400))
    B = rng.standard_normal((n, int(rng.integers(1, 2 * n)))) * 10.0 ** rng.uniform(-3, 3)
    A = B @ B.T
    A = 0.5 * (A + A.T)
    found, all_of_them = extreme_eigenvalues(A), np.linalg.eigvalsh(A)
    solver = EPS * math.sqrt(n) * all_of_them[-1]
    assert abs(found.smallest.value - all_of_them[0]) <= found.smallest.error + solver
    assert found.smallest.error <= 20.0 * solver


def test_the_matrix_is_as_it_was_after_an_error(monkeypatch):
    A = with_spectrum(SPECTRA["one apart"])
    before = A.copy()

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(eigenvalues._Solver, "_solution", interrupted)
    with pytest.raises(KeyboardInterrupt):
        extreme_eigenvalues(A)
    assert np.array_equal(A, before)


def test_zero_and_what_is_no_number():
    assert extreme_eigenvalues(np.zeros((4, 4))).smallest.error == 0.0
    unknown = extreme_eigenvalues(np.full((4, 4), math.nan)).smallest
    assert math.isnan(unknown.value)
    assert unknown.error == math.inf
