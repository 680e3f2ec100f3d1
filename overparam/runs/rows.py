"""Row numbers for stochastic updates of a batch of training runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overparam.arrays import Array
from overparam.arrays.backends import Backend
from overparam.methods import Optimizer
from overparam.model.problem import Problem, Stream, generator

__all__ = ["RowSource", "row_stream", "rows_after"]


def row_stream(problem: Problem, optimizer: Optimizer) -> Iterator[NDArray[np.int64]] | None:
    """Return blocks (updates, rows) of a problem's rows from its own random stream; None for full gradients.

    A problem without a key, one that was not drawn, uses the stream of seed 0 and trial 0.
    """
    if type(optimizer).row_blocks is Optimizer.row_blocks:
        return None  # an unused stream would cost as much as hundreds of updates
    key = problem.key or (0, problem.n, problem.k, problem.d, 0)
    return optimizer.row_blocks(problem.n, generator(*key, Stream.SAMPLING))


def rows_after(
    updates: int, block: NDArray[np.int64], stream: Iterator[NDArray[np.int64]]
) -> tuple[NDArray[np.int64], int]:
    """Return the stream's block after this many updates, and the number of its updates already used."""
    while updates > len(block):
        updates -= len(block)
        block = next(stream)
    return block, updates


class RowSource:
    """Source of each update's rows, as positions in the batch's samples laid end to end.

    Rows are drawn on the host in blocks, and each block is transferred to the device once.
    """

    def __init__(self, streams: Sequence[Iterator[NDArray[np.int64]]], n: int, backend: Backend) -> None:
        self._streams = list(streams)
        self._n = n
        self._backend = backend
        self._next()

    def _next(self) -> None:
        self._blocks: Sequence[NDArray[np.int64]] = [next(stream) for stream in self._streams]
        self._used = 0
        self._upload()

    def _upload(self) -> None:
        offsets = (np.arange(len(self._blocks)) * self._n)[None, :, None]
        rows: NDArray[Any] = np.stack(self._blocks, axis=1) + offsets
        self._rows: Array = self._backend.asarray(rows, "int64")

    def take(self, kept: Sequence[int]) -> None:
        """Keep only the training runs at these batch rows."""
        self._streams = [self._streams[i] for i in kept]
        self._blocks = [self._blocks[i] for i in kept]
        self._upload()

    def skip(self, updates: int) -> None:
        """Skip the rows of this many updates; allowed only before the first call of `next_rows`."""
        pairs = zip(self._blocks, self._streams, strict=True)
        self._blocks, used = zip(*(rows_after(updates, *pair) for pair in pairs), strict=True)
        self._used = used[0]
        self._upload()

    def next_rows(self) -> Array:
        """Rows of the next update, shape (b, rows)."""
        if self._used == len(self._blocks[0]):
            self._next()
        self._used += 1
        return self._rows[self._used - 1, ...]
