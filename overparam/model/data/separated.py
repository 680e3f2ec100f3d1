"""δ-separated data (Assumption 1)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from overparam.model.data.base import DataGenerator, Dataset, Matrix
from overparam.model.data.sphere import uniform_on_sphere

__all__ = ["Separated", "separation"]

_BLOCK = 512
"""Number of rows in a block of the Gram matrix."""
_PAIRS = 1 << 16
"""Number of pairs whose differences are computed at a time."""
_TRIES_PER_POINT = 200
_REPULSION_STEPS = 500
_STRETCHES = (1.0 + 1e-9, 1.003, 1.03)
_NEAR, _DESCENT, _CLIMB, _CLIMBS = 0.9, 0.85, 1.03, 4
_PROGRESS, _PATIENCE = 0.99, 50  # stop after 50 steps that lower the sum of squares by less than 1%


def separation(X: Matrix) -> float:
    """Return the minimum over i ≠ j of min(‖xᵢ − xⱼ‖, ‖xᵢ + xⱼ‖) (Assumption 1); inf for one row.

    The differences themselves are computed for every pair that may be the closest, because inner products
    cannot rank pairs closer than 1e-8. Equal or opposite rows give exactly 0.

    Parameters
    ----------
    X : ndarray, shape (n, d)
        Rows of norm 1, or close to it.
    """
    n = X.shape[0]
    least = math.inf
    for top in range(0, n - 1, _BLOCK):
        rows, others = X[top : top + _BLOCK], X[top:]
        squared = _squared_by_gram(rows, others)
        squared[np.tri(*squared.shape, dtype=np.bool_)] = math.inf  # a row with itself, and pairs seen before
        least = min(least, _least_distance(rows, others, squared, least))
        if least == 0.0:
            break
    return least


def _squared_by_gram(A: Matrix, B: Matrix) -> Matrix:
    """‖a‖² + ‖b‖² − 2|aᵀb| for all rows a of A and b of B: min(‖a − b‖², ‖a + b‖²) up to roundings of 1."""
    squares = np.add.outer(np.einsum("ij,ij->i", A, A), np.einsum("ij,ij->i", B, B))
    return np.asarray(squares - 2.0 * np.abs(A @ B.T))


def _least_distance(A: Matrix, B: Matrix, squared: Matrix, known: float) -> float:
    """Least distance among the pairs that can be the closest, given `squared` and its rounding error."""
    slack = 4.0 * (A.shape[1] + 4) * float(np.finfo(np.float64).eps)
    i, j = np.nonzero(squared <= min(float(squared.min()), known * known) + slack)
    columns = list(zip(np.ascontiguousarray(A.T), np.ascontiguousarray(B.T), strict=True))
    least = math.inf
    for start in range(0, len(i), _PAIRS):
        some = slice(start, start + _PAIRS)
        apart, total = np.zeros(len(i[some])), np.zeros(len(i[some]))
        for a, b in columns:
            x, y = a[i[some]], b[j[some]]
            apart += (x - y) ** 2
            total += (x + y) ** 2
        least = min(least, float(np.minimum(apart, total).min()))
    return math.sqrt(least)


@dataclass(frozen=True)
class Separated(DataGenerator):
    """Unit rows with min(‖xᵢ − xⱼ‖, ‖xᵢ + xⱼ‖) ≥ δ for every pair (Assumption 1, Theorem 2.5).

    Points are drawn uniformly one after another; a point too close to an earlier one is drawn again. If this
    stalls, because δ is near the largest possible value for n lines in Rᵈ, all points are pushed apart
    until the requirement is met.

    Attributes
    ----------
    delta : float
        The separation δ > 0. Two points can be at most √2 apart in this sense.
    """

    name: ClassVar[str] = "separated"
    delta: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.delta) and self.delta > 0):
            raise ValueError(f"delta must be a positive number, got {self.delta}")

    def brings_labels(self) -> bool:
        """Return False."""
        return False

    def draw(self, n: int, d: int, rng: np.random.Generator) -> Dataset:
        """Return X, shape (n, d).

        Raises
        ------
        ValueError
            If δ was not reached; the message names the largest separation that was.
        """
        X = _sequential(n, d, self.delta, rng)
        if X is None:
            X, reached = _repelled(n, d, self.delta, rng)
            if reached < self.delta:
                raise ValueError(
                    f"no {n} points with separation delta={self.delta:g} were found on the sphere of "
                    f"R^{d}; the largest delta reached is {_round_down(reached):g}"
                )
        return Dataset(X)


def _round_down(x: float) -> float:
    """Return x rounded down to four decimals, with room for roundoff: a δ that the generator can reach."""
    return max(0.0, math.floor((x - 1e-6) * 1e4) / 1e4)


def _sequential(n: int, d: int, delta: float, rng: np.random.Generator) -> Matrix | None:
    """Uniform points, each drawn again while it is too close to an earlier one; None if this stalls."""
    X = np.empty((n, d))
    for placed in range(n):
        candidates = uniform_on_sphere(_TRIES_PER_POINT, d, rng)
        clear = np.all(_squared_by_gram(candidates, X[:placed]) >= delta * delta, axis=1)
        for chosen in np.flatnonzero(clear):
            if _closest(candidates[chosen : chosen + 1], X[:placed]) >= delta:
                X[placed] = candidates[chosen]
                break
        else:
            return None
    return X


def _closest(point: Matrix, others: Matrix) -> float:
    """Minimum over rows y of `others` of min(‖x − y‖, ‖x + y‖), from the differences; inf without rows."""
    both = np.concatenate([point - others, point + others])
    return float(np.linalg.norm(both, axis=1).min(initial=math.inf))


def _repelled(n: int, d: int, delta: float, rng: np.random.Generator) -> tuple[Matrix, float]:
    """Push points apart towards δ; if δ is out of reach, approach the largest reachable value stepwise."""
    start = _spread(n, d, rng)
    X, best, reached = start, start, separation(start)
    if n <= d or d <= 2 or reached >= delta:
        return best, reached

    def push(aim: float) -> None:
        nonlocal X, best, reached
        X, closest, now = _push_apart(X, aim)
        if now > reached:
            best, reached = closest, now

    # If δ is barely reachable, aim slightly higher: the last pairs are pushed least.
    for stretch in _STRETCHES:
        push(delta * stretch)
        if reached >= delta:
            return best, reached
        if reached < _NEAR * delta:
            break
    aim = delta
    while reached < aim:  # too high an aim leaves some points together forever: restart lower
        aim *= _DESCENT
        X = start
        push(aim)
    for _ in range(_CLIMBS):
        push(min(delta, reached * _CLIMB))
    return best, reached


def _spread(n: int, d: int, rng: np.random.Generator) -> Matrix:
    """Initial points: as far apart as possible in the plane and for n ≤ d, else uniform."""
    if d == 2:
        angles = (rng.uniform() + rng.permutation(n) / n) * math.pi
        return np.stack([np.cos(angles), np.sin(angles)], axis=1)
    X = uniform_on_sphere(n, d, rng)
    return np.linalg.qr(X.T)[0].T if n <= d else X


def _push_apart(X: Matrix, delta: float) -> tuple[Matrix, Matrix, float]:
    """Minimize Σ max(0, δ − min(‖xᵢ − xⱼ‖, ‖xᵢ + xⱼ‖))² over unit rows by projected gradient with momentum.

    A penalty on inner products would not separate two points that almost coincide, because their
    gradients are orthogonal to the sphere. Returns the final points, the best points on the way, and the
    separation of the best ones.
    """
    delta = min(delta, math.sqrt(2.0))
    best, reached = X, separation(X)
    velocity = np.zeros_like(X)
    gram, push = (np.empty((X.shape[0], X.shape[0])) for _ in range(2))
    least, least_at = math.inf, 0
    for step in range(_REPULSION_STEPS):
        np.matmul(X, X.T, out=gram)
        np.fill_diagonal(gram, 0.0)
        # δ/‖xᵢ ∓ xⱼ‖ − 1 for pairs that are too close, else 0; ‖xᵢ ∓ xⱼ‖² = 2 − 2|ρᵢⱼ|
        np.subtract(1.0 + 1e-12, np.abs(gram, out=push), out=push)
        np.divide(delta / math.sqrt(2.0), np.sqrt(push, out=push), out=push)
        np.copysign(np.maximum(np.subtract(push, 1.0, out=push), 0.0, out=push), gram, out=push)
        crowd = max(1, int(np.count_nonzero(push, axis=1).max()))
        pull = X * np.abs(push).sum(axis=1, keepdims=True) - push @ X
        velocity = 0.8 * velocity + (0.5 / crowd) * pull
        X = X + velocity
        X = X / np.linalg.norm(X, axis=1, keepdims=True)
        if step % 10 == 9:
            if (now := separation(X)) > reached:
                best, reached = X, now
                if reached >= delta:
                    break
            if (energy := float(np.vdot(push, push))) < _PROGRESS * least:
                least, least_at = energy, step
            elif step - least_at >= _PATIENCE:
                break
    return X, best, reached
