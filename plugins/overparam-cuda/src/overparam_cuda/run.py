"""A job carried out segment by segment, on whatever launches the kernel."""

from __future__ import annotations

import math
import time
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from overparam.plugin import (
    DIVERGENCE_LIMIT,
    DType,
    FirstOrder,
    History,
    Job,
    Outcome,
    Problem,
    Status,
    leaves_idle_units,
    row_stream,
)
from overparam_cuda.layout import Block, Layout, stride_of

__all__ = ["Launcher", "Run"]

_SEGMENT_PRODUCTS, _LONGEST = 2e9, 4096
"""A segment makes about so many multiply-adds in each product of a training, and no more updates: less than a
tenth of a second, after which Python can be interrupted and finished trainings make room."""

_BUCKET = 4096  # bytes; trainings that need about as much of a block's memory are launched together


class Launcher(Protocol):
    """Where the kernel runs."""

    def upload(self, array: NDArray[Any]) -> Any:
        """Bring an array there; it is not shared."""

    def download(self, array: Any) -> NDArray[Any]:
        """Bring it back, when everything launched has ended."""

    def memory_of_a_block(self) -> int:
        """Bytes of memory that a block may have of its own."""

    def scratch(self, size: int, dtype: DType) -> Any:
        """So many numbers of the device's memory, whatever they are."""

    def launch(self, kernel: str, blocks: int, block: Block, arguments: tuple[Any, ...]) -> None:
        """Start so many blocks of ``train`` or ``train_large``."""


class _Reached(NamedTuple):
    """Where a training is: its iterate, the square of the relative residual there, the length of the path."""

    iteration: int
    relative: float
    path: float


class Run:
    """The trainings of one job.

    Parameters
    ----------
    job : Job
        Of a first-order method; its problems hold host arrays.
    launcher : Launcher
    states : int
        Arrays of the method's state.
    """

    def __init__(self, job: Job, launcher: Launcher, states: int) -> None:
        if not isinstance(job.optimizer, FirstOrder):
            raise TypeError(f"{job.optimizer.name} is not a first-order method")
        self._job, self._optimizer, self._launcher = job, job.optimizer, launcher
        self._problems = [_on_host(job, problem) for problem in job.problems]
        self._norms = job.label_norms()
        self._streams = [row_stream(problem, self._optimizer) for problem in job.problems]
        self._blocks = [None if stream is None else next(stream) for stream in self._streams]
        first = self._blocks[0] if self._blocks else None
        self._batch = 0 if first is None else first.shape[1]
        self._layout = Layout.of(
            self._problems,
            job.dtype,
            states=states,
            idle=leaves_idle_units(self._optimizer),
        )
        self._begin_state(states)
        self._limit = limit = launcher.memory_of_a_block()
        self._needs = [
            shape.block(states=states, batch=self._batch, dtype=job.dtype, limit=limit)
            for shape in self._layout.shapes
        ]
        self._costs = [shape.n * shape.k * shape.d for shape in self._layout.shapes]
        self._iteration = 0
        self._active = list(range(len(self._problems)))
        self._seconds = np.zeros(len(self._problems))
        self._points: list[list[tuple[float, ...]]] = [[] for _ in self._problems]
        self._there = self._upload()
        self._trained: NDArray[Any] | None = None

    def _begin_state(self, states: int) -> None:
        layout = self._layout
        for position in range(len(self._problems)):
            W = layout.columns(layout.trained, position)
            place = int(layout.places[position, 1]) + W.size
            for i, state in enumerate(self._optimizer.init(W.copy()) if states else ()):
                layout.trained[place + i * W.size : place + (i + 1) * W.size] = np.ravel(state)

    def _upload(self) -> dict[str, Any]:
        sizes = [
            (self._optimizer.step_size_for(problem, self._job.activation), 1.0 / norm**2)
            for problem, norm in zip(self._job.problems, self._norms, strict=True)
        ]
        shapes = [(*shape, need.split) for shape, need in zip(self._layout.shapes, self._needs, strict=True)]
        count = len(self._problems)
        arrays = {
            "given": self._layout.given,
            "trained": self._layout.trained,
            "places": self._layout.places,
            "shapes": np.array(shapes, np.int32).reshape(count, 5),
            "sizes": np.array(sizes, np.float64).reshape(count, 2),
            "iterations": np.zeros(count, np.int64),
            "relatives": np.zeros(count, np.float64),
            "paths": np.zeros(count, np.float64),
        }
        return {name: self._launcher.upload(array) for name, array in arrays.items()}

    @property
    def over(self) -> bool:
        """Whether every training has ended."""
        return not self._active

    def advance(self) -> Iterator[tuple[int, Outcome]]:
        """Train for a segment; return the trainings that ended."""
        started = time.perf_counter()
        last = self._next_stop()
        for block, positions in self._buckets():
            self._launch(block, positions, last)
        self._trained = None
        iterations, relatives, paths = (
            self._launcher.download(self._there[name]) for name in ("iterations", "relatives", "paths")
        )
        self._seconds[self._active] += (time.perf_counter() - started) / len(self._active)
        ended, going = [], []
        numbers = zip(iterations.tolist(), relatives.tolist(), paths.tolist(), strict=True)
        reached = [_Reached(*three) for three in numbers]
        with np.errstate(over="ignore", invalid="ignore"):  # of weights that diverged
            for position in self._active:
                status = self._status(reached[position])
                self._record(position, reached[position], over=status is not None)
                if status is None:
                    going.append(position)
                else:
                    ended.append((position, self._outcome(position, reached[position], status)))
        self._active = going
        self._iteration = last
        return iter(ended)

    def _next_stop(self) -> int:
        final, every = self._job.stop.max_iterations, self._job.record_every
        if every is not None and not any(self._points):
            return 0  # the history begins at W₀
        largest = max(self._costs[position] for position in self._active)
        last = self._iteration + max(16, min(_LONGEST, int(_SEGMENT_PRODUCTS / largest)))
        if every is not None:
            last = min(last, (self._iteration // every + 1) * every)
        block = self._blocks[self._active[0]]
        if block is not None:
            last = min(last, (self._iteration // len(block) + 1) * len(block))
        return min(last, final)

    def _buckets(self) -> Iterator[tuple[Block, list[int]]]:
        """Active trainings by the block they need, the most expensive first."""
        buckets: dict[Block, list[int]] = defaultdict(list)
        for position in self._active:
            need = self._needs[position]
            about = min(-(-need.bytes // _BUCKET) * _BUCKET, self._limit)
            buckets[need._replace(bytes=about, split=0)].append(position)
        for block, positions in sorted(buckets.items(), reverse=True):
            positions.sort(key=self._costs.__getitem__, reverse=True)
            yield block, positions

    def _launch(self, block: Block, positions: list[int], last: int) -> None:
        there, launcher = self._there, self._launcher
        rows = self._rows(positions, last)
        shapes = [self._layout.shapes[position] for position in positions] if block.held else []
        sums = max((shape.k * shape.d for shape in shapes), default=0)
        launcher.launch(
            "train_large" if block.held else "train",
            len(positions),
            block,
            (
                *(there[name] for name in ("given", "trained", "places", "shapes", "sizes")),
                launcher.upload(np.array(positions, np.int32)),
                None if rows is None else launcher.upload(rows),
                np.int32(self._batch),
                np.int32(stride_of(self._batch)),
                *(np.int64(number) for number in (self._iteration, last, self._job.stop.max_iterations)),
                np.int64(self._optimizer.updates_between_checks()),
                np.float64(self._job.stop.squared_tolerance(self._job.dtype)),
                np.float64(DIVERGENCE_LIMIT**2),
                *(there[name] for name in ("iterations", "relatives", "paths")),
                np.int32(block.held),
                launcher.scratch(len(positions) * sums, self._job.dtype) if sums else None,
                np.int64(sums),
            ),
        )

    def _rows(self, positions: list[int], last: int) -> NDArray[np.int32] | None:
        """The rows of the segment's updates, shape (trainings, updates, batch)."""
        chosen = []
        for position in positions:
            stream, block = self._streams[position], self._blocks[position]
            if stream is None or block is None:
                return None
            used = self._iteration % len(block)
            if used == 0 and self._iteration > 0:
                block = self._blocks[position] = next(stream)
            chosen.append(block[used : used + last - self._iteration])
        return np.ascontiguousarray(np.stack(chosen), np.int32)

    def _status(self, reached: _Reached) -> Status | None:
        """How a training ended, if it did: the stop rule holds only at iterates where it is checked."""
        over = reached.iteration >= self._job.stop.max_iterations
        if over or reached.iteration % self._optimizer.updates_between_checks() == 0:
            if reached.relative < self._job.stop.squared_tolerance(self._job.dtype):
                return Status.CONVERGED
            if not reached.relative <= DIVERGENCE_LIMIT**2:
                return Status.DIVERGED
        return Status.BUDGET_EXHAUSTED if over else None

    def _record(self, position: int, reached: _Reached, *, over: bool) -> None:
        every = self._job.record_every
        if every is None or not (over or reached.iteration % every == 0):
            return
        _, distance = self._weights(position)
        self._points[position].append((reached.iteration, _root(reached.relative), distance, reached.path))

    def _weights(self, position: int) -> tuple[NDArray[Any], float]:
        """W of a training and how far it is from W₀."""
        if self._trained is None:  # once a segment, and only where it is asked for
            self._trained = self._launcher.download(self._there["trained"])
        start = self._problems[position].W0.astype(self._job.dtype)
        weights = self._layout.weights(self._trained, position, start)
        way = np.ravel(weights.astype(np.float64) - start)
        return weights, math.sqrt(way @ way)

    def _outcome(self, position: int, reached: _Reached, status: Status) -> Outcome:
        problem, (weights, distance) = self._problems[position], self._weights(position)
        return Outcome(
            status=status,
            iterations=reached.iteration,
            relative_residual=_root(reached.relative),
            distance_from_initialization=distance,
            path_length=reached.path,
            effective_parameters=self._optimizer.effective_parameters(problem.k, problem.d),
            success=status is Status.CONVERGED,
            seconds=float(self._seconds[position]),
            W=weights,
            v=problem.v.astype(self._job.dtype),
            engine="cuda",
            history=None if self._job.record_every is None else _history(self._points[position]),
        )


def _on_host(job: Job, problem: Problem) -> Problem:
    arrays = (problem.X, problem.y, problem.W0, problem.v)
    if all(isinstance(array, np.ndarray) for array in arrays):
        return problem
    X, y, W0, v = map(job.backend.to_numpy, arrays)
    return Problem(X, y, W0, v, problem.key)


def _root(squared: float) -> float:
    return math.sqrt(squared) if squared >= 0.0 else math.nan


def _history(points: list[tuple[float, ...]]) -> History:
    table = np.asarray(points, dtype=np.float64).reshape(-1, 4)
    return History(table[:, 0].astype(np.int64), table[:, 1], table[:, 2], table[:, 3])
