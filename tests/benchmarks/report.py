"""The measurements as a page of Markdown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from itertools import groupby
from statistics import median

from tests.benchmarks.cells import Cell
from tests.benchmarks.contenders import FUSED
from tests.benchmarks.machine import BUSY, describe
from tests.benchmarks.measure import Measurement

__all__ = ["best_peer_ratio", "page"]

_NEAR = 1.7  # times the floor; beyond it a cell is named in the summary

_READING = """\
Every contender trains the same instances (X, y, W₀, v) by gradient descent with the paper's step size
(0.02 where n > 40d, because the paper's diverges there) and checks the stop rule at every iterate,
with a tolerance that is never met. They take turns within one run, round after round in changing
order; each one's best round counts. In a turn, each makes as many updates of every training run as fit
into the same time. An entry is thousands of updates a second over the whole batch, and in brackets how
many times as fast the fused engine was. *Best peer* is the smallest of these ratios. *Bound* is what
it would be if an update took no longer than its 4nkd flops at this machine's peak (multiply–adds that
stay in registers, on all cores in the same rounds) plus its nk values of φ and φ′ at the rate of the
fused engine's pass over them alone. *gemm* is the share of this machine's rate for a large square
matrix product, on all cores in the same rounds, that the fused engine's flops make. *Floor* is how
many times longer an update took than those flops at that rate plus the same values. (At odd k the
fused engine leaves out the hidden unit with output weight 0, and neither bound nor floor does.) Both
engines are timed from the host's arrays to finished outcomes, path length included; the peers from
their own arrays to iteration counts. Compilation is excluded and shown in seconds: the fused engine
compiles once for each activation and data type and keeps the result on the disk, JAX once for each
shape. PyTorch runs on one thread or on all cores, whichever was faster in the cell; torch.compile was
not tried. Before the page is written, all contenders must agree on the iteration counts of converging
training runs, to a few
steps."""


def page(
    measurements: Sequence[Measurement],
    gelu: Sequence[tuple[Cell, float, float]],
    *,
    rounds: int,
    loads: tuple[float, float],
    left_out: Sequence[str],
) -> str:
    """Return the page.

    Parameters
    ----------
    measurements : sequence of Measurement
    gelu : sequence of (Cell, float, float)
        Updates a second with GELU and with softplus.
    rounds : int
        Number of rounds of each cell.
    loads : tuple of float
        The load average before and after.
    left_out : sequence of str
        Contenders that were not measured, with the reason.
    """
    before, after = loads
    parts = [
        "# The engines on a CPU",
        "Written by `python -m tests.benchmarks`.",
        "\n".join(f"- {line}" for line in [*describe(), _run(rounds, before, after), *left_out]),
    ]
    if before > BUSY:
        parts.append(
            f"**The machine was busy: its load average was {before:.1f} at the start.** "
            "Contenders on all cores and the floor suffer most from that, which is how an update can seem "
            "faster than its floor; measure again on an idle machine."
        )
    parts += ["## Summary", _summary(measurements), "## How to read the tables", _READING]
    for (activation, dtype), group in groupby(measurements, lambda m: (m.cell.activation.name, m.cell.dtype)):
        parts += [f"## {activation}, {dtype}", _table(list(group))]
    parts += ["## A plugin's activation", _gelu(gelu)]
    return "\n\n".join(parts) + "\n"


def best_peer_ratio(measurement: Measurement) -> float:
    """Ratio of the fused engine's rate to the fastest peer's rate; infinite without peers."""
    rates = measurement.rates
    return min(
        (rates[FUSED.name] / rates[name] for name in rates if name != FUSED.name), default=float("inf")
    )


def _bound(measurement: Measurement) -> float:
    """The ratio to the best peer if the fused engine ran at the machine's peak; infinite without peers."""
    return best_peer_ratio(measurement) / (measurement.rates[FUSED.name] * measurement.least)


def _run(rounds: int, before: float, after: float) -> str:
    load = f"load average {before:.2f} at the start, {after:.2f} at the end"
    return f"{date.today()}, {rounds} rounds a cell; {load}"


def _distance(measurement: Measurement) -> float:
    """Time of an update divided by the floor."""
    return 1.0 / (measurement.rates[FUSED.name] * measurement.floor)


def _summary(measurements: Sequence[Measurement]) -> str:
    lines = ["| | median ratio to the best peer | smallest | median distance from the floor | largest |"]
    lines.append("|---|--:|--:|--:|--:|")

    def kind(m: Measurement) -> str:
        return f"{m.cell.activation.name}, {m.cell.dtype}"

    for name, group in [
        *_grouped(measurements, lambda m: m.cell.activation.name),
        *_grouped(measurements, kind),
    ]:
        ratios, distances = [best_peer_ratio(m) for m in group], [_distance(m) for m in group]
        lines.append(
            f"| {name} | {median(ratios):.1f} | {min(ratios):.1f} "
            f"| {median(distances):.2f} | {max(distances):.2f} |"
        )
    slower = [_named(m.cell) for m in measurements if best_peer_ratio(m) <= 1.0]
    far = [f"{_named(m.cell)} ({_distance(m):.2f})" for m in measurements if _distance(m) > _NEAR]
    lines += ["", f"Cells where a peer was as fast: {'; '.join(slower) or 'none'}."]
    lines += ["", f"Cells further than {_NEAR} times the floor: {'; '.join(far) or 'none'}."]
    return "\n".join(lines)


def _grouped(
    measurements: Sequence[Measurement], key: Callable[[Measurement], str]
) -> list[tuple[str, list[Measurement]]]:
    return [(name, list(group)) for name, group in groupby(measurements, key)]


def _named(cell: Cell) -> str:
    return f"{cell.activation.name} {cell.dtype} n={cell.n} k={cell.k} d={cell.d} batch={cell.batch}"


def _table(measurements: Sequence[Measurement]) -> str:
    names = [name for name in measurements[0].rates if name != FUSED.name]
    compiled = [*measurements[0].compilation]
    heading = ["n", "k", "d", "batch", FUSED.name, *names, "best peer", "bound", "gemm", "floor"]
    heading += [f"compiling {name}, s" for name in compiled]
    lines = ["| " + " | ".join(heading) + " |", "|" + "--:|" * len(heading)]
    for m in measurements:
        cell, fused = m.cell, m.rates[FUSED.name]
        row = [*(str(size) for size in (cell.n, cell.k, cell.d, cell.batch)), _thousands(fused)]
        row += [f"{_thousands(m.rates[name])} ({fused / m.rates[name]:.1f})" for name in names]
        row += [f"{best_peer_ratio(m):.1f}", f"{_bound(m):.1f}"]
        row += [f"{fused * cell.flops / m.gemm:.0%}", f"{_distance(m):.2f}"]
        row += [f"{m.compilation[name]:.1f}" for name in compiled]
        lines.append("| " + " | ".join(row) + " |")
    gemm, peak = [m.gemm / 1e9 for m in measurements], [m.peak / 1e9 for m in measurements]
    pass_alone = [1e9 / m.activation for m in measurements]
    lines += [
        "",
        f"On all cores: {min(gemm):.0f}–{max(gemm):.0f} Gflop/s in the product, "
        f"{min(peak):.0f}–{max(peak):.0f} at the peak, "
        f"{min(pass_alone):.2f}–{max(pass_alone):.2f} ns a value of φ and φ′.",
    ]
    return "\n".join(lines)


def _thousands(rate: float) -> str:
    if rate < 1e3:
        return f"{rate / 1e3:.2g}"
    return f"{rate / 1e3:.0f}" if rate >= 1e4 else f"{rate / 1e3:.1f}"


def _gelu(gelu: Sequence[tuple[Cell, float, float]]) -> str:
    lines = [
        "GELU in its tanh form, written over the Array API alone, beside softplus in the fused engine:",
        "",
        "| dtype | n | k | d | GELU, 1000 updates/s | softplus | softplus / GELU |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    lines += [
        f"| {c.dtype} | {c.n} | {c.k} | {c.d} | {_thousands(a)} | {_thousands(b)} | {b / a:.2f} |"
        for c, a, b in gelu
    ]
    return "\n".join(lines)
