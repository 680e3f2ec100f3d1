"""The memory of one training run: one flat array, and the places of its parts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from overparam.plugin import Layers, Problem, Recipe
from overparam_numba.vectors import lanes_of

__all__ = ["Workspace", "acting_units", "aligned"]

_LINE = 64  # bytes of a cache line


class _Size(NamedTuple):
    """Sizes that determine the layout; `real` is the number of hidden units before padding."""

    n: int
    d: int
    real: int
    batch: int
    states: int
    layers: Layers
    itemsize: int


class _Layout(NamedTuple):
    """Starts of all parts, length of the memory, and the padded sizes k, m and `wide`, of a batch."""

    places: tuple[int, ...]
    length: int
    k: int
    m: int
    wide: int
    batch: int


@lru_cache(maxsize=256)
def _layout(size: _Size) -> _Layout:
    hidden, output = size.layers != "output", size.layers != "hidden"
    lanes = lanes_of(size.itemsize)

    def whole(count: int) -> int:
        return -(-count // lanes) * lanes

    n, d, k = size.n, size.d, max(2, size.real + size.real % 2)
    m, wide = whole(n), whole(size.batch)
    longest = max(m, wide)
    data = (d * m, m, k * longest, k * longest * output, longest + (d + 1) * wide)
    weights = (k, k * d, k * d * hidden, k * output)
    states = (size.states * whole(size.real * d) * hidden, size.states * whole(size.real) * output)
    *places, length = accumulate(map(whole, (*data, *weights, *states)), initial=0)
    return _Layout(tuple(places), length, k, m, wide, places[4] + longest + wide)


@dataclass(frozen=True)
class Workspace:
    """Arrays of one training run, one after another, each starting at the start of a vector.

    Padding consists of copies of a sample or of a hidden unit, so that it is finite wherever the network is.
    Padding samples have residual 0; padding units have output weight 0 and are not updated.

    Attributes
    ----------
    memory : ndarray, shape (l,)
    places : tuple of int
        Starts of X (d, m), y (m,), Z (k, m), Φ (k, m), r, v (k,), W (k, d), the gradients for W and for v,
        and the method's states for W and for v.
    sizes : tuple of int
        n, k, d, m and the number of the k units that are the problem's; k is even, m is n padded to whole
        vectors.
    units : slice or ndarray of int
        The problem's hidden units in the first rows of W.
    """

    memory: NDArray[Any]
    places: tuple[int, ...]
    sizes: tuple[int, int, int, int, int]
    units: slice | NDArray[np.int64]

    @classmethod
    def of(cls, problem: Problem, recipe: Recipe, *, states: int, batch: int, idle: bool) -> Workspace:
        """Return the layout of a problem.

        Parameters
        ----------
        problem : Problem
        recipe : Recipe
        states : int
            Arrays of the method's state per trained array.
        batch : int
            Rows of a stochastic update; 0 for full gradients.
        idle : bool
            Omit hidden units with output weight 0: they contribute nothing and have gradient 0.
        """
        X, W0, v = np.asarray(problem.X), np.asarray(problem.W0), np.asarray(problem.v)
        n, d = X.shape
        units, real = acting_units(v, idle=idle)
        dtype = np.dtype(recipe.dtype)
        layout = _layout(_Size(n, d, real, batch, states, recipe.layers, dtype.itemsize))
        memory, (x, y, _, _, _, at_v, at_w, *_) = aligned(layout.length, dtype), layout.places
        k, m, wide = layout.k, layout.m, layout.wide
        samples = memory[x : x + d * m].reshape(d, m)
        samples[:, :n] = X.T
        if n < m:
            samples[:, n:] = X[:1].T
        if batch < wide:
            memory[layout.batch : layout.batch + d * wide].reshape(d, wide)[:, batch:] = X[:1].T
        memory[y : y + n] = problem.y
        memory[at_v : at_v + real] = v[units]
        weights = memory[at_w : at_w + k * d].reshape(k, d)
        weights[:real] = W0[units]
        if real < k:
            weights[real:] = weights[0] if real else W0[0]
        return cls(memory, layout.places, (n, k, d, m, real), units)

    def hidden_weights(self, start: NDArray[Any]) -> NDArray[Any]:
        """Return the current W in the problem's own order; omitted units have their initial weights."""
        _, _, d, _, real = self.sizes
        w = self.places[6]
        result = start.astype(self.memory.dtype)
        result[self.units] = self.memory[w : w + real * d].reshape(real, d)
        return result

    def output_weights(self, start: NDArray[Any]) -> NDArray[Any]:
        """Return the current v in the problem's own order."""
        v = self.places[5]
        result = start.astype(self.memory.dtype)
        result[self.units] = self.memory[v : v + self.sizes[4]]
        return result

    def carried(self) -> tuple[NDArray[Any], NDArray[Any]]:
        """Views of the data that updates change and do not recompute: v with W, and the states."""
        v, w, end, states = (self.places[place] for place in (5, 6, 7, 9))
        assert v < w < end <= states
        return self.memory[v:end], self.memory[states:]


def acting_units(v: NDArray[Any], *, idle: bool) -> tuple[slice | NDArray[np.int64], int]:
    """Return the acting hidden units and their number; with `idle`, units with output weight 0 do not act."""
    if idle and (acting := v.nonzero()[0]).size < v.size:
        return acting, acting.size
    return slice(None), v.size


def aligned(length: int, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return zeros that start at a cache line."""
    buffer = np.zeros(length + _LINE // dtype.itemsize, dtype=dtype)
    address, _ = buffer.__array_interface__["data"]
    start = -address % _LINE // dtype.itemsize
    return buffer[start : start + length]
