"""The trials that a report lists one by one: those of cells with both outcomes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from overparam.studies import Cell, Tally

__all__ = ["LISTED", "LISTED_OF_A_CELL", "cells_to_list"]

LISTED = 25_000
"""Largest number of listed trials: four diagrams of 25 × 25 cells with ten trials."""

LISTED_OF_A_CELL = 100


def cells_to_list(
    studies: Sequence[Mapping[Cell, Tally]], first: Sequence[set[Cell]], most: int = LISTED
) -> list[set[Cell]]:
    """Return the cells whose trials are listed, up to the limit: `first`, then those nearest to one half."""

    def certainty(place: tuple[int, Cell, Tally]) -> tuple[float, int, Cell]:
        number, cell, tally = place
        wanted = -1.0 if cell in first[number] else 0.0
        return wanted + abs(tally.successes / max(tally.trials, 1) - 0.5), number, cell

    chosen: list[set[Cell]] = [set() for _ in studies]
    for number, cell, tally in sorted(
        ((number, cell, tally) for number, held in enumerate(studies) for cell, tally in held.items()),
        key=certainty,
    ):
        most -= min(tally.trials + tally.failed, LISTED_OF_A_CELL)
        if most < 0:
            break
        chosen[number].add(cell)
    return chosen
