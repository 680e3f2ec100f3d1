"""Check that this machine's memory can hold the training runs of a sweep, before they begin."""

from __future__ import annotations

from pathlib import Path

from overparam.arrays.machine import physical_memory
from overparam.model.problem import room_needed
from overparam.studies.grid import Cell, Grid
from overparam.studies.study import load_study
from overparam.sweeps.dispatch import parallelism
from overparam.sweeps.executors import Executor

__all__ = ["require_memory"]


def require_memory(path: Path, grid: Grid, executor: Executor) -> None:
    """Refuse unfinished cells that are too large, alone or for all workers at a time.

    Workers on other machines have their own memory; there, a trial that does not fit fails by itself.

    Raises
    ------
    ValueError
        The message names the cell, its memory, and the number of workers that fit.
    """
    if not executor.on_this_machine():
        return
    workers, memory = parallelism(executor), physical_memory()
    large = [cell for cell in grid.cells if _needed(cell) * workers > memory]
    if not large:
        return
    asked = {cell: len(grid.trials_of(cell)) for cell in large}
    done = load_study(path).done(grid) if path.exists() and path.stat().st_size else {}
    left = {cell: count - done.get(cell, 0) for cell, count in asked.items()}
    at_once = {cell: _needed(cell) * min(workers, count) for cell, count in left.items()}
    if max(at_once.values()) <= memory:
        return
    cell = max(at_once, key=lambda cell: (_needed(cell) > memory, at_once[cell]))
    alone, needed = _needed(cell), at_once[cell]
    where = f"n={cell.n}, k={cell.k}, d={cell.d}"
    if alone > memory:
        raise ValueError(
            f"{where}: one training run needs at least {_gigabytes(alone)}, and this machine has "
            f"{_gigabytes(memory)} of memory"
        )
    raise ValueError(
        f"{where}: {needed // alone} training runs at a time need at least {_gigabytes(needed)}, and this "
        f"machine has {_gigabytes(memory)} of memory. It has room for {memory // alone}: use "
        f"--executor processes:workers={memory // alone}"
    )


def _needed(cell: Cell) -> int:
    return room_needed(cell.n, cell.d, cell.k) if cell.k and cell.d else 0


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:,.1f} GB"
