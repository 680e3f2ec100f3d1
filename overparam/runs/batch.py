"""Problems of one n in arrays with a batch axis, zero-padded to one shape.

Hidden units with v = 0 and inputs with a zero column of X change nothing: the iterates of all other units and
inputs are exactly those of the unpadded problem. Padding units are copies of the first unit, so that φ is
evaluated only at points where the problem itself evaluates it. The padded shape of a problem depends only on
its own (k, d), not on the rest of the batch, and so does its rounding.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from overparam.arrays import Array
from overparam.arrays.backends import Backend, DType
from overparam.model.problem import Problem

__all__ = ["Batch", "collate", "plan_batches"]

_ARRAYS_IN_FLIGHT = 5
"""Arrays of the size of Z, or of a block of it, held at once: Z, φ, φ′, their exponential, a mask."""


@dataclass(frozen=True)
class Batch:
    """Arrays of one data type on one device: X (b, n, d), y (b, n), W0 (b, k, d), v (b, k).

    `positions` gives the position of each row in the job's problems.
    """

    positions: tuple[int, ...]
    X: Array
    y: Array
    W0: Array
    v: Array


def plan_batches(problems: Sequence[Problem], backend: Backend, dtype: DType) -> Iterator[tuple[int, ...]]:
    """Yield batches of problems with one padded shape, each as large as the backend's working set allows."""
    working_set = backend.working_set()
    groups: dict[tuple[int, int, int], list[int]] = defaultdict(list)
    for position, problem in enumerate(problems):
        groups[padded_shape(problem, backend.padding)].append(position)
    for (n, k, d), positions in groups.items():
        each = np.dtype(dtype).itemsize * (n * d + n * k * _ARRAYS_IN_FLIGHT + 3 * k * d)
        size = max(1, working_set // each)
        for start in range(0, len(positions), size):
            yield tuple(positions[start : start + size])


def padded_shape(problem: Problem, padding: tuple[int, int]) -> tuple[int, int, int]:
    """Return the shape (n, k, d) of the padded arrays; k and d are multiples of `padding`."""
    k, d = (-(-size // unit) * unit for size, unit in zip((problem.k, problem.d), padding, strict=True))
    return problem.n, k, d


def collate(problems: Sequence[Problem], positions: Sequence[int], backend: Backend, dtype: DType) -> Batch:
    """Return one batch of the problems at `positions`, which have one padded shape."""
    chosen = [problems[position] for position in positions]
    _, k, d = padded_shape(chosen[0], backend.padding)
    xp = backend.namespace()

    def stack(arrays: Sequence[Array], *target: int) -> Array:
        if all(isinstance(array, np.ndarray) for array in arrays):
            host = np.zeros((len(arrays), *target), dtype=np.dtype(dtype))
            for row, array in zip(host, arrays, strict=True):
                row[tuple(map(slice, array.shape))] = array
            return backend.asarray(host, dtype)  # one transfer to a device instead of one per training run
        return xp.stack([_padded(backend.asarray(array, dtype), target, xp) for array in arrays])

    n = chosen[0].n
    widened = [_with_units(p.W0, k, xp if not isinstance(p.W0, np.ndarray) else np) for p in chosen]
    return Batch(
        tuple(positions),
        stack([p.X for p in chosen], n, d),
        stack([p.y for p in chosen], n),
        stack(widened, k, d),
        stack([p.v for p in chosen], k),
    )


def _with_units(W: Array, k: int, xp: Any) -> Array:
    """W with copies of its first row appended, up to k rows."""
    missing = k - W.shape[0]
    return xp.concat([W, *([W[:1, ...]] * missing)], axis=0) if missing else W


def _padded(array: Array, shape: Sequence[int], xp: object) -> Array:
    """Append zeros along each axis up to `shape`."""
    for axis, size in enumerate(shape):
        missing = size - array.shape[axis]
        if missing:
            filler = list(array.shape)
            filler[axis] = missing
            zeros = xp.zeros(tuple(filler), dtype=array.dtype, device=array.device)  # type: ignore[attr-defined]
            array = xp.concat([array, zeros], axis=axis)  # type: ignore[attr-defined]
    return array
