"""Phase diagrams: the success fraction at each width k and input dimension d (Figure 2).

With the theorems' initialization, an odd width behaves like the even width below it, because one hidden unit
has the output weight 0: only 2⌊k/2⌋d parameters can act. Therefore the boundary pools widths with equal
numbers of acting units, and everything compared with n is given both as kd/n and as effective parameters over
n.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

from overparam.methods import Layers
from overparam.studies.picture import picture

__all__ = ["Boundary", "ParameterCount", "PhaseDiagram", "wilson_interval"]

Counts = NDArray[np.int64]
Reals = NDArray[np.float64]


@dataclass(frozen=True)
class ParameterCount:
    """The number of trained parameters that can act at each (k, d).

    Attributes
    ----------
    layers : "hidden", "output" or "both"
        The trained weights.
    pairs : bool
        Whether v is fixed and an odd k leaves one unit with v = 0, as in the theorems' initialization
        (footnote 1 of Theorem 2.1).
    """

    layers: Layers = "hidden"
    pairs: bool = True

    def units(self, k: ArrayLike) -> Counts:
        """The hidden units that can act: 2⌊k/2⌋, or k; same shape as `k`."""
        width = np.asarray(k, dtype=np.int64)
        return 2 * (width // 2) if self.pairs and self.layers == "hidden" else width

    def total(self, k: ArrayLike, d: ArrayLike) -> Counts:
        """The trained parameters that can act: units·d, k, or k(d + 1); broadcast over `k` and `d`."""
        return np.asarray(self.units(k) * self.per_unit(d), dtype=np.int64)

    def per_unit(self, d: ArrayLike) -> Counts:
        """The trained parameters of one unit that can act: d, 1 or d + 1; same shape as `d`."""
        inputs = np.asarray(d, dtype=np.int64)
        return {"hidden": inputs, "output": np.ones_like(inputs), "both": inputs + 1}[self.layers]

    def least_width(self, n: int, d: ArrayLike) -> Reals:
        """The smallest k with n parameters that can act, at each d; inf if there is none."""
        unit = 2 if self.pairs and self.layers == "hidden" else 1
        with np.errstate(divide="ignore"):
            return np.asarray(unit * np.ceil(np.float64(n) / self.per_unit(d) / unit))

    def __str__(self) -> str:
        """The count in symbols."""
        hidden = "2*floor(k/2)*d" if self.pairs else "kd"
        return {"hidden": hidden, "output": "k", "both": "k(d+1)"}[self.layers]


@dataclass(frozen=True)
class Boundary:
    """The width at which the success fraction crosses one half, for each input dimension.

    Attributes
    ----------
    n : int
        Number of samples.
    d : tuple of int
        Input dimensions.
    below : tuple of (int or None), one for each d
        The largest width of the grid on the failing side of the crossing. None if failure never prevails, or
        there are no trials.
    above : tuple of (int or None), one for each d
        The smallest width on the succeeding side. None if success never prevails, or there are no trials.
    count : ParameterCount
        Counts the parameters that can act.
    """

    n: int
    d: tuple[int, ...]
    below: tuple[int | None, ...]
    above: tuple[int | None, ...]
    count: ParameterCount = field(default_factory=ParameterCount)

    @property
    def k(self) -> Reals:
        """The crossing, midway between the two sides, shape (len(d),); nan if it is not bracketed."""
        return self._midway(lambda k, d: k)

    @property
    def ratio(self) -> Reals:
        """kd/n at the crossing, shape (len(d),); nan if it is not bracketed."""
        return np.asarray(self.k * self.d / self.n)

    @property
    def effective_ratio(self) -> Reals:
        """Effective parameters over n at the crossing, shape (len(d),); nan if it is not bracketed."""
        return np.asarray(self._midway(lambda k, d: int(self.count.total(k, d))) / self.n)

    def quantiles(
        self, levels: Sequence[float] = (0.25, 0.5, 0.75), *, effective: bool = False
    ) -> tuple[float | None, ...]:
        """Quantiles over d of kd/n, or of effective parameters over n, at the crossing.

        Input dimensions whose crossing the grid does not bracket are left out. If none remain, each value is
        None.
        """
        ratio = self.effective_ratio if effective else self.ratio
        known = ratio[np.isfinite(ratio)]
        if known.size == 0:
            return (None,) * len(levels)
        return tuple(float(value) for value in np.quantile(known, levels))

    def summary(self) -> dict[str, float | None]:
        """Quartiles over d of kd/n at the crossing, as low, median and high."""
        return dict(zip(("low", "median", "high"), self.quantiles(), strict=True))

    def _midway(self, of: Callable[[int, int], int]) -> Reals:
        """Return the mean of a quantity over the two sides."""
        sides = zip(self.below, self.above, self.d, strict=True)
        return np.array(
            [
                np.nan if low is None or high is None else (of(low, d) + of(high, d)) / 2
                for low, high, d in sides
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
        Numbers of successful and of all training runs. Copied, and read-only.
    count : ParameterCount
        Counts the parameters that can act.

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
    count: ParameterCount = field(default_factory=ParameterCount)

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

    def __repr__(self) -> str:
        axes = ", ".join(f"{name}={_axis(getattr(self, name))}" for name in ("k", "d"))
        counts = f"{self.successes.sum():,} of {self.trials.sum():,} trials succeeded"
        return f"PhaseDiagram(n={self.n}, {axes}: {counts})"

    def _repr_html_(self) -> str:
        return picture(self)

    @property
    def fraction(self) -> Reals:
        """Successes over trials, shape (len(k), len(d)); nan in cells without trials."""
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
            [0, 1] in cells without trials.
        """
        return wilson_interval(self.successes, self.trials, level)

    def boundary(self) -> Boundary:
        """Return the 50 % boundary: for each d, the best step from failure to success in k.

        The step misclassifies the fewest training runs (successes below it, failures above it). It is the
        maximum-likelihood step if both kinds of error are equally frequent. For fractions that increase with
        k, it is the point where they pass one half. If several steps are equally good, as at a cell of
        exactly one half, the two sides enclose them all. Widths with equal numbers of acting units are
        pooled, and cells without trials are ignored.

        Examples
        --------
        >>> import overparam as op
        >>> study = op.sweep("a.study", n=6, k="2:8:2", d=4, trials=2, max_iterations=500, progress=False)
        >>> boundary = study.diagram(n=6).boundary()
        >>> len(boundary.k)  # one width for each d
        1
        """
        k = np.asarray(self.k)
        widths = self.count.units(k)
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
        return Boundary(self.n, self.d, below, above, self.count)

    def capacity_curve(self, d: ArrayLike) -> Reals:
        """Return the k with n = kd at each d, same shape; inf at d = 0."""
        with np.errstate(divide="ignore"):
            return np.asarray(np.float64(self.n) / np.asarray(d, dtype=np.float64))

    def effective_curve(self, d: ArrayLike) -> Reals:
        """Return the least k with n acting parameters at each d, same shape; 2⌈n/(2d)⌉ for the paper's v."""
        return self.count.least_width(self.n, d)


def wilson_interval(successes: ArrayLike, trials: ArrayLike, level: float = 0.95) -> tuple[Reals, Reals]:
    """Return Wilson's confidence interval of a binomial probability; [0, 1] without trials.

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
    # If all trials agree, an end equals its bound exactly; floating point would miss it.
    return np.where(s == 0, 0.0, centre - half), np.where(s == t, 1.0, centre + half)


def _axis(values: Sequence[int]) -> str:
    """Return an axis as a short text."""
    return f"{values[0]}" if len(values) == 1 else f"{values[0]}…{values[-1]} ({len(values)} values)"


def _best_steps(passed: Counts, failed: Counts) -> tuple[int, int]:
    """Return the first and the last of the steps with the fewest errors.

    Step j puts the groups 0…j−1 on the failing side and j… on the succeeding side.
    """
    passed_below = np.concatenate([[0], np.cumsum(passed)])
    failed_above = failed.sum() - np.concatenate([[0], np.cumsum(failed)])
    errors = passed_below + failed_above
    best = np.flatnonzero(errors == errors.min())
    return int(best[0]), int(best[-1])
