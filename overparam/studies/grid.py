"""The grid of a sweep: its cells, the trials of each, and the part that one shard trains."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from math import prod
from typing import NamedTuple

from overparam.components.whole import LARGEST, whole, whole_numbers

__all__ = ["WHOLE", "Cell", "Grid", "Shard", "TrialKey", "parse_range"]

_LONGEST_RANGE = 1_000_000
_MOST_CELLS = 1_000_000
"""Each cell needs some hundred bytes in the driver, and a row in the study's file."""


def parse_range(text: str) -> tuple[int, ...]:
    """Return whole numbers: ``1:25`` with both ends included, ``5:50:5`` with a step, ``10,20``, or mixtures.

    Returns
    -------
    tuple of int
        In the order written, which matters if axes are paired.

    Raises
    ------
    ValueError
    """
    numbers: list[int] = []
    for part in text.split(","):
        try:
            ends = [int(number) for number in part.split(":")]
        except ValueError:
            raise ValueError(f"{text!r} is not a range: write 1:25, 5:50:5 or 10,20,50") from None
        start, stop, step = ends[0], ends[min(len(ends), 2) - 1], ends[2] if len(ends) > 2 else 1
        if len(ends) > 3 or step < 1 or stop < start or start < 0 or stop > LARGEST:
            raise ValueError(f"{part!r} is not a range of whole numbers from 0 upwards, lowest first")
        if len(numbers) + (stop - start) // step >= _LONGEST_RANGE:
            raise ValueError(f"{text!r} holds more than {_LONGEST_RANGE:,} numbers")
        numbers.extend(range(start, stop + 1, step))
    return tuple(numbers)


class Cell(NamedTuple):
    """The size of a problem: n samples, k hidden units, d inputs."""

    n: int
    k: int
    d: int


class TrialKey(NamedTuple):
    """Key of one trial, (n, k, d, trial); with the seed it determines the instance."""

    n: int
    k: int
    d: int
    trial: int


@dataclass(frozen=True)
class Shard:
    """One of `count` disjoint parts of a grid, written ``number/count``.

    The shard of a trial depends only on its key. So shards stay disjoint, and no trial changes its shard,
    when cells or trials are added.

    Attributes
    ----------
    number : int
        From 1 to `count`.
    count : int

    Raises
    ------
    ValueError
        For numbers out of range.
    """

    number: int = 1
    count: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.number <= self.count <= LARGEST:
            raise ValueError(f"a shard is number/count with 1 ≤ number ≤ count, got {self}")

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"

    @classmethod
    def parse(cls, text: str) -> Shard:
        """Read ``number/count``."""
        number, slash, count = text.partition("/")
        if not (slash and number.strip().isdecimal() and count.strip().isdecimal()):
            raise ValueError(f"a shard is written number/count, as in 2/4, got {text!r}")
        return cls(int(number), int(count))

    def trials(self, cell: Cell, trials: int) -> range:
        """Return the shard's own trials among 0, …, trials − 1 of a cell."""
        if self.count == 1:
            return range(trials)
        # Each cell starts with a different shard; otherwise, with few trials per cell, the first shards get
        # them all.
        offset = zlib.crc32(repr(tuple(cell)).encode())
        return range((self.number - 1 - offset) % self.count, trials, self.count)


WHOLE = Shard()


@dataclass(frozen=True)
class Grid:
    """Cells, and the number of trials of each.

    Attributes
    ----------
    cells : tuple of Cell
        Each cell once. A cell with k = 0 or d = 0 is empty: reported as failure, not trained.
    trials : int
        Realizations of each cell, numbered from 0.
    shard : Shard
        The part of the trials to train; by default all.
    own : mapping of Cell to int
        The number of realizations of cells that differ from `trials`.

    Raises
    ------
    ValueError
        For a size out of range.
    """

    cells: tuple[Cell, ...]
    trials: int
    shard: Shard = WHOLE
    own: Mapping[Cell, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "trials", whole("trials", self.trials, 1))
        if self.trials * len(self.cells) > LARGEST:
            raise ValueError(
                f"{len(self.cells):,} cells of {self.trials:,} trials are more than 64 bits count"
            )
        for cell in self.cells:
            if cell.n < 1 or cell.k < 0 or cell.d < 0:
                raise ValueError(
                    f"n must be at least 1, k and d at least 0, got n={cell.n}, k={cell.k}, d={cell.d}"
                )

    @classmethod
    def product(cls, n: Sequence[int], k: Sequence[int], d: Sequence[int], *, trials: int) -> Grid:
        """Return the grid of all combinations of the axes' values.

        Raises
        ------
        ValueError
            For more cells than a study may hold.
        """
        axes = [sorted(set(whole_numbers(name, axis))) for name, axis in (("n", n), ("k", k), ("d", d))]
        _require_few(prod(map(len, axes)))
        return cls(tuple(Cell(*sizes) for sizes in product(*axes)), trials)

    @classmethod
    def zip(cls, n: Sequence[int], k: Sequence[int], d: Sequence[int], *, trials: int) -> Grid:
        """Return the grid of the axes' i-th values together; an axis with a single value repeats it.

        Raises
        ------
        ValueError
            If the axes have different lengths other than 1.
        """
        axes = {name: whole_numbers(name, axis) for name, axis in (("n", n), ("k", k), ("d", d))}
        longest = max(map(len, axes.values()))
        for name, values in axes.items():
            if len(values) not in (1, longest):
                raise ValueError(
                    f"paired axes need equal lengths: {name} has {len(values)} values, another {longest}"
                )
        sides = [values if len(values) == longest else [*values] * longest for values in axes.values()]
        return cls.of(map(Cell, *sides), trials=trials)

    @classmethod
    def of(cls, cells: Iterable[Cell], *, trials: int) -> Grid:
        """Return the grid of the given cells, each once, in the order of (n, k, d).

        Raises
        ------
        ValueError
            For more cells than a study may hold.
        """
        distinct = set(cells)
        _require_few(len(distinct))
        return cls(tuple(sorted(distinct)), trials)

    @classmethod
    def each(cls, targets: Mapping[Cell, int]) -> Grid:
        """Return the grid of cells, each with its own number of trials."""
        return cls(tuple(sorted(targets)), 1, own=targets)

    @classmethod
    def union(cls, grids: Sequence[Grid]) -> Grid:
        """Return the grid with the cells of all grids, which must agree in everything else."""
        first = grids[0]
        for other in grids[1:]:
            first._require_alike(other)
        _require_few(sum(len(grid.cells) for grid in grids))
        cells = (cell for grid in grids for cell in grid.cells)
        return replace(cls.of(cells, trials=first.trials), shard=first.shard, own=first.own)

    def __or__(self, other: Grid) -> Grid:
        """Return the grid with the cells of both, which must agree in everything else."""
        return Grid.union([self, other])

    def _require_alike(self, other: Grid) -> None:
        if (self.trials, self.shard, self.own) != (other.trials, other.shard, other.own):
            raise ValueError(
                f"only grids of equal trials and shard can be joined, got {self.trials} trials of shard "
                f"{self.shard} and {other.trials} of {other.shard}"
            )

    def only(self, shard: Shard) -> Grid:
        """Return the part of the grid that belongs to this shard."""
        return replace(self, shard=shard)

    def most(self, cell: Cell) -> int:
        """Return the requested realizations of a cell, including those of other shards."""
        return self.own.get(cell, self.trials)

    @property
    def targets(self) -> dict[Cell, int]:
        """Return the requested realizations of every cell, including those of other shards."""
        return {cell: self.most(cell) for cell in self.cells}

    def trials_of(self, cell: Cell) -> range:
        """Return the trials of a cell that belong to the shard."""
        return self.shard.trials(cell, self.most(cell))

    def __len__(self) -> int:
        return sum(len(self.trials_of(cell)) for cell in self.cells)

    def __iter__(self) -> Iterator[TrialKey]:
        """Yield every trial of the shard, in the order of (n, k, d, trial)."""
        for cell in self.cells:
            for trial in self.trials_of(cell):
                yield TrialKey(*cell, trial)


def _require_few(cells: int) -> None:
    if cells > _MOST_CELLS:
        raise ValueError(
            f"the grid has {cells:,} cells, but a study holds at most {_MOST_CELLS:,}: use several studies"
        )
