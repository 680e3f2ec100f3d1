"""Samples in blocks whose values stay in a processor's cache."""

from __future__ import annotations

from overparam.arrays.backends import Backend

__all__ = ["sample_blocks"]

_FEWEST_SAMPLES = 128
"""Samples of a block at least, however many hidden units: with fewer a matrix product is slow."""


def sample_blocks(n: int, k: int, backend: Backend) -> list[slice]:
    """Cut n samples into blocks whose k values each a backend computes at a time.

    Returns
    -------
    list of slice
        As equal as can be, in order; ``[slice(None)]`` where all samples are one block. They depend on n, k
        and the backend's kind, not on the machine, so neither does how the sums over blocks are made.
    """
    values = backend.values_at_a_time()
    if values is None or n * k <= values:
        return [slice(None)]
    count = -(-n // max(values // k, _FEWEST_SAMPLES))
    ends = [n * (i + 1) // count for i in range(count)]
    return [slice(start, end) for start, end in zip([0, *ends], ends, strict=False)]
