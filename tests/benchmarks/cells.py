"""The cells that are measured: a grid of shapes, activations, data types and batch sizes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from overparam.arrays.backends import DType
from overparam.model.activations import Activation, ReLU, Softplus

__all__ = ["ACTIVATIONS", "BATCHES", "DTYPES", "LARGE", "SAMPLES", "SHAPES", "Cell", "grid"]

SHAPES = ((5, 5), (10, 10), (10, 20), (20, 10), (25, 25))
"""(k, d), from the region of Figure 2."""
SAMPLES = (100, 200)
BATCHES = (10, 100)
LARGE = ((2000, 100, 100), (10_000, 200, 200))
"""(n, k, d) of single training runs that all cores share."""
DTYPES: tuple[DType, ...] = ("float32", "float64")
ACTIVATIONS: tuple[Activation, ...] = (Softplus(), ReLU())


@dataclass(frozen=True)
class Cell:
    """Training runs of one shape that are carried out side by side.

    Attributes
    ----------
    activation : Activation
    dtype : "float32" or "float64"
    n, k, d : int
    batch : int
        Number of training runs.
    """

    activation: Activation
    dtype: DType
    n: int
    k: int
    d: int
    batch: int

    @property
    def flops(self) -> int:
        """Flops of the two matrix products in one update of one training run, 4nkd."""
        return 4 * self.n * self.k * self.d

    @property
    def values(self) -> int:
        """Number of values of φ and φ′ in one update of one training run, nk."""
        return self.n * self.k


def grid(
    shapes: Sequence[tuple[int, int]] = SHAPES,
    samples: Sequence[int] = SAMPLES,
    batches: Sequence[int] = BATCHES,
    large: Sequence[tuple[int, int, int]] = LARGE,
) -> Iterator[Cell]:
    """Cells table by table: activation, data type, n, (k, d), batch; the large ones at the end of each."""
    for activation, dtype in product(ACTIVATIONS, DTYPES):
        for n, (k, d), batch in product(samples, shapes, batches):
            yield Cell(activation, dtype, n, k, d, batch)
        for n, k, d in large:
            yield Cell(activation, dtype, n, k, d, 1)
