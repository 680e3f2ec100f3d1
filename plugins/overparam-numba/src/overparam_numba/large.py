"""One large training run, on which several threads work, for the driver."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from overparam.plugin import Job, Loop, Optimizer, Problem, Seen, Snapshot, restore
from overparam_numba import tasks
from overparam_numba.descent import Common, Descent
from overparam_numba.large_space import LargeSpace
from overparam_numba.partition import cost_of_update, is_large
from overparam_numba.workspace import acting_units

__all__ = ["LargeDescent", "begin", "is_divided"]

_SLICE = 2e10  # cost of the updates between two returns to Python, about a tenth of a second
_PATH, _TOTAL, _TASKS = 4, 5, 8  # indices of the path length, Σ miss²/scale² and the tasks' results


class LargeDescent(Loop):
    """One run from W₀ and v₀ with full gradients, advanced in slices that other workers may join."""

    def __init__(self, common: Common, position: int) -> None:
        self._common = common
        self.positions = [position]
        self.iteration = 0
        job, rule, loop = common.job, common.rule, common.loop
        self._problem = problem = job.problems[position]
        self._space = space = LargeSpace.of(
            problem, job.recipe, states=loop.states, idle=loop.leaves_idle_units, threads=common.team.size
        )
        n, _, d, _, _, real, *_ = space.sizes
        cost = cost_of_update(n, real, d, job.layers)
        self.most = min(common.team.size, space.partition.most_threads(cost))
        self._slice = max(1, int(_SLICE / cost))
        self._cuts = tuple(space.partition)
        self._state = np.zeros(tasks.STATE_LENGTH, np.int64)
        self._state[tasks.CHECK_EVERY] = min(rule.updates_between_checks(), 1 << 62)
        step_size = float(rule.step_size_for(problem, job.activation))
        scale = 1.0 / float(common.scales[position]) ** 2
        self._numbers = np.zeros(_TASKS + tasks.MOST_TASKS)
        self._numbers[:4] = step_size, scale, *common.bounds
        loop.module.prepare(space.memory, space.places, space.sizes, self._cuts)
        common.team.add(self)

    def advance(self, until: int) -> None:
        """Train to `until`, the end of a slice or the first checked iterate outside the bounds.

        Raises
        ------
        InterruptedError
            If the outcome is no longer needed.
        """
        team = self._common.team
        team.open(self)
        try:
            if not team.given_up.is_set():
                self._work(0, min(until, self.iteration + self._slice))
        finally:
            team.close(self)
        if team.given_up.is_set():
            raise InterruptedError("the training run was abandoned")
        self.iteration = int(self._state[tasks.ITERATION])

    def assist(self, thread: int) -> None:
        """Work on the open slice."""
        self._work(thread, -1)

    def _work(self, thread: int, last: int) -> None:
        space = self._space
        self._common.loop.module.assist(
            space.memory, space.places, space.sizes, self._cuts, self._state, self._numbers, thread, last
        )

    def quit(self) -> None:
        """End the slice after the current tasks; the run is not continued."""
        self._state[tasks.QUIT] = 1

    def stopped(self) -> list[int]:
        """Return [0] if the run is outside the bounds at a checked iterate, else []."""
        due = self.iteration % int(self._state[tasks.CHECK_EVERY]) == 0
        return [0] if due and self._common.bounds.status(float(self._numbers[_TOTAL])) is not None else []

    def look(self, rows: Sequence[int]) -> list[Seen]:
        """Return the current state of the run."""
        W = self._space.hidden_weights(np.asarray(self._problem.W0))
        v = self._space.output_weights(np.asarray(self._problem.v))
        path, total = map(float, self._numbers[[_PATH, _TOTAL]])
        return [Seen(self.iteration, total, path, W, v)]

    def snapshots(self) -> list[Snapshot]:
        """Return the data that the tasks change, in their own layout; the gradient is recomputed."""
        arrays = tuple(part.copy() for part in self._space.carried())
        return [Snapshot(self.iteration, float(self._numbers[_PATH]), arrays)]

    def resume(self, snapshots: Sequence[Snapshot]) -> bool:
        """Restore the data that the tasks change."""
        [snapshot] = snapshots
        if not restore(self._space.carried(), snapshot):
            return False
        self._state[tasks.ITERATION] = self.iteration = snapshot.iteration
        self._numbers[_PATH] = snapshot.path_length
        return True

    def release(self, rows: Sequence[int]) -> None:
        """Remove the run."""
        self.positions = []
        self._common.team.remove(self)


def begin(common: Common, position: int) -> Loop:
    """Return a started run: a large one for several workers, any other for one."""
    if is_divided(common.job, common.job.problems[position], common.loop.leaves_idle_units):
        return LargeDescent(common, position)
    return Descent(common, position)


def is_divided(job: Job, problem: Problem, idle: bool) -> bool:
    """Return whether a run's updates are divided among workers: large runs with full gradients.

    This depends only on the run, not on the number of workers, because its rounding must not depend on that.
    """
    if not is_large(problem.n, problem.k, problem.d, job.layers):
        return False
    rule = job.optimizer.elementwise()
    if rule is None or type(rule).row_blocks is not Optimizer.row_blocks:
        return False
    _, acting = acting_units(np.asarray(problem.v), idle=idle)
    return is_large(problem.n, acting, problem.d, job.layers)
