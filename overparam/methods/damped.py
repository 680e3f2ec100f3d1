"""The damped equations (JJᵀ + μI)α = r, solved with the matrix or by cheaper conjugate gradients."""

from __future__ import annotations

import math

from overparam.arrays import Array, array_namespace, squared_norm
from overparam.methods.gram import JacobianGram

__all__ = ["conjugate_gradients", "damped_coefficients"]

_SHARE = 0.01
"""Allowed gap to the exact solution, as a share of the decrease that the linear model predicts."""

_FIRST_LOOK, _BETWEEN_LOOKS = 16, 8


def damped_coefficients(gram: JacobianGram, residual: Array, damping: float) -> Array:
    """Return α, shape (n,), with (JJᵀ + μI)α = r.

    Conjugate gradients are tried if n is so large that tens of products J(Jᵀα) cost less than a solve with
    the matrix. They end when ‖r − Jδ‖² + μ‖δ‖² has fallen from δ = 0 to δ = Jᵀα by 99 % of its largest
    possible decrease. If their progress predicts a higher cost than the matrix, the matrix is used instead.
    This decision depends on operation counts and iterates only, not on time or on other problems in the job.

    Parameters
    ----------
    gram : JacobianGram
    residual : array, shape (n,)
        r = f − y.
    damping : float
        μ > 0.
    """
    if not gram.is_small:
        most = int(gram.products_worth)
        alpha = conjugate_gradients(gram, residual, damping, share=_SHARE, most=most)
        if alpha is not None:
            return alpha
    xp = array_namespace(residual)
    identity = xp.eye(gram.shape[0], dtype=gram.dtype, device=gram.device)
    return xp.linalg.solve(gram.matrix + damping * identity, residual[:, None])[:, 0]


def conjugate_gradients(
    gram: JacobianGram, residual: Array, damping: float, *, share: float, most: int
) -> Array | None:
    """Return an approximate α, shape (n,), of (JJᵀ + μI)α = r, or None if `most` products do not suffice.

    The iteration is conjugate gradients for JJᵀ + μI in the inner product of JJᵀ, which equals the iteration
    on the normal equations (JᵀJ + μI)δ = Jᵀr with δ = Jᵀα (CGLS). ‖r − Jδ‖² + μ‖δ‖² falls at every iteration,
    so the step is a descent direction wherever the iteration ends. With e = r − (JJᵀ + μI)α and s = Jᵀe that
    sum exceeds its minimum by at most min(‖e‖², ‖s‖²/μ): duality gaps for the dual points α and (r − Jδ)/μ.

    Parameters
    ----------
    gram : JacobianGram
    residual : array, shape (n,)
    damping : float
        μ > 0.
    share : float
        The final gap, divided by the decrease of ‖r − Jδ‖² + μ‖δ‖² from δ = 0.
    most : int
        Largest number of products J(Jᵀα). From the 16th on the iteration also ends if the gap, at the rate of
        the latter half of the iterations, would still be too large after `most` products.
    """
    point, xp = gram.point, array_namespace(residual)
    start = float(squared_norm(residual))
    precision = float(xp.finfo(residual.dtype).eps)
    alpha, e, p = 0.0 * residual, residual, residual
    s = q = point.pulled_back(e)
    squared = _total(s)
    fall, gaps = 0.0, list[float]()
    while True:
        gap = min(float(squared_norm(e)), squared / damping)
        if not math.isfinite(gap):
            return None
        if gap <= share * fall or gap <= precision * precision * start:
            return alpha
        gaps.append(min(gap / fall if fall > 0.0 else math.inf, gaps[-1] if gaps else math.inf))
        done = len(gaps) - 1
        if done >= most or (_looks(done) and _projected(gaps, share) > most):
            return None
        t = point.pushed(q)
        step = squared / (float(squared_norm(t)) + damping * _total(q))
        alpha = alpha + step * p
        e = e - step * (t + damping * p)
        fall += step * squared
        s = point.pulled_back(e)
        before, squared = squared, _total(s)
        p = e + squared / before * p
        q = tuple(new + squared / before * old for new, old in zip(s, q, strict=True))


def _total(arrays: tuple[Array, ...]) -> float:
    """Squared norm of a direction in the space of the trained parameters."""
    return math.fsum(float(squared_norm(array, axes=array.ndim)) for array in arrays)


def _looks(done: int) -> bool:
    return done >= _FIRST_LOOK and done % _BETWEEN_LOOKS == 0


def _projected(gaps: list[float], share: float) -> float:
    """Total iterations until the gap is `share`, at the rate of the latter half; inf if it did not fall."""
    done = len(gaps) - 1
    half = max(done // 2, 1)
    fell = math.log(gaps[half]) - math.log(gaps[done])
    return done + (math.log(gaps[done]) - math.log(share)) * (done - half) / fell if fell > 0.0 else math.inf
