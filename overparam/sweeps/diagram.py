"""A phase diagram: how often training succeeds at each width k and input dimension d (Figure 2).

Odd widths behave like the even width below them, because the theorems' initialization gives one
hidden unit the output weight 0: only 2⌊k/2⌋d parameters can act. So the boundary pools k = 2m and
2m + 1, and everything compared with n is given both as kd/n and as 2⌊k/2⌋d/n.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["Boundary", "PhaseDiagram", "effective_width", "wilson_interval"]

Counts = NDArray[np.int64]
Reals = NDArray[np.float64]


def effective_width(k: ArrayLike) -> Counts:
    """2⌊k/2⌋: the hidden units whose output weight is not zero (footnote 1 of Theorem 2.1)."""
    return 2 * (np.asarray(k, dtype=np.int64) // 2)


@dataclass(frozen=True)
class Boundary:
    """Where, for each input dimension, the success fraction crosses one half.

    Attributes
    ----------
    n : int
        Number of samples.
    d : tuple of int
        Input dimensions.
    below : tuple of (int or None), one for each d
        The largest width of the grid on the failing side of the crossing. None where failure never
        prevails, or nothing was run.
    above : tuple of (int or None), one for each d
        The smallest width on the succeeding side. None where success never prevails, or nothing was run.
    """

    n: int
    d: tuple[int, ...]
    below: tuple[int | None, ...]
    above: tuple[int | None, ...]

    @property
    def k(self) -> Reals:
        """The crossing, midway between the two sides, shape (len(d),); nan where it is not bracketed."""
        return self._midway(1)

    @property
    def ratio(self) -> Reals:
        """kd/n at the crossing, shape (len(d),); nan where it is not bracketed."""
        return np.asarray(self.k * self.d / self.n)

    @property
    def effective_ratio(self) -> Reals:
        """2⌊k/2⌋d/n at the crossing, shape (len(d),); nan where it is not bracketed."""
        return np.asarray(self._midway(2) * self.d / self.n)

    def quantiles(
        self, levels: Sequence[float] = (0.25, 0.5, 0.75), *, effective: bool = False
    ) -> tuple[float | None, ...]:
        """Quantiles over d of kd/n, or of 2⌊k/2⌋d/n, at the crossing.

        Input dimensions whose crossing the grid does not bracket are left out. Each value is None
        where that leaves none.
        """
        ratio = self.effective_ratio if effective else self.ratio
        known = ratio[np.isfinite(ratio)]
        if known.size == 0:
            return (None,) * len(levels)
        return tuple(float(value) for value in np.quantile(known, levels))

    def summary(self) -> dict[str, float | None]:
        """Quartiles over d of kd/n at the crossing, as low, median and high."""
        return dict(zip(("low", "median", "high"), self.quantiles(), strict=True))

    def _midway(self, unit: int) -> Reals:
        """Mean of the two sides after each is rounded down to a multiple of `unit`."""
        sides = zip(self.below, self.above, strict=True)
        return np.array(
            [
                np.nan if low is None or high is None else (low - low % unit + high - high % unit) / 2
                for low, high in sides
            ],
            dtype=np.float64,
        )


@dataclass(frozen=True, eq=False)
class PhaseDiagram:
    """Successes and trials over a grid of widths and input dimensions, for one number of samples.

    Attributes
    ----------
    n : int
        Number of samples.
    k, d : tuple of int
        Numbers of hidden units and input dimensions, strictly increasing, 0 allowed.
    successes, trials : ndarray of int, shape (len(k), len(d))
        Trainings that succeeded and trainings that were run. Copied, and read-only.

    Raises
    ------
    ValueError
        For an axis that is empty or does not increase, and for counts of another shape or out of range.
    """

    n: int
    k: tuple[int, ...]
    d: tuple[int, ...]
    successes: Counts
    trials: Counts

    def __post_init__(self) -> None:
        if self.n < 1:
            raise ValueError(f"n must be at least 1, got {self.n}")
        for name in ("k", "d"):
            values = tuple(int(value) for value in getattr(self, name))
            if not values or values[0] < 0 or any(b <= a for a, b in pairwise(values)):
                raise ValueError(f"{name} must be increasing whole numbers of at least 0, got {values}")
            object.__setattr__(self, name, values)
        shape = (len(self.k), len(self.d))
        for name in ("successes", "trials"):
            counts = np.array(getattr(self, name), dtype=np.int64)
            if counts.shape != shape:
                raise ValueError(f"{name} must have the shape (len(k), len(d)) = {shape}, got {counts.shape}")
            counts.setflags(write=False)
            object.__setattr__(self, name, counts)
        if np.any((self.successes < 0) | (self.successes > self.trials)):
            raise ValueError("successes must lie between 0 and trials in every cell")

    @property
    def fraction(self) -> Reals:
        """Successes over trials, shape (len(k), len(d)); nan where nothing was run."""
        run = self.trials > 0
        return np.where(run, self.successes / np.where(run, self.trials, 1), np.nan)

    def interval(self, level: float = 0.95) -> tuple[Reals, Reals]:
        """Wilson's confidence interval of each cell's success probability.

        Parameters
        ----------
        level : float
            Confidence, in (0, 1).

        Returns
        -------
        low, high : ndarray, shape (len(k), len(d))
            [0, 1] where nothing was run.
        """
        return wilson_interval(self.successes, self.trials, level)

    def boundary(self) -> Boundary:
        """The 50 % boundary: for each d the best step from failure to success in k.

        The step misclassifies the fewest trainings (successes below it, failures above it), which is
        the maximum-likelihood step when both kinds of error are equally frequent; on fractions that
        increase with k it is where they pass one half. Where several steps are equally good, as at a
        cell of exactly one half, the two sides enclose them all. Widths 2m and 2m + 1 are pooled, and
        cells where nothing was run are passed over.
        """
        k = np.asarray(self.k)
        widths = effective_width(k)
        sides: list[tuple[int | None, int | None]] = []
        for s, t in zip(self.successes.T, self.trials.T, strict=True):
            run = t > 0
            levels, group = np.unique(widths[run], return_inverse=True)
            passed, failed = np.zeros_like(levels), np.zeros_like(levels)
            np.add.at(passed, group, s[run])
            np.add.at(failed, group, (t - s)[run])
            first, last = _best_steps(passed, failed)
            low = None if first == 0 else int(k[run][group == first - 1].max())
            high = None if last == len(levels) else int(k[run][group == last].min())
            sides.append((low, high))
        below, above = zip(*sides, strict=True)
        return Boundary(self.n, self.d, below, above)

    def capacity_curve(self, d: ArrayLike) -> Reals:
        """The k of n = kd at each d, same shape; inf at d = 0."""
        with np.errstate(divide="ignore"):
            return np.asarray(np.float64(self.n) / np.asarray(d, dtype=np.float64))

    def effective_curve(self, d: ArrayLike) -> Reals:
        """The least k with 2⌊k/2⌋d ≥ n at each d, same shape: the even k = 2⌈n/(2d)⌉; inf at d = 0."""
        return np.asarray(2 * np.ceil(self.capacity_curve(d) / 2))


def wilson_interval(successes: ArrayLike, trials: ArrayLike, level: float = 0.95) -> tuple[Reals, Reals]:
    """Wilson's confidence interval of a binomial probability; [0, 1] where there was no trial.

    Parameters
    ----------
    successes, trials : array_like of int, one shape
    level : float
        Confidence, in (0, 1).

    Returns
    -------
    low, high : ndarray, of that shape
    """
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, got {level}")
    z = NormalDist().inv_cdf(0.5 + level / 2)
    s, t = np.asarray(successes), np.asarray(trials)
    centre = (s + z * z / 2) / (t + z * z)
    half = z / (t + z * z) * np.sqrt(s * (t - s) / np.maximum(t, 1) + z * z / 4)
    # Both ends meet their bound exactly where every trial agrees; in floating point they miss it.
    return np.where(s == 0, 0.0, centre - half), np.where(s == t, 1.0, centre + half)


def _best_steps(passed: Counts, failed: Counts) -> tuple[int, int]:
    """First and last of the steps with the fewest errors.

    Step j puts the groups 0…j−1 on the failing side and j… on the succeeding side.
    """
    passed_below = np.concatenate([[0], np.cumsum(passed)])
    failed_above = failed.sum() - np.concatenate([[0], np.cumsum(failed)])
    errors = passed_below + failed_above
    best = np.flatnonzero(errors == errors.min())
    return int(best[0]), int(best[-1])
