"""The memory of one large training run: samples by panels, partial gradients, and memory of each thread."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overparam.plugin import Problem, Recipe
from overparam_numba.partition import Partition
from overparam_numba.tiles import MOST_VECTORS
from overparam_numba.vectors import lanes_of
from overparam_numba.workspace import acting_units, aligned

__all__ = ["LargeSpace"]


@dataclass(frozen=True)
class LargeSpace:
    """Arrays of one large training run, one after another, each starting at the start of a vector.

    Padding consists of copies of a sample or of a hidden unit, as in `Workspace`.

    Attributes
    ----------
    memory : ndarray, shape (l,)
    places : tuple of int
        Starts of X by panels, X by blocks, y, φ(XW₀ᵀ) by blocks, v, W (k, wide), the slots' gradients for W
        and for v, their sums, the method's states for W and for v, and the threads' own memory.
    sizes : tuple of int
        n, k, d, d in whole vectors, k in whole vectors, the number of the k units that are the problem's,
        the samples of the largest block, and the length of a thread's own memory.
    partition : Partition
    units : slice or ndarray of int
        The problem's hidden units in the first rows of W.
    """

    memory: NDArray[Any]
    places: tuple[int, ...]
    sizes: tuple[int, ...]
    partition: Partition
    units: slice | NDArray[np.int64]

    @classmethod
    def of(cls, problem: Problem, recipe: Recipe, *, states: int, idle: bool, threads: int) -> LargeSpace:
        """Return the layout of a problem for this many threads; `states` and `idle` as in `Workspace.of`."""
        X, W0, v = np.asarray(problem.X), np.asarray(problem.W0), np.asarray(problem.v)
        n, d = X.shape
        units, real = acting_units(v, idle=idle)
        dtype = np.dtype(recipe.dtype)
        lanes = lanes_of(dtype.itemsize)
        hidden, output = recipe.layers != "output", recipe.layers != "hidden"

        def whole(count: int) -> int:
            return -(-count // lanes) * lanes

        k, wide, m = real + real % 2, whole(d), whole(n)
        tall = whole(k)
        partition = Partition.of(n, k, wide, real, recipe.layers, dtype.itemsize)
        slots, most = len(partition.slots) - 1, partition.most_samples * lanes
        own = whole(most + tall + k * most * (hidden + (hidden and output)))
        lengths = (
            *(m * d, m * wide * hidden, m, k * m * (not hidden), tall, k * wide),
            *(slots * k * wide * hidden, slots * tall * output, k * wide * hidden, tall * output),
            *(states * real * wide * hidden, states * whole(real) * output, own * threads),
        )
        *places, length = accumulate(map(whole, lengths), initial=0)
        space = cls(
            aligned(length, dtype), tuple(places), (n, k, d, wide, tall, real, most, own), partition, units
        )
        space._fill(X, np.asarray(problem.y), W0, v, hidden=hidden)
        return space

    def _fill(
        self, X: NDArray[Any], y: NDArray[Any], W0: NDArray[Any], v: NDArray[Any], *, hidden: bool
    ) -> None:
        n, k, d, wide, _, real, *_ = self.sizes
        x, by_blocks, at_y, _, at_v, at_w, *_ = self.places
        memory, lanes = self.memory, lanes_of(self.memory.itemsize)
        panels = self.partition.panels * lanes
        for first, last in pairwise(panels):
            memory[x + first * d : x + last * d].reshape(d, -1)[:] = _rows(X, first, last).T
        if hidden:
            tiles = -(-wide // (lanes * MOST_VECTORS))
            counts = [(wide // lanes + tile) // tiles * lanes for tile in range(tiles)]
            for first, last in pairwise(panels[self.partition.blocks]):
                rows, begin = _rows(X, first, last), 0
                block = memory[by_blocks + first * wide : by_blocks + last * wide]
                for width in counts:
                    tile = block[(last - first) * begin :][: (last - first) * width].reshape(-1, width)
                    inputs = rows[:, begin : begin + width]
                    tile[:, : inputs.shape[1]] = inputs
                    begin += width
        memory[at_y : at_y + n] = y
        memory[at_v : at_v + real] = v[self.units]
        weights = self._weights(at_w, k)
        weights[:real, :d] = W0[self.units]
        if real < k:
            weights[real:] = weights[0]

    def _weights(self, at: int, rows: int) -> NDArray[Any]:
        wide = self.sizes[3]
        return self.memory[at : at + rows * wide].reshape(rows, wide)

    def hidden_weights(self, start: NDArray[Any]) -> NDArray[Any]:
        """Return the current W in the problem's own order; omitted units have their initial weights."""
        result = start.astype(self.memory.dtype)
        result[self.units] = self._weights(self.places[5], self.sizes[5])[:, : self.sizes[2]]
        return result

    def output_weights(self, start: NDArray[Any]) -> NDArray[Any]:
        """Return the current v in the problem's own order."""
        at = self.places[4]
        result = start.astype(self.memory.dtype)
        result[self.units] = self.memory[at : at + self.sizes[5]]
        return result

    def carried(self) -> tuple[NDArray[Any], NDArray[Any]]:
        """Views of the data that updates change and do not recompute: v with W, and the states."""
        v, end, states, own = (self.places[place] for place in (4, 6, 10, 12))
        return self.memory[v:end], self.memory[states:own]


def _rows(X: NDArray[Any], first: int, last: int) -> NDArray[Any]:
    """Samples `first` to `last` − 1; beyond the end, copies of the very first sample."""
    rows = X[first:last]
    missing = last - first - len(rows)
    return np.concatenate([rows, np.repeat(X[:1], missing, axis=0)]) if missing else rows
