"""The fused CUDA engine: each training run is one thread block, from W₀ to its end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

from overparam.plugin import CuPy, Engine, Job, Outcome, Problem, Unrecordable, by_start, drive
from overparam_cuda.blocks import Method, too_large
from overparam_cuda.formula import Formula
from overparam_cuda.layout import portions
from overparam_cuda.run import Launcher, Runs
from overparam_cuda.source import print_kernel

__all__ = ["Cuda", "cannot_print", "leaves_idle"]

# Estimates, to be replaced by measurements: multiply-adds per second of a block alone on its multiprocessor
# and of a device's matrix products, and the seconds to launch an update of the portable engine.
_BLOCK_RATE, _PRODUCTS_RATE, _LAUNCHES = 1e11, 1e13, 1e-4


def leaves_idle(problems: Sequence[Problem], multiprocessors: int) -> str | None:
    """Return why matrix products over all problems are faster, or None if one block per problem is."""
    work = [2.0 * problem.n * problem.k * problem.d for problem in problems]
    longest = max(max(work), sum(work) / multiprocessors)
    if longest / _BLOCK_RATE <= _LAUNCHES + sum(work) / _PRODUCTS_RATE:
        return None
    return (
        f"with one block each, {len(problems)} training runs of this size leave most of {multiprocessors} "
        "multiprocessors idle; matrix products use all"
    )


@dataclass(frozen=True)
class Cuda(Engine):
    """Kernels for training runs on CuPy with a recorded activation, loss and update rule."""

    name: ClassVar[str] = "cuda"
    resumes: ClassVar[bool] = True

    def objection(self, job: Job) -> str | None:
        """Return an objection: another backend, a component that cannot be recorded, or a lack of memory."""
        if not isinstance(job.backend, CuPy):
            return f"it computes on a GPU through CuPy, but the backend is {job.backend.name}"
        if reason := cannot_print(job) or job.backend.unavailable():
            return reason
        from overparam_cuda.device import memory_of_a_block

        with job.backend.scope():
            limit = memory_of_a_block()
        formula = Formula.of(job.recipe)
        return too_large(job.problems, Method.of(formula, printed(formula)[1], 0), limit)

    def reservation(self, job: Job) -> str | None:
        """Return a reservation if the runs are too large and too few to keep the device busy."""
        if (reason := self.objection(job)) is not None:
            return reason
        from overparam_cuda.device import multiprocessors

        with job.backend.scope():
            return leaves_idle(job.problems, multiprocessors())

    def preparation(self, job: Job) -> str | None:
        """Return a message: a kernel is compiled, or read from CuPy's cache."""
        return f"compiling the kernel of {job.activation.name} and {job.optimizer.name}"

    def run(self, job: Job) -> Iterator[tuple[int, Outcome]]:
        """Train all problems side by side, in segments."""
        job.scales()
        formula = Formula.of(job.recipe)
        source, states = printed(formula)
        # The rows of stochastic updates are not stored in the device's memory.
        method = Method.of(formula, states, 0)
        for among in by_start(job):
            problems = [job.problems[position] for position in among]
            for places in portions(problems, method, job.backend.working_set()):
                positions = [among[place] for place in places]
                with job.backend.scope():
                    runs = Runs(job, positions, formula, self._launcher(source), states)
                yield from drive(job, runs, self.name)

    def _launcher(self, source: str) -> Launcher:
        # Needs CuPy, which is slow to import.
        from overparam_cuda.device import Device

        return Device(source)


@lru_cache(maxsize=64)
def printed(formula: Formula) -> tuple[str, int]:
    """`print_kernel`, cached per process."""
    return print_kernel(formula)


def cannot_print(job: Job) -> str | None:
    """Return why the job has no kernel, or None if it has one."""
    try:
        printed(Formula.of(job.recipe))
    except Unrecordable as error:
        return str(error)
    return None
