"""Measure how busy the driver keeps its workers: python -m tests.benchmarks.driver [WORKERS …].

Nothing is trained: `tests.sweeps.virtual` explains what is simulated and what is real. Each line is a sweep
of n = 1,000 with 150 s of training for each worker, in trials of one or two seconds. In the last line, a
trial takes a fifth of a second.
"""

import sys
import tempfile
from pathlib import Path

from overparam.runs import StopRule
from overparam.studies import Grid
from tests.sweeps.fakes import specification
from tests.sweeps.virtual import simulate

_TRIALS = 100  # of each worker
_USUAL, _FAST = 5e10, 4e11  # units of work a second


def main(workers: list[int]) -> None:
    """Print a table with one line per sweep."""
    print("workers  s a trial  s in all   busy  driver  chunks  trials/s  commits/s")
    for count in workers:
        show(count, _USUAL)
    show(workers[-1], _FAST)


def show(workers: int, pace: float) -> None:
    """Simulate one sweep and print its line."""
    trials = workers * _TRIALS * (1 if pace == _USUAL else 2)
    grid = Grid.product([1000], [20, 26, 32, 38, 44], [30, 36, 42, 48, 54], trials=-(-trials // 25))
    with tempfile.TemporaryDirectory() as folder:
        found = simulate(
            Path(folder) / "a.study", specification(stop=StopRule(15_000)), grid, workers, pace=pace
        )
    each = found.busy * found.seconds * workers / found.trials
    print(
        f"{workers:>7}  {each:9.2f}  {found.seconds:8.1f}  {found.busy:5.3f}  {found.driver:6.3f}"
        f"  {found.chunks:6}  {found.trials / found.seconds:8.0f}  {found.commits / found.seconds:9.1f}",
        flush=True,
    )


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]] or [10, 100, 1000, 10_000])
