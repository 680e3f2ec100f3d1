"""Training runs side by side, in segments, on any launcher of the kernels."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from overparam.plugin import DType, Job, Loop, Problem, Seen, leaves_idle_units, row_stream
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
    """All runs of a job, one block each.

    Parameters
    ----------
    job : Job
    formula : Formula
        The job's formula.
    launcher : Launcher
        Launcher of the formula's kernels.
    states : int
        Arrays of the method's state per trained array.
    """

    def __init__(self, job: Job, formula: Formula, launcher: Launcher, states: int) -> None:
        self._job, self._rule, self._launcher = job, formula.rule, launcher
        self._problems = [_on_host(job, problem) for problem in job.problems]
        self._bounds = job.recipe.bounds(job.problems[0].n)
        self._streams = [row_stream(problem, self._rule) for problem in job.problems]
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
        self.positions = list(range(len(self._problems)))
        self.iteration = 0
        self._stopped: set[int] = set()
        self._there = self._upload()
        self._reached: list[tuple[int, float, float]] = []
        self._trained: NDArray[Any] | None = None

    def _begin_state(self) -> None:
        layout = self._layout
        for position in range(len(self._problems)):
            for weights, *states in layout.arrays(layout.trained, position):
                if states:
                    for place, state in zip(states, self._rule.init(weights.copy()), strict=True):
                        place[:] = state

    def _upload(self) -> dict[str, Any]:
        sizes = [
            (self._rule.step_size_for(problem, self._job.activation), 1.0 / scale**2)
            for problem, scale in zip(self._job.problems, self._job.scales().tolist(), strict=True)
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
        going = [position for position in self.positions if position not in self._stopped]
        last = self._end_of_segment(going, until)
        for block, positions in self._buckets(going):
            self._launch(block, positions, last)
        self._trained = None
        self.iteration = last
        columns = (self._launcher.download(self._there[name]) for name in ("iterations", "totals", "paths"))
        self._reached = list(zip(*(column.tolist() for column in columns), strict=True))
        self._stopped |= {position for position in going if self._has_stopped(position)}

    def _end_of_segment(self, going: Sequence[int], until: int) -> int:
        largest = max(self._costs[position] for position in going)
        last = self.iteration + max(16, min(_LONGEST, int(_SEGMENT_PRODUCTS / largest)))
        block = self._blocks[going[0]]
        if block is not None:
            last = min(last, (self.iteration // len(block) + 1) * len(block))
        return min(last, until)

    def _has_stopped(self, position: int) -> bool:
        iteration, total, _ = self._reached[position]
        due = iteration % self._rule.updates_between_checks() == 0
        return due and self._bounds.status(total) is not None

    def _buckets(self, going: Sequence[int]) -> Iterator[tuple[Block, list[int]]]:
        """Runs grouped by the block that they need, the most expensive first."""
        buckets: dict[Block, list[int]] = defaultdict(list)
        for position in going:
            need = self._needs[position]
            about = min(-(-need.bytes // _BUCKET) * _BUCKET, self._limit)
            buckets[need._replace(bytes=about, split=0)].append(position)
        for block, positions in sorted(buckets.items(), reverse=True):
            positions.sort(key=self._costs.__getitem__, reverse=True)
            yield block, positions

    def _launch(self, block: Block, positions: list[int], last: int) -> None:
        there, launcher, method = self._there, self._launcher, self._method
        rows = self._rows(positions, last)
        shapes = [self._layout.shapes[position] for position in positions] if block.held else []
        sums = max((method.gradients(shape.k, shape.d) for shape in shapes), default=0)
        launcher.launch(
            "train_large" if block.held else "train",
            len(positions),
            block,
            (
                *(there[name] for name in ("given", "trained", "places", "shapes", "sizes")),
                launcher.upload(np.array(positions, np.int32)),
                None if rows is None else launcher.upload(rows),
                np.int32(method.batch),
                np.int32(stride_of(method.batch)),
                *(np.int64(number) for number in (self.iteration, last, self._job.stop.max_iterations)),
                np.int64(self._rule.updates_between_checks()),
                *(np.float64(bound) for bound in self._bounds),
                *(there[name] for name in ("iterations", "totals", "paths")),
                np.int32(block.held),
                launcher.scratch(len(positions) * sums, method.dtype) if sums else None,
                np.int64(sums),
            ),
        )

    def _rows(self, positions: list[int], last: int) -> NDArray[np.int32] | None:
        """Rows of the segment's updates, shape (runs, updates, batch)."""
        chosen = []
        for position in positions:
            stream, block = self._streams[position], self._blocks[position]
            if stream is None or block is None:
                return None
            used = self.iteration % len(block)
            if used == 0 and self.iteration > 0:
                block = self._blocks[position] = next(stream)
            chosen.append(block[used : used + last - self.iteration])
        return np.ascontiguousarray(np.stack(chosen), np.int32)

    def stopped(self) -> list[int]:
        """Return the rows of the runs that are outside the bounds."""
        return [row for row, position in enumerate(self.positions) if position in self._stopped]

    def look(self, rows: Sequence[int]) -> list[Seen]:
        """Return the states of these runs on the host; all weights come in one transfer."""
        if not rows:
            return []
        trained = self._trained
        if trained is None:
            trained = self._trained = self._launcher.download(self._there["trained"])
        seen = []
        for position in (self.positions[row] for row in rows):
            iteration, total, path = self._reached[position]
            W, v = self._layout.weights(trained, position, self._problems[position])
            seen.append(Seen(iteration, total, path, W, v))
        return seen

    def release(self, rows: Sequence[int]) -> None:
        """Exclude these runs from later launches."""
        gone = {self.positions[row] for row in rows}
        self.positions = [position for position in self.positions if position not in gone]


def _on_host(job: Job, problem: Problem) -> Problem:
    arrays = (problem.X, problem.y, problem.W0, problem.v)
    if all(isinstance(array, np.ndarray) for array in arrays):
        return problem
    X, y, W0, v = map(job.backend.to_numpy, arrays)
    return Problem(X, y, W0, v, problem.key)
