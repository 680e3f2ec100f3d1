"""Rates that are measured in turn, so that noise affects all of them equally."""

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

_UNREACHABLE = 1e-18  # no training run reaches this tolerance; its square is representable in float32
_PAUSE = 0.002  # seconds after which threads that spin while they wait for work have gone to sleep
_FULL = 0.7  # share of a turn's time; after a shorter run, the next one makes more updates


def best_rates(probes: Mapping[str, Probe], rounds: int) -> dict[str, float]:
    """Measure the probes in turn, round after round; return the best rate of each."""
    rates = dict.fromkeys(probes, 0.0)
    names = [*probes]
    for round_number in range(rounds):
        # In a random order, so that no probe always runs after the same other probe.
        for i in np.random.default_rng(round_number).permutation(len(names)):
            time.sleep(_PAUSE)
            rates[names[i]] = max(rates[names[i]], probes[names[i]]())
    return rates


def probe_of(run: Run, seconds: float) -> Probe:
    """Return a probe of the updates a second over the batch; each of its runs takes about `seconds`.

    Turns of equal length are affected by the same noise. With an equal number of updates instead, the fast
    contenders would be timed over very short training runs, whose fixed costs would count a hundredfold.
    """
    trained(run, 1)  # compilation in a first call must not be counted as a full turn
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
    """Make `updates` updates of each training run; return their total number.

    Raises
    ------
    AssertionError
        If a training run stopped early, so that less work was done than is counted.
    """
    iterations = run(StopRule(updates, _UNREACHABLE))
    if not np.all(iterations == updates):
        raise AssertionError(f"a training run made {iterations.min()} updates instead of {updates}")
    return int(iterations.sum())
