"""Training runs side by side, in segments, on any launcher of the kernels."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from overparam.plugin import (
    DType,
    Job,
    Loop,
    Problem,
    Seen,
    Snapshot,
    leaves_idle_units,
    restore,
    row_stream,
    rows_after,
)
from overparam_cuda.blocks import Block, Method, stride_of
from overparam_cuda.formula import Formula
from overparam_cuda.layout import Layout

__all__ = ["Launcher", "Runs"]

_SEGMENT_PRODUCTS, _LONGEST = 2e9, 4096
"""Multiply-adds of a segment in each product of a run, unless its updates are fewer: less than a tenth of a
second. Between segments Python can be interrupted, and finished runs are removed."""

_BUCKET = 4096  # bytes; runs that need similar amounts of a block's memory are launched together


class Launcher(Protocol):
    """Device, or a substitute, on which the kernels run."""

    def upload(self, array: NDArray[Any]) -> Any:
        """Copy an array to the device; memory is not shared."""

    def download(self, array: Any) -> NDArray[Any]:
        """Copy an array back, after all launched kernels have ended."""

    def memory_of_a_block(self) -> int:
        """Return the bytes of memory available to a block."""

    def scratch(self, size: int, dtype: DType) -> Any:
        """Return an array of this size on the device, uninitialized."""

    def launch(self, kernel: str, blocks: int, block: Block, arguments: tuple[Any, ...]) -> None:
        """Start this many blocks of ``train`` or ``train_large``."""


class Runs(Loop):
    """Runs of a job, one block each, numbered in the order of their positions.

    Parameters
    ----------
    job : Job
    positions : sequence of int
        The runs' positions in the job.
    formula : Formula
        The job's formula.
    launcher : Launcher
        Launcher of the formula's kernels.
    states : int
        Arrays of the method's state per trained array.
    """

    def __init__(
        self, job: Job, positions: Sequence[int], formula: Formula, launcher: Launcher, states: int
    ) -> None:
        self._job, self._rule, self._launcher = job, formula.rule, launcher
        self._all = tuple(positions)
        self._problems = [_on_host(job, job.problems[position]) for position in positions]
        self._bounds = job.recipe.bounds(self._problems[0].n)
        self._streams = [row_stream(problem, self._rule) for problem in self._problems]
        self._blocks = [None if stream is None else next(stream) for stream in self._streams]
        first = self._blocks[0]
        self._method = method = Method.of(formula, states, 0 if first is None else first.shape[1])
        # If v is trained, a unit with v = 0 can learn.
        idle = not formula.output and leaves_idle_units(self._rule)
        self._layout = Layout.of(self._problems, method, idle=idle)
        self._begin_state()
        self._limit = limit = launcher.memory_of_a_block()
        self._needs = [shape.block(method, limit) for shape in self._layout.shapes]
        self._costs = [shape.n * shape.k * shape.d for shape in self._layout.shapes]
        self.positions, self._present = list(positions), list(range(len(positions)))
        self.iteration = 0
        self._stopped: set[int] = set()
        self._there = self._upload()
        self._reached: list[tuple[int, float, float]] = []
        self._trained: NDArray[Any] | None = None

    def _begin_state(self) -> None:
        layout = self._layout
        for number in range(len(self._problems)):
            for weights, *states in layout.arrays(layout.trained, number):
                if states:
                    for place, state in zip(states, self._rule.init(weights.copy()), strict=True):
                        place[:] = state

    def _upload(self) -> dict[str, Any]:
        scales = self._job.scales()[list(self._all)].tolist()
        sizes = [
            (self._rule.step_size_for(self._job.problems[position], self._job.activation), 1.0 / scale**2)
            for position, scale in zip(self._all, scales, strict=True)
        ]
        layout, count = self._layout, len(self._problems)
        shapes = [
            (*shape, need.split, own.size)
            for shape, need, own in zip(layout.shapes, self._needs, layout.units, strict=True)
        ]
        arrays = {
            "given": layout.given,
            "trained": layout.trained,
            "places": layout.places,
            "shapes": np.array(shapes, np.int32),
            "sizes": np.array(sizes, np.float64),
            "iterations": np.zeros(count, np.int64),
            "totals": np.zeros(count, np.float64),
            "paths": np.zeros(count, np.float64),
        }
        return {name: self._launcher.upload(array) for name, array in arrays.items()}

    def advance(self, until: int) -> None:
        """Train the runs that have not stopped for a segment, at most to `until`."""
        if self._reached and until <= self.iteration:
            return
        going = [number for number in self._present if number not in self._stopped]
        last = self._end_of_segment(going, until)
        for block, numbers in self._buckets(going):
            self._launch(block, numbers, last)
        self._trained = None
        self.iteration = last
        columns = (self._launcher.download(self._there[name]) for name in ("iterations", "totals", "paths"))
        self._reached = list(zip(*(column.tolist() for column in columns), strict=True))
        self._stopped |= {number for number in going if self._has_stopped(number)}

    def _end_of_segment(self, going: Sequence[int], until: int) -> int:
        largest = max(self._costs[number] for number in going)
        last = self.iteration + max(16, min(_LONGEST, int(_SEGMENT_PRODUCTS / largest)))
        block = self._blocks[going[0]]
        if block is not None:
            last = min(last, (self.iteration // len(block) + 1) * len(block))
        return min(last, until)

    def _has_stopped(self, number: int) -> bool:
        iteration, total, _ = self._reached[number]
        due = iteration % self._rule.updates_between_checks() == 0
        return due and self._bounds.status(total) is not None

    def _buckets(self, going: Sequence[int]) -> Iterator[tuple[Block, list[int]]]:
        """Runs grouped by the block that they need, the most expensive first."""
        buckets: dict[Block, list[int]] = defaultdict(list)
        for number in going:
            need = self._needs[number]
            about = min(-(-need.bytes // _BUCKET) * _BUCKET, self._limit)
            buckets[need._replace(bytes=about, split=0)].append(number)
        for block, numbers in sorted(buckets.items(), reverse=True):
            numbers.sort(key=self._costs.__getitem__, reverse=True)
            yield block, numbers

    def _launch(self, block: Block, numbers: list[int], last: int) -> None:
        there, launcher, method = self._there, self._launcher, self._method
        rows = self._rows(numbers, last)
        shapes = [self._layout.shapes[number] for number in numbers] if block.held else []
        sums = max((method.gradients(shape.k, shape.d) for shape in shapes), default=0)
        launcher.launch(
            "train_large" if block.held else "train",
            len(numbers),
            block,
            (
                *(there[name] for name in ("given", "trained", "places", "shapes", "sizes")),
                launcher.upload(np.array(numbers, np.int32)),
                None if rows is None else launcher.upload(rows),
                np.int32(method.batch),
                np.int32(stride_of(method.batch)),
                *(np.int64(number) for number in (self.iteration, last, self._job.stop.max_iterations)),
                np.int64(self._rule.updates_between_checks()),
                *(np.float64(bound) for bound in self._bounds),
                *(there[name] for name in ("iterations", "totals", "paths")),
                np.int32(block.held),
                launcher.scratch(len(numbers) * sums, method.dtype) if sums else None,
                np.int64(sums),
            ),
        )

    def _rows(self, numbers: list[int], last: int) -> NDArray[np.int32] | None:
        """Rows of the segment's updates, shape (runs, updates, batch)."""
        chosen = []
        for number in numbers:
            stream, block = self._streams[number], self._blocks[number]
            if stream is None or block is None:
                return None
            used = self.iteration % len(block)
            if used == 0 and self.iteration > 0:
                block = self._blocks[number] = next(stream)
            chosen.append(block[used : used + last - self.iteration])
        return np.ascontiguousarray(np.stack(chosen), np.int32)

    def stopped(self) -> list[int]:
        """Return the rows of the runs that are outside the bounds."""
        return [row for row, number in enumerate(self._present) if number in self._stopped]

    def look(self, rows: Sequence[int]) -> list[Seen]:
        """Return the states of these runs on the host; all weights come in one transfer."""
        if not rows:
            return []
        seen, trained = [], self._downloaded()
        for number in (self._present[row] for row in rows):
            iteration, total, path = self._reached[number]
            W, v = self._layout.weights(trained, number, self._problems[number])
            seen.append(Seen(iteration, total, path, W, v))
        return seen

    def _downloaded(self) -> NDArray[Any]:
        if self._trained is None:
            self._trained = self._launcher.download(self._there["trained"])
        return self._trained

    def snapshots(self) -> list[Snapshot]:
        """Return each run's weights and state, in the kernel's layout."""
        found, trained = [], self._downloaded()
        for number in self._present:
            iteration, _, path = self._reached[number]
            found.append(Snapshot(iteration, path, (self._layout.run(trained, number).copy(),)))
        return found

    def resume(self, snapshots: Sequence[Snapshot]) -> bool:
        """Upload the weights and states of snapshots; the loss and the gradient are computed again."""
        layout, launcher = self._layout, self._launcher
        for number, snapshot in enumerate(snapshots):
            if not restore([layout.run(layout.trained, number)], snapshot):
                return False
        paths = np.array([snapshot.path_length for snapshot in snapshots])
        self._there |= {"trained": launcher.upload(layout.trained), "paths": launcher.upload(paths)}
        self.iteration = snapshots[0].iteration
        for number, (stream, block) in enumerate(zip(self._streams, self._blocks, strict=True)):
            if stream is not None and block is not None:
                self._blocks[number], _ = rows_after(self.iteration, block, stream)
        return True

    def release(self, rows: Sequence[int]) -> None:
        """Exclude these runs from later launches."""
        gone = {self._present[row] for row in rows}
        self._present = [number for number in self._present if number not in gone]
        self.positions = [self._all[number] for number in self._present]


def _on_host(job: Job, problem: Problem) -> Problem:
    arrays = (problem.X, problem.y, problem.W0, problem.v)
    if all(isinstance(array, np.ndarray) for array in arrays):
        return problem
    X, y, W0, v = map(job.backend.to_numpy, arrays)
    return Problem(X, y, W0, v, problem.key)
