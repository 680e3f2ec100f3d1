"""The fused CUDA engine: each training run is one thread block, from W₀ to its end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import ClassVar

from overparam.plugin import CuPy, Engine, Job, Outcome, Problem, Unrecordable, drive
from overparam_cuda.blocks import Method, too_large
from overparam_cuda.formula import Formula
from overparam_cuda.layout import portions
from overparam_cuda.run import Launcher, Runs
from overparam_cuda.source import print_kernel

__all__ = ["Cuda", "cannot_print", "leaves_idle"]

# Guesses, to be replaced by measurements: multiply-adds a second of a block alone on its multiprocessor and
# of a device's matrix products, and the seconds that launching the portable engine's update takes.
_BLOCK_RATE, _PRODUCTS_RATE, _LAUNCHES = 1e11, 1e13, 1e-4


def leaves_idle(problems: Sequence[Problem], multiprocessors: int) -> str | None:
    """Say why matrix products over all are faster, None where a block for each is."""
    work = [2.0 * problem.n * problem.k * problem.d for problem in problems]
    longest = max(max(work), sum(work) / multiprocessors)
    if longest / _BLOCK_RATE <= _LAUNCHES + sum(work) / _PRODUCTS_RATE:
        return None
    return (
        f"with a block each, {len(problems)} training runs as large as these leave most of {multiprocessors} "
        "multiprocessors idle; matrix products use all"
    )


@dataclass(frozen=True)
class Cuda(Engine):
    """Printed kernels for CuPy's training runs with a recorded activation, loss and update rule."""

    name: ClassVar[str] = "cuda"

    def objection(self, job: Job) -> str | None:
        """Name another backend, what cannot be recorded, or what does not fit a block; None for the rest."""
        if not isinstance(job.backend, CuPy):
            return f"it computes on a GPU through CuPy, and the backend is {job.backend.name}"
        if reason := cannot_print(job) or job.backend.unavailable():
            return reason
        from overparam_cuda.device import memory_of_a_block

        with job.backend.scope():
            limit = memory_of_a_block()
        formula = Formula.of(job.recipe)
        return too_large(job.problems, Method.of(formula, printed(formula)[1], 0), limit)

    def reservation(self, job: Job) -> str | None:
        """Say that the training runs are too large and too few to keep the device busy, where they are."""
        if (reason := self.objection(job)) is not None:
            return reason
        from overparam_cuda.device import multiprocessors

        with job.backend.scope():
            return leaves_idle(job.problems, multiprocessors())

    def preparation(self, job: Job) -> str | None:
        """Say that a kernel is compiled, or read from CuPy's cache."""
        return f"compiling the kernel of {job.activation.name} and {job.optimizer.name}"

    def run(self, job: Job) -> Iterator[tuple[int, Outcome]]:
        """Train all problems side by side, segment by segment."""
        job.scales()
        formula = Formula.of(job.recipe)
        source, states = printed(formula)
        # Of the rows of a stochastic update nothing lies in the device's memory.
        method = Method.of(formula, states, 0)
        for positions in portions(job.problems, method, job.backend.working_set()):
            portion = replace(job, problems=[job.problems[position] for position in positions])
            with job.backend.scope():
                runs = Runs(portion, formula, self._launcher(source), states)
            for position, outcome in drive(portion, runs, self.name):
                yield positions[position], outcome

    def _launcher(self, source: str) -> Launcher:
        # Needs CuPy, slow to import.
        from overparam_cuda.device import Device

        return Device(source)


@lru_cache(maxsize=64)
def printed(formula: Formula) -> tuple[str, int]:
    """`print_kernel`, once for each kernel of a process."""
    return print_kernel(formula)


def cannot_print(job: Job) -> str | None:
    """Say why there is no kernel for what the job trains, None where there is one."""
    try:
        printed(Formula.of(job.recipe))
    except Unrecordable as error:
        return str(error)
    return None
