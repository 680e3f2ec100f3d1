"""Interleaved measurements: every round runs each contender once, so that noise meets all alike."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from overparam.training import StopRule
from tests.benchmarks.cells import Cell
from tests.benchmarks.contenders import Contender
from tests.benchmarks.floor import Probe, activation_probe, gemm_probe
from tests.benchmarks.instances import Instances, Run

__all__ = ["Measurement", "interleaved", "measure"]

_UNREACHABLE = 1e-18  # a tolerance that no training reaches, whose square single precision still has
_PAUSE = 0.002  # seconds in which threads that wait actively for more work fall asleep
_TRIES = 3


@dataclass(frozen=True)
class Measurement:
    """One cell.

    Attributes
    ----------
    cell : Cell
    updates : int
        Updates that each training made, with every contender.
    rates : mapping of str to float
        Each contender's updates a second over the whole batch, in its best round.
    compilation : mapping of str to float
        Seconds that the first call took beyond a second one.
    gemm : float
        Flops a second of a large matrix product, in its best round.
    activation : float
        Values of φ and φ′ a second, in its best round.
    """

    cell: Cell
    updates: int
    rates: Mapping[str, float]
    compilation: Mapping[str, float]
    gemm: float
    activation: float

    @property
    def floor(self) -> float:
        """Seconds an update cannot be faster than: its flops at `gemm` plus its values at `activation`."""
        return self.cell.flops / self.gemm + self.cell.values / self.activation


def measure(cell: Cell, contenders: Sequence[Contender], rounds: int, seconds: float) -> Measurement:
    """Measure a cell; a round takes about `seconds`."""
    instances = Instances.of(cell)
    runs: dict[str, Run] = {}
    compilation: dict[str, float] = {}
    for contender in contenders:
        ways = contender.prepare(instances)
        first, second = (_seconds(ways[0], 1) for _ in range(2))
        compilation[contender.name] = max(0.0, first - second)
        runs[contender.name] = _fastest(ways)
    probes = {"gemm": gemm_probe(cell.dtype), "activation": activation_probe(cell.activation, cell.dtype)}
    updates, times, rates = interleaved(runs, rounds, seconds, probes)
    return Measurement(
        cell,
        updates,
        {name: cell.batch * updates / best for name, best in times.items()},
        compilation,
        rates["gemm"],
        rates["activation"],
    )


def interleaved(
    runs: Mapping[str, Run], rounds: int, seconds: float, probes: Mapping[str, Probe] | None = None
) -> tuple[int, dict[str, float], dict[str, float]]:
    """Time runs in turn, all with the same number of updates.

    Parameters
    ----------
    runs : mapping of str to Run
    rounds : int
    seconds : float
        What a round should take.
    probes : mapping of str to Probe
        Rates to measure in every round beside them.

    Returns
    -------
    updates : int
        Updates that each training made.
    times : dict of str to float
        The best round's seconds of each run.
    rates : dict of str to float
        The best round's rate of each probe.
    """
    updates = _updates_in(runs, seconds)
    times = dict.fromkeys(runs, math.inf)
    rates = dict.fromkeys(probes or {}, 0.0)
    names = [*runs]
    for turn in range(rounds):
        # Nobody is always the one who runs after the same neighbour.
        for name in np.random.default_rng(turn).permutation(names):
            times[name] = min(times[name], _seconds(runs[name], updates))
        for name, probe in (probes or {}).items():
            time.sleep(_PAUSE)
            rates[name] = max(rates[name], probe())
    return updates, times, rates


def _updates_in(runs: Mapping[str, Run], seconds: float) -> int:
    """How many updates all the runs together make in about this time."""
    updates = 8
    while True:
        spent = sum(_seconds(run, updates) for run in runs.values())
        if spent > 0.3 * seconds:
            return max(1, round(updates * seconds / spent))
        updates = round(updates * min(8.0, max(1.5, 0.6 * seconds / spent)))


def _fastest(ways: Sequence[Run]) -> Run:
    """The fastest of the ways to run, tried in turn."""
    if len(ways) == 1:
        return ways[0]
    updates = _updates_in({str(i): way for i, way in enumerate(ways)}, 0.1)
    best = np.min([[_seconds(way, updates) for way in ways] for _ in range(_TRIES)], axis=0)
    return ways[int(np.argmin(best))]


def _seconds(run: Run, updates: int) -> float:
    """Time one run of so many updates.

    Raises
    ------
    AssertionError
        Where a training stopped early: the contenders would not have done the same work.
    """
    stop = StopRule(updates, _UNREACHABLE)
    time.sleep(_PAUSE)
    started = time.perf_counter()
    iterations = run(stop)
    elapsed = time.perf_counter() - started
    if not np.all(iterations == updates):
        raise AssertionError(f"a training made {iterations.min()} updates where {updates} were asked for")
    return elapsed
