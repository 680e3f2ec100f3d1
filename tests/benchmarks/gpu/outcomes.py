"""``python -m tests.benchmarks.gpu.outcomes``: Figure 2 on a GPU and on the CPU, trial by trial."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from overparam.arrays.backends import DType
from overparam.studies import TrialRow, load_study

__all__ = ["Comparison", "Timed", "compare", "figure_2"]

_SPARE = 2


@dataclass(frozen=True)
class Comparison:
    """One panel from three runs: ours, the reference in single precision, and the reference in double.

    Attributes
    ----------
    trials : int
    different : tuple of str
        One text for each trial that ours and the reference end with different statuses.
    by_precision : int
        Number of trials that the reference itself ends with a different status in double precision: rounding
        decides them. With ReLU, whose activation patterns change abruptly, that is one trial in a thousand,
        also far from the tolerance.
    iterations, iterations_by_precision : float
        Largest relative difference of the iterations over trials that converged in both: ours against the
        reference, and the reference in single against double precision.
    """

    trials: int
    different: tuple[str, ...]
    by_precision: int
    iterations: float
    iterations_by_precision: float

    @property
    def alike(self) -> bool:
        """Whether ours differs about as often as rounding does: at most twice as often plus a few."""
        return len(self.different) <= 2 * self.by_precision + _SPARE

    def __str__(self) -> str:
        ended = f"{len(self.different)} of {self.trials} trials end in another way"
        apart = f"{self.iterations:.2%} at most ({self.iterations_by_precision:.2%} by precision)"
        lines = [f"{ended} ({self.by_precision} by precision), iterations differ by {apart}"]
        return "\n".join([*lines, *(f"  {line}" for line in self.different)])


def compare(ours: Sequence[TrialRow], single: Sequence[TrialRow], double: Sequence[TrialRow]) -> Comparison:
    """Compare a panel's rows with the reference's.

    Raises
    ------
    ValueError
        If the rows are not of the same trials.
    """
    triples = list(zip(ours, single, double, strict=True))
    if any(len({row[:4] for row in rows}) > 1 for rows in triples):
        raise ValueError("these are not the same trials")
    return Comparison(
        len(triples),
        tuple(_said(rows) for rows in triples if rows[0].status != rows[1].status),
        sum(two.status != three.status for _, two, three in triples),
        max((_apart(one, two) for one, two, _ in triples), default=0.0),
        max((_apart(two, three) for _, two, three in triples), default=0.0),
    )


def _apart(one: TrialRow, other: TrialRow) -> float:
    if not one.status == other.status == "converged":
        return 0.0
    return abs(one.iterations - other.iterations) / max(one.iterations, other.iterations, 1)


def _said(rows: tuple[TrialRow, ...]) -> str:
    return "n={} k={} d={} trial={}: ".format(*rows[0][:4]) + "; ".join(
        f"{row.status} after {row.iterations} at {row.relative_residual}" for row in rows
    )


@dataclass(frozen=True)
class Timed:
    """Figure 2 on a backend.

    Attributes
    ----------
    panels : dict of str to list of TrialRow
    whole, training : float
        Seconds of the whole command, and the seconds of its training runs.
    """

    panels: dict[str, list[TrialRow]]
    whole: float
    training: float


def figure_2(backend: str, options: Sequence[str] = (), dtype: DType = "float32") -> Timed:
    """Reproduce Figure 2 with the command, in a separate process."""
    asked = ["-q", "--backend", backend, "--dtype", dtype, "reproduce", "fig2", *options]
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        command = [sys.executable, "-m", "overparam", *asked, "--output", folder]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        whole = time.perf_counter() - started
        panels = {path.stem: load_study(path).rows() for path in sorted(Path(folder).glob("*.study"))}
    return Timed(panels, whole, sum(row.seconds for rows in panels.values() for row in rows))


@click.command()
@click.option("--backend", default="cupy", show_default=True)
@click.option("--reference", default="numpy", show_default=True, help="The backend to compare with.")
@click.option("--grid", default="1:25", show_default=True, help="Values of k and of d.")
@click.option("--trials", type=click.IntRange(min=1), default=10, show_default=True)
@click.option("--max-iterations", type=click.IntRange(min=0), default=15_000, show_default=True)
def main(backend: str, reference: str, grid: str, trials: int, max_iterations: int) -> None:
    """Run Figure 2 on a backend, and on another in both data types; exit with 1 if too much differs."""
    options = ["--grid", grid, "--trials", str(trials), "--max-iterations", str(max_iterations)]
    runs = [figure_2(backend, options), figure_2(reference, options), figure_2(reference, options, "float64")]
    for name, run in zip((backend, reference, f"{reference}, float64"), runs, strict=True):
        click.echo(f"{name}: {run.whole:.1f} s, {run.training:.1f} s of it training")
    found = {panel: compare(*(run.panels[panel] for run in runs)) for panel in runs[0].panels}
    for panel, comparison in found.items():
        click.echo(f"{panel}: {comparison}")
    sys.exit(0 if all(comparison.alike for comparison in found.values()) else 1)


if __name__ == "__main__":
    main(prog_name="python -m tests.benchmarks.gpu.outcomes")
