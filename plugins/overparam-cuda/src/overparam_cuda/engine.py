"""The fused CUDA engine: each training is one thread block, from W₀ to its end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import ClassVar, Literal

import numpy as np

from overparam.plugin import (
    Activation,
    CuPy,
    DType,
    Engine,
    FirstOrder,
    Job,
    Outcome,
    Problem,
    Unrecordable,
)
from overparam_cuda.layout import fits, portions
from overparam_cuda.run import Launcher, Run
from overparam_cuda.source import print_kernel

__all__ = ["Cuda", "fills", "printable"]

# Guesses, to be replaced by measurements: multiply-adds a second of a block alone on its multiprocessor and
# of a device's matrix products, and the seconds that launching the portable engine's update takes.
_BLOCK_RATE, _PRODUCTS_RATE, _LAUNCHES = 1e11, 1e13, 1e-4


def fills(problems: Sequence[Problem], multiprocessors: int) -> Literal[True] | str:
    """Return True where a block for each is faster than matrix products over all, or why it is not."""
    work = [2.0 * problem.n * problem.k * problem.d for problem in problems]
    longest = max(max(work), sum(work) / multiprocessors)
    if longest / _BLOCK_RATE <= _LAUNCHES + sum(work) / _PRODUCTS_RATE:
        return True
    return (
        f"with a block each, {len(problems)} trainings as large as these leave most of {multiprocessors} "
        "multiprocessors idle; matrix products use all"
    )


@dataclass(frozen=True)
class Cuda(Engine):
    """Printed kernels for CuPy's trainings with a recorded activation and update rule."""

    name: ClassVar[str] = "cuda"

    def can_run(self, job: Job) -> Literal[True] | str:
        """Return True, or why not: another backend or method, or what cannot be recorded."""
        if not isinstance(job.backend, CuPy):
            return f"it computes on a GPU through CuPy, and the backend is {job.backend.name}"
        if (answer := printable(job)) is not True:
            return answer
        if reason := job.backend.unavailable():
            return reason
        from overparam_cuda.device import memory_of_a_block

        with job.backend.scope():
            limit = memory_of_a_block()
        return fits(job.problems, job.dtype, limit)

    def should_run(self, job: Job) -> Literal[True] | str:
        """Return True, or that the trainings are too large and too few to keep the device busy."""
        if (answer := self.can_run(job)) is not True:
            return answer
        from overparam_cuda.device import multiprocessors

        with job.backend.scope():
            return fills(job.problems, multiprocessors())

    def preparation(self, job: Job) -> str | None:
        """Say that a kernel is compiled, or read from CuPy's cache."""
        return f"compiling the kernel of {job.activation.name} and {job.optimizer.name}"

    def run(self, job: Job) -> Iterator[tuple[int, Outcome]]:
        """Train all problems side by side, segment by segment."""
        if not isinstance(job.optimizer, FirstOrder):
            raise TypeError(f"{job.optimizer.name} is not a first-order method")
        source, states = printed(job.activation, job.optimizer, job.dtype)
        itemsize = np.dtype(job.dtype).itemsize
        for positions in portions(job.problems, states, itemsize, job.backend.working_set()):
            portion = replace(job, problems=[job.problems[position] for position in positions])
            # The device is current around the work only: a generator would leak that to its consumer.
            with job.backend.scope():
                run = Run(portion, self._launcher(source), states)
            while not run.over:
                with job.backend.scope():
                    ended = run.advance()
                for position, outcome in ended:
                    yield positions[position], outcome

    def _launcher(self, source: str) -> Launcher:
        # Needs CuPy, slow to import.
        from overparam_cuda.device import Device

        return Device(source)


@lru_cache(maxsize=64)
def printed(activation: Activation, optimizer: FirstOrder, dtype: DType) -> tuple[str, int]:
    """`print_kernel`, once for each kernel of a process."""
    return print_kernel(activation, optimizer, dtype)


def printable(job: Job) -> Literal[True] | str:
    """Return True, or why there is no kernel for the job's method and activation."""
    if not isinstance(job.optimizer, FirstOrder):
        return f"{job.optimizer.name} is not a first-order method"
    try:
        printed(job.activation, job.optimizer, job.dtype)
    except Unrecordable as error:
        return str(error)
    return True
