"""The design of a phase diagram: every trial of every requested cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from overparam.studies.grid import Cell
from overparam.studies.tallies import Tally
from overparam.sweeps.designs.base import Design, Request

__all__ = ["FullGrid"]


@dataclass(frozen=True)
class FullGrid(Design):
    """All trials of all requested cells, in one round."""

    name: ClassVar[str] = "grid"
    in_rounds: ClassVar[bool] = False

    def next_round(self, request: Request, tallies: Mapping[Cell, Tally]) -> Mapping[Cell, int]:
        """Return every cell with its trials, independent of the study."""
        return request.grid.targets
