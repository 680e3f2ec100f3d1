"""The memory of one training: one flat array, and where everything lies in it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overparam.plugin import Problem
from overparam_numba.vectors import lanes_of

__all__ = ["Workspace"]

_LINE = 64  # bytes of a cache line


@dataclass(frozen=True)
class Workspace:
    """Arrays of one training, one after another, each at the start of a vector.

    Attributes
    ----------
    memory : ndarray, shape (m,)
    places : tuple of int
        Where X (d, m), y (m,), v (k,), W (k, d), the gradient, Z (k, m), r, and the method's state begin.
    sizes : tuple of int
        n, k, d and m, the padded number of samples; k is even.
    units : ndarray of int
        Which of the problem's hidden units the rows of W are.
    """

    memory: NDArray[Any]
    places: tuple[int, ...]
    sizes: tuple[int, int, int, int]
    units: NDArray[np.int64]

    @classmethod
    def of(cls, problem: Problem, dtype: Any, *, states: int, batch: int, idle: bool) -> Workspace:
        """Lay out a problem.

        Parameters
        ----------
        problem : Problem
        dtype : NumPy data type
        states : int
            Arrays of the method's state.
        batch : int
            Rows of a stochastic update, 0 for full gradients.
        idle : bool
            Leave out hidden units with output weight 0: they contribute nothing and have gradient 0.
        """
        n, d = problem.n, problem.d
        v = np.asarray(problem.v)
        units = np.flatnonzero(v) if idle else np.arange(problem.k)
        k = max(2, units.size + units.size % 2)
        lanes = lanes_of(np.dtype(dtype).itemsize)

        def whole(count: int) -> int:
            return -(-count // lanes) * lanes

        m, wide = whole(n), whole(batch)
        longest = max(m, wide)
        lengths = (d * m, m, k, k * d, k * d, k * longest, longest + (d + 1) * wide, states * whole(k * d))
        x, y, output, w, g, z, r, state, end = accumulate(map(whole, lengths), initial=0)
        memory = _aligned(end, dtype)
        memory[x : x + d * m].reshape(d, m)[:, :n] = np.asarray(problem.X).T
        memory[y : y + n] = problem.y
        memory[output : output + units.size] = v[units]
        memory[w : w + units.size * d] = np.asarray(problem.W0)[units].ravel()
        return cls(memory, (x, y, output, w, g, z, r, state), (n, k, d, m), units)

    def weights(self, start: NDArray[Any]) -> NDArray[Any]:
        """W now, in the problem's own order; units that were left out are where they started."""
        _, _, d, _ = self.sizes
        w = self.places[3]
        result = start.astype(self.memory.dtype)
        result[self.units] = self.memory[w : w + self.units.size * d].reshape(-1, d)
        return result


def _aligned(length: int, dtype: Any) -> NDArray[Any]:
    size = np.dtype(dtype).itemsize
    buffer = np.zeros(length * size + _LINE, dtype=np.uint8)
    start = -buffer.ctypes.data % _LINE
    return buffer[start : start + length * size].view(dtype)
