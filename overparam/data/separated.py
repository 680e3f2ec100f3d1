"""δ-separated data (Assumption 1)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from overparam.data.base import DataGenerator, Dataset, Matrix
from overparam.data.sphere import uniform_on_sphere

__all__ = ["Separated", "separation"]

_TRIES_PER_POINT = 200
_REPULSION_STEPS = 500
_STRETCHES = (1.0 + 1e-9, 1.003, 1.03)
_NEAR, _DESCENT, _CLIMB, _CLIMBS = 0.9, 0.85, 1.03, 4
_PROGRESS, _PATIENCE = 0.99, 50  # steps without one percent less of the sum of squares are the end


def separation(X: Matrix) -> float:
    """Min over i ≠ j of min(‖xᵢ − xⱼ‖, ‖xᵢ + xⱼ‖) for unit rows (Assumption 1); inf for one row."""
    if X.shape[0] < 2:
        return math.inf
    gram = np.abs(X @ X.T)
    np.fill_diagonal(gram, -1.0)
    i, j = np.unravel_index(int(np.argmax(gram)), gram.shape)
    return float(min(np.linalg.norm(X[i] - X[j]), np.linalg.norm(X[i] + X[j])))


@dataclass(frozen=True)
class Separated(DataGenerator):
    """Unit rows with min(‖xᵢ − xⱼ‖, ‖xᵢ + xⱼ‖) ≥ δ for every pair (Assumption 1, Theorem 2.5).

    Points are drawn uniformly one after another and those too close to an earlier one drawn again.
    Where that stalls, because δ is near the largest that n lines in Rᵈ allow, all points are pushed
    apart until the requirement is met.

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
        """Draw X, shape (n, d).

        Raises
        ------
        ValueError
            Where δ was not reached; the message names the largest separation that was.
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
    """Four decimals, downwards and with room for rounding: a δ that can be asked for."""
    return max(0.0, math.floor((x - 1e-6) * 1e4) / 1e4)


def _sequential(n: int, d: int, delta: float, rng: np.random.Generator) -> Matrix | None:
    """Uniform points, each drawn again while too close to an earlier one; None where that stalls."""
    coherence = 1.0 - 0.5 * delta * delta
    X = np.empty((n, d))
    placed = 0
    while placed < n:
        candidates = uniform_on_sphere(_TRIES_PER_POINT, d, rng)
        clear = np.all(np.abs(candidates @ X[:placed].T) <= coherence, axis=1)
        if not clear.any():
            return None
        X[placed] = candidates[int(np.argmax(clear))]
        placed += 1
        if placed > 1 and separation(X[placed - 2 : placed]) < delta:
            placed -= 1
    return X if separation(X) >= delta else None


def _repelled(n: int, d: int, delta: float, rng: np.random.Generator) -> tuple[Matrix, float]:
    """Push points apart towards δ; where that stays out of reach, step by step towards what can be had."""
    start = _spread(n, d, rng)
    X, best, reached = start, start, separation(start)
    if n <= d or d <= 2 or reached >= delta:
        return best, reached

    def push(aim: float) -> None:
        nonlocal X, best, reached
        X, closest, now = _push_apart(X, aim)
        if now > reached:
            best, reached = closest, now

    # Where δ can just be had, a little more is a better aim: the last pairs are pushed least.
    for stretch in _STRETCHES:
        push(delta * stretch)
        if reached >= delta:
            return best, reached
        if reached < _NEAR * delta:
            break
    aim = delta
    while reached < aim:  # an aim too far leaves some points together for good: begin again, lower
        aim *= _DESCENT
        X = start
        push(aim)
    for _ in range(_CLIMBS):
        push(min(delta, reached * _CLIMB))
    return best, reached


def _spread(n: int, d: int, rng: np.random.Generator) -> Matrix:
    """Points to begin with: as far apart as any in the plane and for n ≤ d, else uniform."""
    if d == 2:
        angles = (rng.uniform() + rng.permutation(n) / n) * math.pi
        return np.stack([np.cos(angles), np.sin(angles)], axis=1)
    X = uniform_on_sphere(n, d, rng)
    return np.linalg.qr(X.T)[0].T if n <= d else X


def _push_apart(X: Matrix, delta: float) -> tuple[Matrix, Matrix, float]:
    """Minimize Σ max(0, δ − min(‖xᵢ − xⱼ‖, ‖xᵢ + xⱼ‖))² over unit rows by projected gradient with momentum.

    A penalty on inner products instead would not part two points that almost coincide: their
    gradients are orthogonal to the sphere. Returns where it ended, the best on the way, and that
    one's separation.
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
