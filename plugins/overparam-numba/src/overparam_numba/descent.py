"""One training run in its compiled loop, for the driver."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from overparam.plugin import Bounds, FirstOrder, Job, Loop, Seen, Snapshot, restore, row_stream, rows_after
from overparam_numba import compiled
from overparam_numba.team import Team
from overparam_numba.workspace import Workspace

__all__ = ["Common", "Descent"]

_NEVER = 1 << 62  # more updates between checks than any run makes; compiled loops count in 64 bits
_SLICE_FLOPS = 3e9  # about a tenth of a second of a core, after which Python can be interrupted


@dataclass(frozen=True)
class Common:
    """The common parts of a job's training runs.

    Attributes
    ----------
    job : Job
    rule : FirstOrder
        The job's optimizer.
    loop : compiled.Loop
    scales : ndarray, shape (p,)
        The scale of the loss for every problem.
    bounds : Bounds
        Bounds of the stop rule.
    team : Team
        The workers that train the runs.
    """

    job: Job
    rule: FirstOrder
    loop: compiled.Loop
    scales: NDArray[np.float64]
    bounds: Bounds
    team: Team

    @classmethod
    def of(cls, job: Job, team: Team) -> Common:
        """Return the common parts of a non-empty job to which this engine does not object.

        Raises
        ------
        ValueError
            For labels for which the loss is not defined.
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
            If the outcome is no longer needed.
        """
        if self._common.team.given_up.is_set():
            raise InterruptedError("the training run was abandoned")
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
        """Number of updates whose rows are drawn; draws the next block if there are none."""
        if self._rows is None or self._stream is None:
            raise AssertionError("only stochastic methods draw rows")
        if self._used == len(self._rows):
            self._rows, self._used = next(self._stream), 0
        return len(self._rows) - self._used

    def stopped(self) -> list[int]:
        """Return [0] if the run is outside the bounds at a checked iterate, else []."""
        due = self.iteration % self._check_every == 0
        return [0] if due and self._common.bounds.status(self._total) is not None else []

    def look(self, rows: Sequence[int]) -> list[Seen]:
        """Return the current state of the run."""
        W = self._space.hidden_weights(np.asarray(self._problem.W0))
        v = self._space.output_weights(np.asarray(self._problem.v))
        return [Seen(self.iteration, self._total, self._path, W, v)]

    def release(self, rows: Sequence[int]) -> None:
        """Remove the run."""
        self.positions = []

    def snapshots(self) -> list[Snapshot]:
        """Return the data that the compiled loop changes, in its own layout."""
        arrays = tuple(part.copy() for part in self._space.carried())
        return [Snapshot(self.iteration, self._path, arrays)]

    def resume(self, snapshots: Sequence[Snapshot]) -> bool:
        """Restore the data that the loop changes."""
        [snapshot] = snapshots
        if not restore(self._space.carried(), snapshot):
            return False
        self.iteration, self._path = snapshot.iteration, snapshot.path_length
        if self._rows is not None and self._stream is not None:
            self._rows, self._used = rows_after(self.iteration, self._rows, self._stream)
        return True
