"""Both ends of the spectrum of a large symmetric matrix, without memory beyond that matrix.

Lanczos steps with (A − σI)⁻¹ give a Rayleigh quotient θ above the smallest eigenvalue λ. Cholesky factors
give lower bounds: A − σI has one only if λ > σ. σ is raised towards θ until the two meet. The factor
overwrites the blocks below the diagonal; the blocks above it still hold A, from which the lower ones are
restored.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from overparam.arrays import Array, array_namespace
from overparam.quantities.correlations import identity, precision
from overparam.quantities.gaussian import Estimate

__all__ = ["Spectrum", "extreme_eigenvalues"]

_BLOCK = 128
_STEPS = 40
_STEPS_FOR_THE_NORM = 12
_ROUNDS = 8
_WIDEN = 4.0
_CAUTION = 4.0
_ADVANCE = 0.01
_TOLD_APART = 2.0
"""Smallest gap between θ and its lower bound, in units of the rounding."""


@dataclass(frozen=True)
class Spectrum:
    """The extreme eigenvalues of a symmetric matrix.

    Attributes
    ----------
    smallest : Estimate
        The smallest eigenvalue with the solver's error.
    largest : float
        Lower estimate, accurate to a few percent, of the largest absolute value of an eigenvalue.
    """

    smallest: Estimate
    largest: float


def extreme_eigenvalues(A: Array) -> Spectrum:
    """Return the smallest eigenvalue with a bound on its error, and the norm.

    Roundings count as independent: a factorization is exact for a matrix that differs by √n·ε·‖A‖.

    Parameters
    ----------
    A : array, shape (n, n)
        Symmetric and writable: the part below its diagonal is overwritten, and restored at the end.
    """
    return _Solver(A).spectrum()


class _Solver:
    """A in the blocks on and above the diagonal, a factor below it, and the factor's diagonal blocks."""

    def __init__(self, A: Array) -> None:
        self.A, self.n = A, int(A.shape[0])
        self.xp = array_namespace(A)
        self.blocks = [slice(i, min(i + _BLOCK, self.n)) for i in range(0, self.n, _BLOCK)]
        self.inverses: list[Array] = []

    def spectrum(self) -> Spectrum:
        try:
            return self._spectrum()
        finally:
            for block in self.blocks:
                self.A[block.stop :, block] = self.A[block, block.stop :].mT

    def _spectrum(self) -> Spectrum:
        x, _ = self._lanczos(self._product, self._start(), _STEPS_FOR_THE_NORM)
        largest = abs(self._quotient(x)[0])
        unit = precision(self.A) * math.sqrt(self.n) * largest
        if not (math.isfinite(unit) and unit > 0.0):
            return Spectrum(Estimate(0.0, 0.0) if unit == 0.0 else Estimate(math.nan, math.inf), largest)
        low = -unit
        while not self._factored(low):
            low *= _WIDEN
        x = self._start()
        for _ in range(_ROUNDS):
            x, second = self._lanczos(self._solution, x, _STEPS)
            theta, residual = self._quotient(x)
            if theta - low <= _TOLD_APART * unit:
                break
            # λ ≥ θ − residual²/(next eigenvalue − θ) (Kato and Temple); Lanczos estimates the next one.
            # The factorization proves it.
            gap = low + 1.0 / second - theta if second > 0.0 else 0.0
            likely = _CAUTION * residual**2 / gap if gap > residual else residual
            # In a cluster θ is closer to λ than its residual suggests.
            likely = max(unit, min(likely, _ADVANCE * (theta - low)))
            better = next((s for s in self._candidates(theta, likely, low) if self._factored(s)), None)
            if better is None:
                break
            low = better
        return Spectrum(Estimate(theta, theta - low + unit), largest)

    @staticmethod
    def _candidates(theta: float, width: float, low: float) -> Iterator[float]:
        while width < 0.9 * (theta - low):
            yield theta - width
            width *= _WIDEN

    def _factored(self, shift: float) -> bool:
        """Compute the Cholesky factor of A − shift·I below the diagonal; return whether it exists."""
        A, xp = self.A, self.xp
        self.inverses = []
        for block in self.blocks:
            left = A[block, : block.start]
            corner = A[block, block] - shift * identity(A[block, block]) - left @ left.mT
            try:
                L = xp.linalg.cholesky(0.5 * (corner + corner.mT))
            except (np.linalg.LinAlgError, RuntimeError):  # PyTorch's is a RuntimeError
                return False
            if not bool(xp.all(xp.isfinite(L))):  # CuPy does not raise
                return False
            self.inverses.append(xp.linalg.inv(L))
            if block.stop < self.n:
                below = A[block, block.stop :] - left @ A[block.stop :, : block.start].mT
                # Triangular solution instead of the inverse: it is backward stable.
                A[block.stop :, block] = xp.linalg.solve(L, below).mT
        return True

    def _product(self, x: Array) -> Array:
        """A x from the blocks on and above the diagonal."""
        parts = []
        lower = 0.0 * x
        for block in self.blocks:
            row = self.A[block, block.stop :]
            parts.append(self.A[block, block] @ x[block] + row @ x[block.stop :] + lower[block])
            lower[block.stop :] += row.mT @ x[block]
        return self.xp.concat(parts)

    def _solution(self, b: Array) -> Array:
        """(A − shift·I)⁻¹b, computed with the factor."""
        rest = self.xp.asarray(b, copy=True)
        for block, inverse in zip(self.blocks, self.inverses, strict=True):
            rest[block] = inverse @ rest[block]
            rest[block.stop :] -= self.A[block.stop :, block] @ rest[block]
        for block, inverse in zip(self.blocks[::-1], self.inverses[::-1], strict=True):
            known = rest[block] - self.A[block.stop :, block].mT @ rest[block.stop :]
            rest[block] = inverse.mT @ known
        return rest

    def _quotient(self, x: Array) -> tuple[float, float]:
        """The Rayleigh quotient of a unit vector and the norm of its residual."""
        image = self._product(x)
        theta = float(x @ image)
        return theta, _norm(image - theta * x)

    def _lanczos(self, apply: Callable[[Array], Array], x: Array, steps: int) -> tuple[Array, float]:
        """Unit Ritz vector of the largest |eigenvalue| of a symmetric map, and the next Ritz value."""
        xp = self.xp
        basis, images = [x], []
        for _ in range(min(steps, self.n)):
            images.append(apply(basis[-1]))
            rest, size = images[-1], _norm(images[-1])
            for _ in range(2):
                Q = xp.stack(basis)
                rest = rest - (Q @ rest) @ Q
            if not (beside := _norm(rest)) > 1e-14 * size:
                break
            basis.append(rest / beside)
        Q = xp.stack(basis[: len(images)])
        # The full H: beyond an invariant subspace the vectors are rounding errors, and H is not tridiagonal.
        H = Q @ xp.stack(images).mT
        if not bool(xp.all(xp.isfinite(H))):
            return x * math.nan, math.nan
        values, vectors = xp.linalg.eigh(0.5 * (H + H.mT))
        by_size = xp.argsort(-xp.abs(values))
        ritz = vectors[:, int(by_size[0])] @ Q
        return ritz / _norm(ritz), float(values[int(by_size[1])]) if len(images) > 1 else 0.0

    def _start(self) -> Array:
        """A fixed pseudo-random unit vector."""
        draws = np.random.Generator(np.random.Philox(0)).standard_normal(self.n)
        start = self.xp.asarray(draws.tolist(), dtype=self.A.dtype, device=self.A.device)
        return start / _norm(start)


def _norm(x: Array) -> float:
    return float(array_namespace(x).linalg.vector_norm(x))
