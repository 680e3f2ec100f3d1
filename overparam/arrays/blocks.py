"""Blocks of samples whose values fit in a processor's cache."""

from __future__ import annotations

from overparam.arrays.backends import Backend

__all__ = ["sample_blocks"]

_FEWEST_SAMPLES = 128
"""Smallest number of samples in a block, for any number of hidden units: smaller matrix products are slow."""


def sample_blocks(n: int, k: int, backend: Backend) -> list[slice]:
    """Return blocks of n samples, for each of which a backend computes all k values at a time.

    Returns
    -------
    list of slice
        Of nearly equal size, in order; ``[slice(None)]`` if all samples are one block. They depend on n, k
        and the backend's kind, not on the machine, and so does the order of sums over blocks.
    """
    values = backend.values_at_a_time()
    if values is None or n * k <= values:
        return [slice(None)]
    count = -(-n // max(values // k, _FEWEST_SAMPLES))
    ends = [n * (i + 1) // count for i in range(count)]
    return [slice(start, end) for start, end in zip([0, *ends], ends, strict=False)]
