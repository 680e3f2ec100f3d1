"""The portable engine: training over the Array API, the reference for every other engine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from overparam.runs.batch import collate, plan_batches
from overparam.runs.descent import Descent
from overparam.runs.driver import drive
from overparam.runs.elementwise import require_elementwise
from overparam.runs.engine import Engine, Job
from overparam.runs.outcome import Outcome
from overparam.runs.snapshot import by_start
from overparam.runs.stepwise import Stepwise

__all__ = ["Portable"]

_PROBE = np.linspace(-2.0, 2.0, 6).reshape(2, 3)


@dataclass(frozen=True)
class Portable(Engine):
    """Plain Array API on any backend, every activation, every optimizer.

    Runs of elementwise methods are trained side by side, in batches sized for the cache or the device's
    memory; runs of other methods one by one.
    """

    name: ClassVar[str] = "portable"
    most_trials: ClassVar[int] = 10_000  # enough for a panel of Figure 2 to share a device's launches
    resumes: ClassVar[bool] = True

    def objection(self, job: Job) -> None:
        """Return None: this engine runs every job."""

    def run(self, job: Job) -> Iterator[tuple[int, Outcome]]:
        """Train batch by batch."""
        job.scales()
        with job.backend.scope():  # other engines take only recorded components, which are elementwise
            require_elementwise(job.activation, job.backend.asarray(_PROBE, job.dtype))
        rule = job.optimizer.elementwise()
        if rule is None:
            for position in range(len(job.problems)):
                with job.backend.scope():
                    alone = Stepwise(job, position)
                yield from drive(job, alone, self.name)
            return
        for among in by_start(job):
            chosen = [job.problems[position] for position in among]
            for places in plan_batches(chosen, job.backend, job.dtype):
                positions = [among[place] for place in places]
                with job.backend.scope():
                    batch = Descent(job, rule, collate(job.problems, positions, job.backend, job.dtype))
                yield from drive(job, batch, self.name)
