"""By which power of k something falls: least squares on logarithms, with an interval."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

__all__ = ["Power", "minus", "power_of"]

_FEWEST = 4


class Power(NamedTuple):
    """An exponent and its 95 % interval; None where the points do not give one."""

    value: float | None
    low: float | None = None
    high: float | None = None

    def __str__(self) -> str:
        """Return the exponent and its interval in words."""
        if self.value is None:
            return "not measurable"
        if self.low is None:
            return minus(f"{self.value:.2f}")
        return minus(f"{self.value:.2f} ({self.low:.2f} to {self.high:.2f})")


def minus(text: str) -> str:
    """Return a text of numbers with minus signs for hyphens."""
    return text.replace("-", "−")


def power_of(x: Sequence[float], y: Sequence[float]) -> Power:
    """Fit y = c·x^α to points of which those with y = 0 are left out.

    The interval takes the points as independent with scatter that may differ from x to x: the covariance
    is the jackknife's (HC3: MacKinnon & White, 1985). A y that is no power of x is not in it.

    Parameters
    ----------
    x, y : sequence of float
        Points, several at one x; x positive, y at least 0.
    """
    pairs = np.array([(a, b) for a, b in zip(x, y, strict=True) if b > 0.0], dtype=np.float64)
    if len(pairs) < 2 or np.ptp(pairs[:, 0]) == 0.0:
        return Power(None)
    logs = np.log(pairs)
    offset = logs[:, 0] - logs[:, 0].mean()
    spread = float(offset @ offset)
    slope = float(offset @ logs[:, 1]) / spread
    missed = logs[:, 1] - logs[:, 1].mean() - slope * offset
    leverage = 1.0 / len(logs) + offset**2 / spread
    if len(logs) < _FEWEST or leverage.max() > 1.0 - 1e-9:
        return Power(slope)
    error = float(np.linalg.norm(offset * missed / (1.0 - leverage))) / spread
    reach = NormalDist().inv_cdf(0.975) * error
    return Power(slope, slope - reach, slope + reach)
