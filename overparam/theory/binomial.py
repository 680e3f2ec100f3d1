"""Clopper and Pearson's confidence interval of a probability, from the number of successes."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

__all__ = ["clopper_pearson"]

_HALVINGS = 80  # an interval of length 1 is then shorter than the spacing of floats near 1


def clopper_pearson(successes: int, trials: int, level: float = 0.95) -> tuple[float, float]:
    """Return the interval that contains the probability with confidence at least `level`.

    Parameters
    ----------
    successes, trials : int
        0 ≤ successes ≤ trials; the interval is [0, 1] if there is no trial.
    level : float
        Between 0 and 1.

    Raises
    ------
    ValueError

    Examples
    --------
    >>> low, high = clopper_pearson(20, 20)
    >>> round(low, 4), high
    (0.8316, 1.0)
    """
    if not 0 <= successes <= trials:
        raise ValueError(f"successes must be from 0 to trials, got {successes} of {trials}")
    if not 0.0 < level < 1.0:
        raise ValueError(f"level must be between 0 and 1, got {level}")
    outside = 0.5 * (1.0 - level)
    # P{X ≤ s} falls with p. The upper end has P{X ≤ s} = outside, the lower P{X ≥ s} = outside.
    high = 1.0 if successes == trials else _falls_to(outside, lambda p: _at_most(successes, trials, p))
    failures = trials - successes
    low = 0.0 if successes == 0 else 1.0 - _falls_to(outside, lambda q: _at_most(failures, trials, q))
    return low, high


def _falls_to(target: float, falling: Callable[[float], float]) -> float:
    """Point at which a function that falls from 1 to 0 on [0, 1] equals `target`."""
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        if falling(middle) > target:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


def _at_most(s: int, n: int, p: float) -> float:
    """P{X ≤ s} of n trials with probability p."""
    if p <= 0.0 or p >= 1.0:
        return 1.0 if p <= 0.0 else 0.0
    i = np.arange(s + 1)
    choices = [math.lgamma(n + 1) - math.lgamma(j + 1) - math.lgamma(n - j + 1) for j in range(s + 1)]
    return math.fsum(np.exp(np.asarray(choices) + i * math.log(p) + (n - i) * math.log1p(-p)))
