"""Portable inner loop of first-order methods: one batch, in which every run ends at its own time."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overparam.arrays import Array, Namespace, dot
from overparam.arrays.blocks import sample_blocks
from overparam.arrays.threads import Apply, one_by_one
from overparam.methods import FirstOrder, State, Step
from overparam.model.network import preactivations
from overparam.model.problem import Problem
from overparam.runs.batch import Batch
from overparam.runs.demands import require_state, require_step_size, require_update
from overparam.runs.driver import Loop, Seen
from overparam.runs.engine import Job
from overparam.runs.evaluation import activation_function, is_recorded, loss_function
from overparam.runs.idle import leaves_idle_units
from overparam.runs.rows import RowSource, row_stream
from overparam.runs.snapshot import Snapshot, fit
from overparam.tracing.symbolic import Unrecordable

__all__ = ["Descent"]


@dataclass(frozen=True)
class _Runs:
    """The arrays of the runs still in the batch, each with the batch axis first.

    Attributes
    ----------
    inside : tuple of arrays of bool or None
        False for what pads, of every trained array: W's (b, k, d), v's (b, k, 1). None where the rule
        leaves alone what has no gradient, as what pads W.
    states : tuple of tuple of arrays
        The rule's state of every trained array, W's as (b, k, d), v's as (b, k, 1).
    scale : (b, 1, 1)
        1/scale of the loss: 1/‖y‖ for the squared one.
    step_size : (b, 1, 1)
    path : (b,)
        Path length so far.
    steps : (b,) of int
        Updates made.
    """

    X: Array
    y: Array
    W: Array
    v: Array
    inside: tuple[Array | None, ...]
    states: tuple[State, ...]
    scale: Array
    step_size: Array
    path: Array
    steps: Array


@dataclass(frozen=True)
class _Measured:
    """The network at an iterate.

    Attributes
    ----------
    total : (b,)
        Σ miss²/scale².
    gradients : tuple of arrays
        The full gradient for every trained array, W's as (b, k, d), v's as (b, k, 1); () where the rule
        draws rows.
    """

    total: Array
    gradients: tuple[Array, ...]


class Descent(Loop):
    """One batch under a first-order method.

    Between two looks of the host nothing leaves the device. A run that meets the stop rule is
    frozen at that iterate, so the iterate, and its number, are exact however rarely the host looks.
    """

    def __init__(self, job: Job, rule: FirstOrder, batch: Batch) -> None:
        self._job, self._rule = job, rule
        self._xp = job.backend.namespace()
        self._activation = activation_function(job.activation, self._xp)
        self._loss = loss_function(job.loss, self._xp)
        self._hidden, self._output = job.layers != "output", job.layers != "hidden"
        self.positions = list(batch.positions)
        self.iteration = 0
        problems = [job.problems[position] for position in self.positions]
        self._bounds = job.recipe.bounds(problems[0].n)
        self._rows = self._row_source()
        self._blocks = sample_blocks(batch.X.shape[1], batch.v.shape[1], job.backend)
        self._runs = self._start(batch)
        self._measured: _Measured | None = None
        self._active = self._runs.steps >= 0

    def _start(self, batch: Batch) -> _Runs:
        job, xp = self._job, self._xp
        problems = [job.problems[position] for position in self.positions]
        scales = job.scales()[self.positions]
        sizes = [require_step_size(self._rule, problem, job.activation) for problem in problems]

        def per_run(values: Any) -> Array:
            return job.backend.asarray(np.asarray(values, dtype=np.float64)[:, None, None], job.dtype)

        zero = 0.0 * xp.abs(batch.y[:, 0])
        return _Runs(
            X=batch.X,
            y=batch.y,
            W=batch.W0,
            v=batch.v,
            inside=self._inside(batch, problems),
            states=tuple(require_state(self._rule, array) for array in self._trained(batch.W0, batch.v)),
            scale=per_run(1.0 / scales),
            step_size=per_run(sizes),
            path=zero,
            steps=job.backend.asarray(np.zeros(len(problems), np.int64), "int64"),
        )

    def _inside(self, batch: Batch, problems: Sequence[Problem]) -> tuple[Array | None, ...]:
        units = np.arange(batch.v.shape[-1])[:, None] < np.array([p.k for p in problems])[:, None, None]
        inputs = np.arange(batch.X.shape[-1])[None, :] < np.array([p.d for p in problems])[:, None, None]
        masks = [None if self._leaves_idle() else units & inputs] if self._hidden else []
        masks += [units] if self._output else []
        return tuple(None if mask is None else self._on_device(mask) for mask in masks)

    def _on_device(self, mask: NDArray[np.bool_]) -> Array:
        return self._job.backend.asarray(mask.astype(np.float64), self._job.dtype) > 0.0

    def _leaves_idle(self) -> bool:
        try:
            return leaves_idle_units(self._rule)
        except Unrecordable:
            return False

    def _trained(self, W: Array, v: Array) -> list[Array]:
        """Return the trained arrays, v as columns."""
        return ([W] if self._hidden else []) + ([v[:, :, None]] if self._output else [])

    def _row_source(self) -> RowSource | None:
        problems = [self._job.problems[position] for position in self.positions]
        streams = [row_stream(problem, self._rule) for problem in problems]
        sampled = [stream for stream in streams if stream is not None]
        return RowSource(sampled, problems[0].n, self._job.backend) if sampled else None

    def advance(self, until: int) -> None:
        """Train to `until`, or until the host sees that a run has stopped, at its backend's interval."""
        with self._for_blocks() as self._apply:
            self._advance(until)

    def _for_blocks(self) -> AbstractContextManager[Apply]:
        """Return how blocks are computed: side by side, except with a component's own code."""
        ours = is_recorded(self._activation) and is_recorded(self._loss)
        return self._job.backend.side_by_side() if ours and len(self._blocks) > 1 else nullcontext(one_by_one)

    def _advance(self, until: int) -> None:
        check_every = self._rule.updates_between_checks()
        while True:
            ahead = self.iteration + self._job.backend.synchronization_interval
            goal = min(until, -(-ahead // check_every) * check_every)
            self._measure(wanted=self.iteration >= goal)
            while self.iteration < goal:
                self._step()
                self._measure(wanted=self.iteration >= goal)
            if goal == until or self.stopped():
                return

    def _measure(self, *, wanted: bool) -> None:
        """Evaluate the network if the gradient, the stop rule or the host needs it."""
        t, check_every = self.iteration, self._rule.updates_between_checks()
        due = t % check_every == 0 or t == self._job.stop.max_iterations
        if self._measured is not None or not (due or self._rows is None or wanted):
            return
        total, *sums = self._measured_everywhere()
        self._measured = _Measured(total, tuple(self._gradients_from(sums)))
        if due:
            self._active = self._within(self._measured.total)

    def _measured_everywhere(self) -> list[Array]:
        """Return the sums over all samples, added block by block in order."""
        sums: list[Array] = []

        def add(parts: list[Array]) -> None:
            sums[:] = [a + b for a, b in zip(sums, parts, strict=True)] if sums else parts

        self._apply(self._measured_on, self._blocks, add)
        return sums

    def _measured_on(self, block: slice) -> list[Array]:
        """Σ miss²/scale² over a block of samples and, for a full gradient, the block's products for it."""
        s = self._runs
        X, y = s.X[:, block, :], s.y[:, block]
        value, slopes = self._activation(preactivations(X, s.W))
        residual, miss = self._loss(s.v[:, None, :] @ value, y[:, None, :])
        relative = (miss * s.scale)[:, 0, :]
        features = value if self._output else slopes
        del value  # what nobody needs makes room in the cache
        products = [] if self._rows is not None else self._products(X, features, slopes, residual)
        return [dot(relative, relative), *products]

    def _within(self, total: Array) -> Array:
        """Return which runs continue: neither below the tolerance nor diverged; NaN compares false."""
        return (total >= self._bounds.low) & (total <= self._bounds.high)

    def _step(self) -> None:
        """Make one update of every run that has not stopped."""
        s, xp = self._runs, self._xp
        step = Step(s.step_size, 0.0 * s.step_size[:1, ...] + float(self.iteration))
        active = self._active[:, None, None]
        arrays, states, moved = [], [], []
        trained = zip(self._trained(s.W, s.v), self._gradients(), s.states, s.inside, strict=True)
        for array, gradient, state, inside in trained:
            updated = self._rule.update(array, gradient, state, step)
            new, new_state = require_update(self._rule, updated, array, state)
            # What pads stays where it is, whatever the rule makes of it.
            new = xp.where(active if inside is None else active & inside, new, array)
            change = xp.reshape(new - array, (array.shape[0], -1))
            moved.append(dot(change, change))
            arrays.append(new)
            states.append(tuple(xp.where(active, a, b) for a, b in zip(new_state, state, strict=True)))
        length = moved[0] if len(moved) == 1 else moved[0] + moved[1]
        self._runs = _Runs(
            s.X,
            s.y,
            arrays[0] if self._hidden else s.W,
            arrays[-1][:, :, 0] if self._output else s.v,
            s.inside,
            tuple(states),
            s.scale,
            s.step_size,
            s.path + length**0.5,
            s.steps + xp.astype(self._active, s.steps.dtype),
        )
        self._measured = None
        self.iteration += 1

    def _gradients(self) -> Sequence[Array]:
        """The gradient for every trained array, or its mean over the rows drawn for this update."""
        s, xp = self._runs, self._xp
        if self._rows is None:
            if self._measured is None:
                raise AssertionError("a full gradient is taken where the network was measured")
            return self._measured.gradients
        rows = self._rows.next_rows()
        b, n, d = s.X.shape
        m = rows.shape[-1]
        chosen = xp.reshape(rows, (-1,))
        X = xp.reshape(xp.take(xp.reshape(s.X, (b * n, d)), chosen, axis=0), (b, m, d))
        y = xp.reshape(xp.take(xp.reshape(s.y, (b * n,)), chosen, axis=0), (b, 1, m))
        value, slopes = self._activation(preactivations(X, s.W))
        residual, _ = self._loss(s.v[:, None, :] @ value, y)
        return self._gradients_from(self._products(X, value, slopes, residual / m))

    def _products(self, X: Array, value: Array, slopes: Array, residual: Array) -> list[Array]:
        """φ′(WXᵀ)diag(r)X for W, (b, k, d), and φ(WXᵀ)r for v, (b, k, 1); overwrites the slopes."""
        for_v = [value @ residual.mT] if self._output else []
        if not self._hidden:
            return for_v
        slopes *= residual
        return [slopes @ X, *for_v]

    def _gradients_from(self, sums: list[Array]) -> list[Array]:
        """The products, or their sums over blocks, with W's multiplied by diag(v)."""
        if not self._hidden or not sums:
            return sums
        return [self._runs.v[:, :, None] * sums[0], *sums[1:]]

    def stopped(self) -> list[int]:
        """Rows that are frozen."""
        active = self._job.backend.to_numpy(self._active)
        return [row for row in range(len(self.positions)) if not active[row]]

    def look(self, rows: Sequence[int]) -> list[Seen]:
        """Return the state of runs, in a few transfers."""
        if self._measured is None:
            raise AssertionError("the host looks only where the network was measured")
        job, s, fetch = self._job, self._runs, self._job.backend.to_numpy
        index = job.backend.asarray(np.asarray(rows, dtype=np.int64), "int64")
        total, W, v, path, steps = (
            fetch(self._xp.take(array, index, axis=0))
            for array in (self._measured.total, s.W, s.v, s.path, s.steps)
        )
        problems = [job.problems[self.positions[row]] for row in rows]
        return [
            Seen(
                int(steps[i]),
                float(total[i]),
                float(path[i]),
                W[i, : problem.k, : problem.d].copy(),
                v[i, : problem.k].copy(),
            )
            for i, problem in enumerate(problems)
        ]

    def _carried(self) -> list[Array]:
        """Return the arrays that updates change, with their padding: W, v and the rule's states."""
        s = self._runs
        return [s.W, s.v, *(array for state in s.states for array in state)]

    def snapshots(self) -> list[Snapshot]:
        """Return all runs on the host, with their padding."""
        fetch = self._job.backend.to_numpy
        arrays = [fetch(array) for array in self._carried()]
        path, steps = fetch(self._runs.path), fetch(self._runs.steps)
        return [
            Snapshot(int(steps[row]), float(path[row]), tuple(array[row, ...].copy() for array in arrays))
            for row in range(len(self.positions))
        ]

    def resume(self, snapshots: Sequence[Snapshot]) -> bool:
        """Set the batch to the snapshots; what had been measured is measured again."""
        s, to_device = self._runs, self._job.backend.asarray
        if not fit(snapshots, [array[0, ...] for array in self._carried()]):
            return False
        W, v, *rest = (
            to_device(np.stack(arrays), self._job.dtype)
            for arrays in zip(*(snapshot.arrays for snapshot in snapshots), strict=True)
        )
        states, left = [], iter(rest)
        for state in s.states:
            states.append(tuple(next(left) for _ in state))
        path = np.array([snapshot.path_length for snapshot in snapshots])
        steps = np.array([snapshot.iteration for snapshot in snapshots], np.int64)
        self._runs = replace(
            s,
            W=W,
            v=v,
            states=tuple(states),
            path=to_device(path, self._job.dtype),
            steps=to_device(steps, "int64"),
        )
        self.iteration = snapshots[0].iteration
        if self._rows is not None:
            self._rows.skip(self.iteration)
        return True

    def release(self, rows: Sequence[int]) -> None:
        """Remove these rows from the batch."""
        gone = set(rows)
        kept = [row for row in range(len(self.positions)) if row not in gone]
        self.positions = [self.positions[row] for row in kept]
        if kept:
            index = self._job.backend.asarray(np.asarray(kept, dtype=np.int64), "int64")
            self._runs = _taken(self._runs, index, self._xp)
            self._active = self._xp.take(self._active, index, axis=0)
            if self._measured is not None:
                self._measured = _taken(self._measured, index, self._xp)
            if self._rows is not None:
                self._rows.take(kept)


def _taken(value: Any, index: Array, xp: Namespace) -> Any:
    """Return a frozen value with only the batch rows in `index`, in every array."""
    if value is None:
        return None
    if isinstance(value, tuple):
        return tuple(_taken(item, index, xp) for item in value)
    if isinstance(value, _Runs | _Measured):
        return type(value)(**{name: _taken(field, index, xp) for name, field in vars(value).items()})
    return xp.take(value, index, axis=0)
