"""One training run in its compiled loop, as the driver sees it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from overparam.plugin import Bounds, FirstOrder, Job, Loop, Seen, Snapshot, row_stream, rows_after
from overparam_numba import compiled
from overparam_numba.team import Team
from overparam_numba.workspace import Workspace, put_back

__all__ = ["Common", "Descent"]

_NEVER = 1 << 62  # updates between checks that no run makes; compiled loops count in 64 bits
_SLICE_FLOPS = 3e9  # about a tenth of a second of a core, after which Python can be interrupted


@dataclass(frozen=True)
class Common:
    """What the training runs of a job have in common.

    Attributes
    ----------
    job : Job
    rule : FirstOrder
        The job's optimizer.
    loop : compiled.Loop
    scales : ndarray, shape (p,)
        The scale of the loss for every problem.
    bounds : Bounds
        Between what a run goes on.
    team : Team
        Who trains the runs.
    """

    job: Job
    rule: FirstOrder
    loop: compiled.Loop
    scales: NDArray[np.float64]
    bounds: Bounds
    team: Team

    @classmethod
    def of(cls, job: Job, team: Team) -> Common:
        """Of a job that this engine does not object to; it has at least one problem.

        Raises
        ------
        ValueError
            For labels that the loss is not defined for.
        """
        rule = job.optimizer.elementwise()
        if rule is None:
            raise TypeError(f"{job.optimizer.name} has no elementwise update rule")
        loop, bounds = compiled.compiled_loop(job.recipe), job.recipe.bounds(job.problems[0].n)
        return cls(job, rule, loop, job.scales(), bounds, team)


class Descent(Loop):
    """One run from W₀ and v₀, advanced in slices."""

    def __init__(self, common: Common, position: int) -> None:
        self._common = common
        self.positions = [position]
        self.iteration = 0
        job, rule, loop = common.job, common.rule, common.loop
        self._problem = problem = job.problems[position]
        self._stream = row_stream(problem, rule)
        self._rows = None if self._stream is None else next(self._stream)
        self._used = 0
        batch = 0 if self._rows is None else self._rows.shape[1]
        self._space = Workspace.of(
            problem, job.recipe, states=loop.states, batch=batch, idle=loop.leaves_idle_units
        )
        self._scale = 1.0 / float(common.scales[position]) ** 2
        self._step = float(rule.step_size_for(problem, job.activation))
        self._check_every = min(rule.updates_between_checks(), _NEVER)
        n, k, d, _, _ = self._space.sizes
        self._slice = max(16, int(_SLICE_FLOPS / (4 * n * k * d + 40 * n * k + 4000)))
        self._total, self._path = 0.0, 0.0
        loop.module.begin(self._space.memory, self._space.places, self._space.sizes)

    def advance(self, until: int) -> None:
        """Train to `until`, the end of a slice or the first checked iterate outside the bounds.

        Raises
        ------
        InterruptedError
            Where nobody waits for the outcome any more.
        """
        if self._common.team.given_up.is_set():
            raise InterruptedError("the training run was given up")
        last = min(until, self.iteration + self._slice)
        module, space = self._common.loop.module, self._space
        now = (self._scale, *self._common.bounds), self._step, self._path, self.iteration
        if self._rows is None:
            ended = module.descend(space.memory, space.places, space.sizes, *now, last)
        else:
            last = min(last, self.iteration + self._rows_left())
            sampling = self._rows, self._used, self._check_every, self._common.job.stop.max_iterations
            ended = module.sample(space.memory, space.places, space.sizes, *now, last, *sampling)
            self._used += ended[0] - self.iteration
        self.iteration, self._total, self._path = ended

    def _rows_left(self) -> int:
        """Updates whose rows are drawn; draws the next block where there are none."""
        if self._rows is None or self._stream is None:
            raise AssertionError("only stochastic methods draw rows")
        if self._used == len(self._rows):
            self._rows, self._used = next(self._stream), 0
        return len(self._rows) - self._used

    def stopped(self) -> list[int]:
        """[0] where the run is outside the bounds at an iterate that is checked."""
        due = self.iteration % self._check_every == 0
        return [0] if due and self._common.bounds.status(self._total) is not None else []

    def look(self, rows: Sequence[int]) -> list[Seen]:
        """The run as it is now."""
        W = self._space.hidden_weights(np.asarray(self._problem.W0))
        v = self._space.output_weights(np.asarray(self._problem.v))
        return [Seen(self.iteration, self._total, self._path, W, v)]

    def release(self, rows: Sequence[int]) -> None:
        """Take the run out."""
        self.positions = []

    def snapshots(self) -> list[Snapshot]:
        """What the compiled loop changes, as it lies in its memory."""
        arrays = tuple(part.copy() for part in self._space.carried())
        return [Snapshot(self.iteration, self._path, arrays)]

    def resume(self, snapshots: Sequence[Snapshot]) -> bool:
        """Put back what the loop had changed."""
        [snapshot] = snapshots
        if not put_back(self._space.carried(), snapshot.arrays):
            return False
        self.iteration, self._path = snapshot.iteration, snapshot.path_length
        if self._rows is not None and self._stream is not None:
            self._rows, self._used = rows_after(self.iteration, self._rows, self._stream)
        return True
