"""How and where a sweep is computed, and its progress report."""

from __future__ import annotations

import math
from dataclasses import dataclass

from overparam import defaults
from overparam.arrays.backends import Backend
from overparam.runs import Engine
from overparam.studies.schema import TrialRow
from overparam.sweeps.executors import Executor

__all__ = ["Execution", "Progress"]


@dataclass(frozen=True)
class Execution:
    """How and where a sweep is computed; it does not change the results.

    Attributes
    ----------
    backend : Backend
    engines : tuple of Engine
        Candidates, fastest first.
    executor : Executor
    checkpoint_every : float
        Seconds of one training run that may be lost if it is killed; 0 saves no state.

    Raises
    ------
    ValueError
        For a period that is negative or not finite.
    """

    backend: Backend
    engines: tuple[Engine, ...]
    executor: Executor
    checkpoint_every: float = defaults.CHECKPOINT_EVERY

    def __post_init__(self) -> None:
        if not 0.0 <= self.checkpoint_every < math.inf:
            raise ValueError(
                "the seconds between checkpoints must be a finite number of at least 0, "
                f"got {self.checkpoint_every}"
            )


@dataclass(frozen=True)
class Progress:
    """Progress report, sent after every commit of trials to the disk.

    Attributes
    ----------
    saved : int
        Finished trials of this request, including those of earlier sessions. For a design in rounds, those of
        this session and of the round that it began with.
    total : int
        Trials of this request, or of the rounds so far.
    rows : tuple of TrialRow
        Trials saved since the last report.
    updates_per_second : float
        Speed in this session.
    seconds_left : float
        Estimated seconds left.
    preparing : str or None
        The engine's work before the first training run, such as compiling.
    notes : tuple of str
        Notes for the user about this session, sent with its first report.
    round : int
        Number of the round, from 1; 0 if the design has no rounds.
    """

    saved: int
    total: int
    rows: tuple[TrialRow, ...]
    updates_per_second: float
    seconds_left: float
    preparing: str | None = None
    notes: tuple[str, ...] = ()
    round: int = 0
