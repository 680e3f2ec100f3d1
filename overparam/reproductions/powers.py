"""Power laws in k: least squares on logarithms, with an interval."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

__all__ = ["Power", "minus", "power_of"]

_FEWEST = 4


class Power(NamedTuple):
    """An exponent and its 95 % interval; None if the points do not determine one."""

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
    """Return a text of numbers with minus signs instead of hyphens."""
    return text.replace("-", "−")


def power_of(x: Sequence[float], y: Sequence[float]) -> Power:
    """Return the fit of y = c·x^α to the points with y > 0.

    The interval assumes independent points whose scatter may depend on x: the covariance is that of the
    jackknife (HC3: MacKinnon & White, 1985). It does not include deviations from a power law.

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
