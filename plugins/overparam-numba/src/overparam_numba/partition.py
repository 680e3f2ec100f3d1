"""Division of a large training run into tasks: their sizes, and which ones may run at the same time.

The division follows from the shapes alone. Sums are taken slot by slot and block by block in a fixed order,
so rounding does not depend on the number or the order of threads.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from overparam.plugin import Layers
from overparam_numba.lanes import VECTOR_BYTES
from overparam_numba.tiles import MOST_VECTORS

__all__ = ["Partition", "cost_of_update", "is_large"]

_LARGE, _LARGE_NARROW = 8e6, 3.2e7  # least costs of divided updates; there one thread is no slower either
_NARROW = 16  # with fewer inputs, padding costs more than the caches gain, unless Z exceeds the caches
_SHARE = 2e6  # least cost of a thread's share of an update, so that synchronization is cheap in comparison
_MOST_SLOTS = 32
_SLOT_SAMPLES = 128  # fewer would load and store partial gradients more often than they add to them
_MOST_PARTIAL = 1 << 28  # bytes of all slots' gradients
_CACHE = 3 << 18  # bytes of a second-level cache for a block's samples and activations
_MOST_BLOCK = 32  # vectors of samples in a block
_MOVE = 1 << 12  # weights that one task updates
_MOST_MOVES = 64


def cost_of_update(n: int, k: int, d: int, layers: Layers) -> float:
    """Return the cost of an update, in about floating-point operations."""
    return n * k * (8.0 if layers == "output" else 4.0 * d + 40.0)


def is_large(n: int, k: int, d: int, layers: Layers) -> bool:
    """Return whether an update is divided into tasks; this depends only on the shapes."""
    narrow = d < _NARROW and layers != "output"
    return cost_of_update(n, k, d, layers) >= (_LARGE_NARROW if narrow else _LARGE)


class Partition(NamedTuple):
    """Boundaries; each array has one entry more than there are parts.

    Attributes
    ----------
    slots : ndarray of int
        The first block of each slot. A slot's samples add to their own gradient.
    blocks : ndarray of int
        The first panel of each block. A block's activations stay in the cache.
    panels : ndarray of int
        The first vector of each panel. A panel's vectors are multiplied side by side.
    rows : ndarray of int
        The first hidden unit of each task that updates weights.
    """

    slots: NDArray[np.int64]
    blocks: NDArray[np.int64]
    panels: NDArray[np.int64]
    rows: NDArray[np.int64]

    @classmethod
    def of(cls, n: int, k: int, d: int, real: int, layers: Layers, itemsize: int) -> Partition:
        """Return the division of n samples and `real` of k hidden units, with d inputs in whole vectors."""
        lanes = VECTOR_BYTES // itemsize
        panels = _cuts(-(-n // lanes), -(-n // (lanes * MOST_VECTORS)))
        count = len(panels) - 1
        of_a_slot = -(-_SLOT_SAMPLES // (lanes * MOST_VECTORS))
        fitting = _MOST_PARTIAL // (k * d * itemsize) if layers != "output" else _MOST_SLOTS
        # A power of two divides evenly among most numbers of cores.
        most = max(1, min(_MOST_SLOTS, fitting, -(-count // of_a_slot)))
        in_slots = _cuts(count, 1 << (most.bit_length() - 1))
        vectors = _CACHE // (VECTOR_BYTES * (k * (2 if layers == "both" else 1) + 2 * d))
        of_a_block = max(1, min(vectors, _MOST_BLOCK) // MOST_VECTORS)
        slots, blocks = [0], [0]
        for first, last in pairwise(in_slots):
            blocks += [int(first + cut) for cut in _cuts(last - first, -(-(last - first) // of_a_block))[1:]]
            slots.append(len(blocks) - 1)
        moves = 1 if layers == "output" else max(1, min(_MOST_MOVES, real, real * d // _MOVE))
        return cls(np.array(slots), np.array(blocks), panels, _cuts(real, moves))

    @property
    def most_samples(self) -> int:
        """Samples of the largest block, in vectors."""
        return int(np.diff(self.panels[self.blocks]).max())

    def most_threads(self, cost: float) -> int:
        """Return the number of threads that an update of this cost keeps busy."""
        return max(1, min(len(self.slots) - 1, int(cost / _SHARE)))


def _cuts(count: int, parts: int) -> NDArray[np.int64]:
    """Boundaries of `parts` ranges of `count` items, of nearly equal size."""
    return np.arange(parts + 1, dtype=np.int64) * count // parts
