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

__all__ = ["Measurement", "best_rates", "measure", "probe_of", "turn"]

_UNREACHABLE = 1e-18  # a tolerance that no training reaches, whose square single precision still has
_PAUSE = 0.002  # seconds in which threads that wait actively for more work fall asleep
_FULL = 0.7  # of the time of a turn; a shorter one is followed by a longer one


@dataclass(frozen=True)
class Measurement:
    """One cell.

    Attributes
    ----------
    cell : Cell
    rates : mapping of str to float
        Each contender's updates a second over the whole batch, in its best round.
    compilation : mapping of str to float
        Seconds that the first call took beyond a second one, for those who compile.
    gemm : float
        Flops a second of a large matrix product, in its best round.
    activation : float
        Values of φ and φ′ a second, in its best round.
    """

    cell: Cell
    rates: Mapping[str, float]
    compilation: Mapping[str, float]
    gemm: float
    activation: float

    @property
    def floor(self) -> float:
        """Seconds an update cannot be faster than: its flops at `gemm` plus its values at `activation`."""
        return self.cell.flops / self.gemm + self.cell.values / self.activation


def measure(cell: Cell, contenders: Sequence[Contender], rounds: int) -> Measurement:
    """Measure a cell."""
    instances = Instances.of(cell)
    probes = {"gemm": gemm_probe(cell.dtype), "activation": activation_probe(cell.activation, cell.dtype)}
    compilation: dict[str, float] = {}
    turns: dict[str, list[str]] = {}
    for contender in contenders:
        ways = contender.prepare(instances)
        first, second = (_seconds(ways[0], 1) for _ in range(2))
        if contender.compiles:
            compilation[contender.name] = max(0.0, first - second)
        # Ways to run share the turn: which one is the fastest is noise until every round has tried it.
        turns[contender.name] = [f"{contender.name} {i}" for i in range(len(ways))]
        for name, way in zip(turns[contender.name], ways, strict=True):
            probes[name] = probe_of(way, turn(cell.batch) / len(ways))
    best = best_rates(probes, rounds)
    rates = {name: max(best[way] for way in ways) for name, ways in turns.items()}
    return Measurement(cell, rates, compilation, best["gemm"], best["activation"])


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


def turn(batch: int) -> float:
    """Seconds of a contender's turn: some milliseconds of each training, against tenths to set it up."""
    return max(0.15, 0.004 * batch)


def probe_of(run: Run, seconds: float) -> Probe:
    """Updates a second over the batch, of trainings so long that a run takes about `seconds`.

    Turns of one length meet the same noise; with one number of updates the fast would be timed over
    moments, and over trainings so short that what a training costs once would count a hundredfold.
    """
    _train(run, 1)  # what a first call compiles must not pass for a full turn
    updates = 8

    def rate() -> float:
        nonlocal updates
        started = time.perf_counter()
        made = _train(run, updates)
        spent = time.perf_counter() - started
        if spent < _FULL * seconds:
            updates = math.ceil(updates * min(16.0, max(1.3, seconds / spent)))
        return made / spent

    before = 0
    while updates > before:
        before = updates
        rate()
    return rate


def _seconds(run: Run, updates: int) -> float:
    started = time.perf_counter()
    _train(run, updates)
    return time.perf_counter() - started


def _train(run: Run, updates: int) -> int:
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
