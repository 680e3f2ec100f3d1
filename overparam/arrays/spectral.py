"""The largest eigenvalue of a large symmetric matrix, without the others."""

from __future__ import annotations

import numpy as np

from overparam.arrays.namespace import Array, array_namespace, dot

__all__ = ["largest_eigenvalue"]

_MOST_STEPS, _BETWEEN_CHECKS = 400, 4
_SHARE = 0.75  # share of the digits: the eigenvalue's error is of the order of the squared residual


def largest_eigenvalue(matrix: Array) -> float:
    """Return λmax of a symmetric matrix with no negative eigenvalue below −λmax, by Lanczos' method.

    Parameters
    ----------
    matrix : array, shape (n, n), or an operator
        Finite, of any namespace and device. An operator has the shape, data type, device and namespace of a
        matrix, and the product with a vector, ``matrix @ vector``.

    Returns
    -------
    float
        Accurate to rounding after some tens of products with vectors; eigvalsh needs n³ operations. The
        start vector is fixed, so the same matrix gives the same number.
    """
    xp, n = array_namespace(matrix), int(matrix.shape[0])
    start = np.random.Generator(np.random.Philox(0)).standard_normal(n)
    start /= np.linalg.norm(start)
    basis = xp.asarray(start.tolist(), dtype=matrix.dtype, device=matrix.device)[None, :]
    precision = float(xp.finfo(matrix.dtype).eps)
    diagonal, beside, found = list[float](), list[float](), 0.0
    for step in range(1, min(n, _MOST_STEPS) + 1):
        vector = matrix @ basis[-1, :]
        diagonal.append(float(dot(vector, basis[-1, :])))
        for _ in range(2):  # one pass does not give orthogonality to rounding
            vector = vector - (basis @ vector) @ basis
        length = float(xp.linalg.vector_norm(vector))
        invariant = length <= precision * max(map(abs, diagonal))
        if invariant or step % _BETWEEN_CHECKS == 0 or step == n:
            tridiagonal = np.diag(diagonal) + np.diag(beside, 1) + np.diag(beside, -1)
            values, vectors = np.linalg.eigh(tridiagonal)
            found = float(values[-1])
            if invariant or length * abs(float(vectors[-1, -1])) <= precision**_SHARE * found:
                break
        beside.append(length)
        basis = xp.concat([basis, (vector / length)[None, :]], axis=0)
    return found
