"""What a sweep computes: the specification that every trial shares, and the grid of trials."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple, TypeAlias

from overparam.activations import Activation
from overparam.backends import DType
from overparam.data import DataGenerator, Labels
from overparam.optimizers import Optimizer
from overparam.training import StopRule

__all__ = ["Cell", "Description", "Grid", "Specification", "TrialKey"]

Description: TypeAlias = dict[str, str | int | float]
"""A specification as plain values, the way a study's file keeps it."""


class Cell(NamedTuple):
    """A size of problem: n samples, k hidden units, d inputs."""

    n: int
    k: int
    d: int


class TrialKey(NamedTuple):
    """One realization; with the seed it names the instance."""

    n: int
    k: int
    d: int
    trial: int


@dataclass(frozen=True)
class Specification:
    """All that decides a trial's outcome, its key and rounding aside.

    Attributes
    ----------
    seed : int
        Non-negative.
    activation, optimizer, data, labels : components
    stop : StopRule
    dtype : "float32" or "float64"
    """

    seed: int
    activation: Activation
    optimizer: Optimizer
    data: DataGenerator
    labels: Labels
    stop: StopRule
    dtype: DType

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise ValueError(f"seed must be at least 0, got {self.seed}")

    def describe(self) -> Description:
        """Spell every part as the command line does."""
        return {
            "seed": self.seed,
            "activation": self.activation.specification(),
            "optimizer": self.optimizer.specification(),
            "data": self.data.specification(),
            "labels": self.labels.specification(),
            "max_iterations": self.stop.max_iterations,
            "tolerance": self.stop.tolerance,
            "dtype": self.dtype,
        }


@dataclass(frozen=True)
class Grid:
    """Cells, and how many trials of each.

    Attributes
    ----------
    cells : tuple of Cell
        Each once. k = 0 or d = 0 is an empty cell: reported as failure, not run.
    trials : int
        Realizations of each cell, numbered from 0.

    Raises
    ------
    ValueError
        For a size out of range.
    """

    cells: tuple[Cell, ...]
    trials: int

    def __post_init__(self) -> None:
        if self.trials < 1:
            raise ValueError(f"trials must be at least 1, got {self.trials}")
        for cell in self.cells:
            if cell.n < 1 or cell.k < 0 or cell.d < 0:
                raise ValueError(
                    f"n must be at least 1, k and d at least 0, got n={cell.n}, k={cell.k}, d={cell.d}"
                )

    @classmethod
    def product(cls, n: Sequence[int], k: Sequence[int], d: Sequence[int], *, trials: int) -> Grid:
        """All combinations of the axes' values."""
        return cls.of((Cell(*sizes) for sizes in product(n, k, d)), trials=trials)

    @classmethod
    def of(cls, cells: Iterable[Cell], *, trials: int) -> Grid:
        """The given cells, repetitions dropped, in the order of (n, k, d)."""
        return cls(tuple(sorted(set(cells))), trials)

    def __len__(self) -> int:
        return len(self.cells) * self.trials

    def __iter__(self) -> Iterator[TrialKey]:
        """Every trial, in the order of (n, k, d, trial)."""
        for cell in self.cells:
            for trial in range(self.trials):
                yield TrialKey(*cell, trial)
