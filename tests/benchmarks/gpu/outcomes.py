"""``python -m tests.benchmarks.gpu.outcomes``: Figure 2 on a GPU and on the CPU, trial by trial."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from overparam.sweeps import TrialRow, load_study

__all__ = ["Comparison", "Timed", "compare", "figure_2"]

_TOLERANCE = 2.5e-3
_BUDGET_SHARE, _RESIDUAL_SHARE = 0.02, 0.1
"""A trial is near the tolerance where these parts of the budget and of the residual decide how it ends.

With ReLU, whose patterns of activity jump, single precision alone moves a converging trial by a hundredth of
its iterations, and the residual of one that goes on by some hundredths."""


@dataclass(frozen=True)
class Comparison:
    """Trials of two runs of one sweep.

    Attributes
    ----------
    trials, equal : int
        All, and those that ended in the same way.
    near, away : tuple of str
        The others, in words: near the tolerance, and not.
    iterations : float
        Largest relative difference of the iterations of trials that converged in both.
    """

    trials: int
    equal: int
    near: tuple[str, ...]
    away: tuple[str, ...]
    iterations: float

    def __str__(self) -> str:
        lines = [
            f"{self.equal} of {self.trials} trials end alike; {len(self.near)} near the tolerance do not, "
            f"and {len(self.away)} away from it",
            f"iterations of trials that converged in both differ by {self.iterations:.2%} at most",
        ]
        lines += [f"  near: {line}" for line in self.near]
        lines += [f"  AWAY: {line}" for line in self.away]
        return "\n".join(lines)


def compare(ours: Iterable[TrialRow], reference: Iterable[TrialRow], budget: int) -> Comparison:
    """Compare the rows of two runs of one sweep.

    Raises
    ------
    ValueError
        Where they are not the same trials.
    """
    pairs = list(zip(ours, reference, strict=True))
    if any(a[:4] != b[:4] for a, b in pairs):
        raise ValueError("the two runs are not of the same trials")
    other = [(a, b) for a, b in pairs if a.status != b.status]
    near = [pair for pair in other if all(_is_near(row, budget) for row in pair)]
    both = [(a.iterations, b.iterations) for a, b in pairs if a.status == b.status == "converged"]
    return Comparison(
        len(pairs),
        len(pairs) - len(other),
        tuple(map(_said, near)),
        tuple(_said(pair) for pair in other if pair not in near),
        max((abs(a - b) / max(a, b, 1) for a, b in both), default=0.0),
    )


def _is_near(row: TrialRow, budget: int) -> bool:
    if row.relative_residual is None or row.iterations < (1.0 - _BUDGET_SHARE) * budget:
        return False
    return row.relative_residual <= (1.0 + _RESIDUAL_SHARE) * _TOLERANCE


def _said(pair: tuple[TrialRow, TrialRow]) -> str:
    return "n={} k={} d={} trial={}: ".format(*pair[0][:4]) + ", ".join(
        f"{row.status} after {row.iterations} at {row.relative_residual}" for row in pair
    )


@dataclass(frozen=True)
class Timed:
    """Figure 2 on a backend.

    Attributes
    ----------
    rows : tuple of TrialRow
    whole, training : float
        Seconds of the command, and of them those in which trainings ran.
    """

    rows: tuple[TrialRow, ...]
    whole: float
    training: float


def figure_2(backend: str, options: Sequence[str] = ()) -> Timed:
    """Reproduce it by the command, as a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "overparam", "-q", "--backend", backend, "reproduce", "fig2"]
        started = time.perf_counter()
        subprocess.run([*command, "--output", folder, *options], check=True, stdout=subprocess.DEVNULL)
        whole = time.perf_counter() - started
        rows = tuple(row for path in sorted(Path(folder).glob("*.study")) for row in load_study(path).rows())
    return Timed(rows, whole, sum(row.seconds for row in rows))


@click.command()
@click.option("--backend", default="cupy", show_default=True)
@click.option("--reference", default="numpy", show_default=True, help="The backend to compare with.")
@click.option("--grid", default="1:25", show_default=True, help="Values of k and of d.")
@click.option("--trials", type=click.IntRange(min=1), default=10, show_default=True)
@click.option("--max-iterations", type=click.IntRange(min=0), default=15_000, show_default=True)
def main(backend: str, reference: str, grid: str, trials: int, max_iterations: int) -> None:
    """Run Figure 2 on two backends and compare all trials; ends with 1 where one differs that should not."""
    options = ["--grid", grid, "--trials", str(trials), "--max-iterations", str(max_iterations)]
    runs = {name: figure_2(name, options) for name in (backend, reference)}
    for name, run in runs.items():
        click.echo(f"{name}: {run.whole:.1f} s, {run.training:.1f} s of it training")
    found = compare(runs[backend].rows, runs[reference].rows, max_iterations)
    click.echo(str(found))
    sys.exit(1 if found.away else 0)


if __name__ == "__main__":
    main(prog_name="python -m tests.benchmarks.gpu.outcomes")
