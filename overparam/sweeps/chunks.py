"""A sweep split into chunks of work: some seconds each, and enough trials to fill a batch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np

from overparam.arrays.backends import Backend, DType
from overparam.studies.grid import Cell, Grid, TrialKey
from overparam.sweeps.cost import Cost

__all__ = ["block_of", "chunks", "problem_bytes", "working_set", "worst_first"]

_HOST_BYTES = 2 << 30  # of drawn instances that wait
_BLOCK = (2, 4)
"""Widths and inputs of one block of cells train well together: engines pad them to one shape."""

_ARRAYS = 5


def worst_first(grid: Grid, cost: Cost) -> list[Cell]:
    """Return the cells in the order of training.

    One n after the other, and the most expensive blocks of neighbouring cells first, so that the last chunks
    of the workers are short.
    """
    most: dict[Cell, float] = {}
    for cell in grid.cells:
        block = block_of(cell)
        most[block] = max(most.get(block, 0.0), cost.of(cell))
    return sorted(grid.cells, key=lambda cell: (-cell.n, -most[block_of(cell)], block_of(cell), cell))


def chunks(
    keys: Iterable[TrialKey],
    cost: Cost,
    target: Callable[[], tuple[float, float]],
    batch_bytes: int,
    dtype: DType,
    most_trials: int,
) -> Iterator[tuple[TrialKey, ...]]:
    """Yield chunks of trials with one n.

    Parameters
    ----------
    keys : iterable of TrialKey
        Consumed as chunks are requested.
    cost : Cost
    target : callable
        Returns the units of work that a chunk should hold, and may hold; called for each chunk.
    batch_bytes : int
        A chunk holds more work than it should if its problems together are smaller than this.
    dtype : "float32" or "float64"
    most_trials : int
        Limit for a chunk, besides the limit of the host's memory.
    """
    chunk: list[TrialKey] = []
    units, held, drawn = 0.0, 0, 0
    least = most = 0.0
    for key in keys:
        full = (
            units >= most
            or (units >= least and held >= batch_bytes)
            or len(chunk) >= most_trials
            or drawn >= _HOST_BYTES
        )
        if chunk and (full or key.n != chunk[0].n):
            yield tuple(chunk)
            chunk, units, held, drawn = [], 0.0, 0, 0
        if not chunk:
            least, most = target()
        chunk.append(key)
        cell = Cell(*key[:3])
        units += cost.of(cell)
        held += problem_bytes(cell, dtype)
        drawn += 8 * (cell.n * cell.d + cell.n + cell.k * cell.d)
    if chunk:
        yield tuple(chunk)


def working_set(backend: Backend) -> int:
    """Return the bytes that fill a batch; 0 if the driver lacks the device of its workers."""
    return 0 if backend.unavailable() else backend.working_set()


def problem_bytes(cell: Cell, dtype: DType) -> int:
    """Return the approximate memory of one training run: X, a few arrays like Z = XWᵀ, and weights."""
    n, k, d = cell
    return int(np.dtype(dtype).itemsize) * (n * d + _ARRAYS * n * k + 3 * k * d)


def block_of(cell: Cell) -> Cell:
    """Return the block of neighbouring cells that contains a cell, numbered like a coarser grid."""
    return Cell(cell.n, -(-cell.k // _BLOCK[0]), -(-cell.d // _BLOCK[1]))
