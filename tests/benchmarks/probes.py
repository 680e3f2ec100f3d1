"""Rates measured in turn, so that noise meets all alike."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np

from overparam.runs import StopRule
from tests.benchmarks.instances import Run

__all__ = ["Probe", "best_rates", "probe_of", "trained"]

Probe: TypeAlias = Callable[[], float]
"""Measures a rate once."""

_UNREACHABLE = 1e-18  # a tolerance that no training reaches, whose square single precision still has
_PAUSE = 0.002  # seconds in which threads that wait actively for more work fall asleep
_FULL = 0.7  # of the time of a turn; a shorter one is followed by a longer one


def best_rates(probes: Mapping[str, Probe], rounds: int) -> dict[str, float]:
    """Take the probes in turn, round after round; return each one's best rate."""
    rates = dict.fromkeys(probes, 0.0)
    names = [*probes]
    for round_number in range(rounds):
        # Nobody is always the one who runs after the same neighbour.
        for i in np.random.default_rng(round_number).permutation(len(names)):
            time.sleep(_PAUSE)
            rates[names[i]] = max(rates[names[i]], probes[names[i]]())
    return rates


def probe_of(run: Run, seconds: float) -> Probe:
    """Updates a second over the batch, of trainings so long that a run takes about `seconds`.

    Turns of one length meet the same noise; with one number of updates the fast would be timed over
    moments, and over trainings so short that what a training costs once would count a hundredfold.
    """
    trained(run, 1)  # what a first call compiles must not pass for a full turn
    updates = 8

    def rate() -> float:
        nonlocal updates
        started = time.perf_counter()
        made = trained(run, updates)
        spent = time.perf_counter() - started
        if spent < _FULL * seconds:
            updates = math.ceil(updates * min(16.0, max(1.3, seconds / spent)))
        return made / spent

    before = 0
    while updates > before:
        before = updates
        rate()
    return rate


def trained(run: Run, updates: int) -> int:
    """Make so many updates of each training; return how many that is in all.

    Raises
    ------
    AssertionError
        Where a training stopped early, and less work was done than is counted.
    """
    iterations = run(StopRule(updates, _UNREACHABLE))
    if not np.all(iterations == updates):
        raise AssertionError(f"a training made {iterations.min()} updates where {updates} were asked for")
    return int(iterations.sum())
