"""The fused engine: each run is one compiled loop; runs, and the tasks of a large run, share the cores."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from queue import SimpleQueue
from typing import ClassVar

from overparam.plugin import Engine, Job, NumPy, Outcome, Unrecordable, drive, usable_cores
from overparam_numba.compiled import compiled_loop, printed
from overparam_numba.descent import Common
from overparam_numba.large import begin, is_divided
from overparam_numba.team import Team

__all__ = ["Numba"]


@dataclass(frozen=True)
class Numba(Engine):
    """Compiled loops for runs on NumPy with a recorded activation, loss and update rule."""

    name: ClassVar[str] = "numba"
    resumes: ClassVar[bool] = True

    def objection(self, job: Job) -> str | None:
        """Return an objection: another backend, no elementwise method, or an unrecorded component."""
        if not isinstance(job.backend, NumPy):
            return f"it computes NumPy arrays, but the backend is {job.backend.name}"
        try:
            printed(job.recipe)
        except Unrecordable as error:
            return str(error)
        return None

    def preparation(self, job: Job) -> str | None:
        """Return a message if the loop must be compiled, or None if the disk has it."""
        if self.objection(job) is not None:
            return None
        loop = compiled_loop(job.recipe)
        divided = any(is_divided(job, problem, loop.leaves_idle_units) for problem in job.problems[:1])
        if loop.is_kept(divided=divided):
            return None
        return f"compiling the loop of {job.activation.name} and {job.optimizer.name}"

    def run(self, job: Job) -> Iterator[tuple[int, Outcome]]:
        """Train on all cores, one run per core at a time.

        Raises
        ------
        ValueError
            For labels for which the loss is not defined.
        """
        if not job.problems:
            return
        waiting = iter(range(len(job.problems)))
        # Workers fetch the next run themselves: a future per run costs more than its preparation.
        ended: SimpleQueue[tuple[int, Outcome] | BaseException] = SimpleQueue()
        turn = threading.Lock()

        def work() -> None:
            try:
                while not team.given_up.is_set():
                    with turn:
                        position = next(waiting, None)
                    if position is None:
                        return
                    for outcome in drive(job, begin(common, position), self.name):
                        ended.put(outcome)
            except BaseException as error:
                ended.put(error)

        team = Team(_threads(), work)
        common = Common.of(job, team)
        team.start(len(job.problems))
        try:
            for _ in job.problems:
                result = ended.get()
                if isinstance(result, BaseException):
                    raise result
                yield result
        finally:
            team.give_up()
            common.loop.seal()


def _threads() -> int:
    asked = os.environ.get("NUMBA_NUM_THREADS", "")
    if asked.isdigit() and int(asked) > 0:
        return int(asked)
    return usable_cores()
