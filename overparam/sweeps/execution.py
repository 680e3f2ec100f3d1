"""How and where a sweep is computed, and how its progress is told."""

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
    """How and where a sweep is computed; none of it changes what is computed.

    Attributes
    ----------
    backend : Backend
    engines : tuple of Engine
        Those to ask, fastest first.
    executor : Executor
    checkpoint_every : float
        Seconds of one training run that may be lost where it is killed; 0 keeps no state of it.

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
                f"the seconds between checkpoints must be a finite number from 0, got {self.checkpoint_every}"
            )


@dataclass(frozen=True)
class Progress:
    """Progress report, sent after every commit of trials to the disk.

    Attributes
    ----------
    saved : int
        Trials of this request that are done, those of earlier sessions included. Of a design in rounds, those
        of this session and of the round that it began with.
    total : int
        Trials of this request, or of the rounds so far.
    rows : tuple of TrialRow
        Trials saved since the last report.
    updates_per_second : float
        Of this session.
    seconds_left : float
        Estimate.
    preparing : str or None
        What the engine does before the first training, such as compiling.
    notes : tuple of str
        What the user should know about this session, sent with its first report.
    round : int
        Number of the round, from 1; 0 where the design has none.
    """

    saved: int
    total: int
    rows: tuple[TrialRow, ...]
    updates_per_second: float
    seconds_left: float
    preparing: str | None = None
    notes: tuple[str, ...] = ()
    round: int = 0
