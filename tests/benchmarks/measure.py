"""Interleaved measurements: every round runs each contender once, so noise affects all of them equally."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.benchmarks.cells import Cell
from tests.benchmarks.contenders import Contender
from tests.benchmarks.floor import activation_probe, gemm_probe, peak_probe
from tests.benchmarks.instances import Instances, Run
from tests.benchmarks.probes import best_rates, probe_of, trained

__all__ = ["Measurement", "measure", "turn"]

_LONG = 1e-9  # a turn's seconds per flop of an update: about a hundred updates, so setup is negligible


@dataclass(frozen=True)
class Measurement:
    """Measured rates of one cell.

    Attributes
    ----------
    cell : Cell
    rates : mapping of str to float
        Each contender's updates a second over the whole batch, in its best round.
    compilation : mapping of str to float
        Seconds by which the first call took longer than the second, for contenders that compile.
    gemm : float
        Flops a second of a large matrix product, in its best round.
    peak : float
        Flops a second of multiply–adds that stay in registers, in its best round.
    activation : float
        Values of φ and φ′ a second, in its best round.
    """

    cell: Cell
    rates: Mapping[str, float]
    compilation: Mapping[str, float]
    gemm: float
    peak: float
    activation: float

    @property
    def floor(self) -> float:
        """Seconds of an update's flops at `gemm` plus its values at `activation`."""
        return self.cell.flops / self.gemm + self.cell.values / self.activation

    @property
    def least(self) -> float:
        """Seconds of an update's flops at `peak` plus its values at `activation`."""
        return self.cell.flops / self.peak + self.cell.values / self.activation


def measure(cell: Cell, contenders: Sequence[Contender], rounds: int) -> Measurement:
    """Measure one cell in `rounds` rounds."""
    instances = Instances.of(cell)
    probes = {
        "gemm": gemm_probe(cell.dtype),
        "peak": peak_probe(cell.dtype),
        "activation": activation_probe(cell.activation, cell.dtype),
    }
    compilation: dict[str, float] = {}
    turns: dict[str, list[str]] = {}
    for contender in contenders:
        ways = contender.prepare(instances)
        first, second = (_seconds(ways[0], 1) for _ in range(2))
        if contender.compiles:
            compilation[contender.name] = max(0.0, first - second)
        # The ways to run share the contender's turn: only all rounds together show which one is the fastest.
        turns[contender.name] = [f"{contender.name} {i}" for i in range(len(ways))]
        for name, way in zip(turns[contender.name], ways, strict=True):
            probes[name] = probe_of(way, max(turn(cell.batch), cell.flops * _LONG) / len(ways))
    best = best_rates(probes, rounds)
    rates = {name: max(best[way] for way in ways) for name, ways in turns.items()}
    return Measurement(cell, rates, compilation, best["gemm"], best["peak"], best["activation"])


def turn(batch: int) -> float:
    """Seconds of a contender's turn: a few milliseconds per training run; its setup takes tenths of one."""
    return max(0.15, 0.004 * batch)


def _seconds(run: Run, updates: int) -> float:
    started = time.perf_counter()
    trained(run, updates)
    return time.perf_counter() - started
