"""The largest eigenvalue by Lanczos' method, compared with LAPACK's eigenvalues."""

import numpy as np
import pytest

from overparam.arrays.spectral import largest_eigenvalue
from tests.tolerances import tolerance

SPECTRA = {
    "one": [3.0],
    "identity": [1.0] * 30,
    "rank one": [5.0, *[0.0] * 40],
    "a pair at the top": [2.0, 2.0, 1.0, 0.5],
    "nearly a pair": [1.0, 1.0 - 1e-9, *np.linspace(0.0, 0.9, 50)],
    "an edge": list(np.linspace(0.0, 1.0, 200) ** 2),
    "tiny": [1e-15, 2e-16, 0.0],
    "large": [1e15, 2e14, 0.0],
}


@pytest.mark.parametrize("name", SPECTRA)
def test_it_is_lapacks(xp, dtype, name):
    values = np.array(SPECTRA[name])
    n = len(values)
    Q, _ = np.linalg.qr(np.random.default_rng(n).standard_normal((n, n)))
    matrix = (Q * values) @ Q.T
    matrix = 0.5 * (matrix + matrix.T)
    found = largest_eigenvalue(xp.asarray(matrix, dtype))
    assert type(found) is float
    assert found == pytest.approx(values.max(), rel=tolerance(dtype, "sum"))


def test_zero_is_zero():
    assert largest_eigenvalue(np.zeros((5, 5))) == 0.0
