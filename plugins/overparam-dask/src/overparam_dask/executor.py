"""The Dask executor."""

from __future__ import annotations

from concurrent.futures import Executor as FuturesExecutor
from dataclasses import dataclass
from typing import ClassVar

from overparam.plugin import Executor, interrupts_held, usable_cores

__all__ = ["Dask"]


@dataclass(frozen=True)
class Dask(Executor):
    """A Dask cluster: a running one if an address is given, else workers on this machine.

    Attributes
    ----------
    address : str, optional
        The scheduler of a running cluster, such as tcp://10.0.0.1:8786, including clusters of dask-jobqueue
        and dask-cuda. Its workers may come and go.
    scheduler_file : str, optional
        The file to which a scheduler has written its address; an alternative to `address`.
    workers : int, optional
        Processes on this machine, if no running cluster is given; default: one per core.
    timeout : float
        Seconds to wait for the scheduler.
    """

    name: ClassVar[str] = "dask"
    address: str | None = None
    scheduler_file: str | None = None
    workers: int | None = None
    timeout: float = 10.0

    def __post_init__(self) -> None:
        if sum(given is not None for given in (self.address, self.scheduler_file, self.workers)) > 1:
            raise ValueError("dask accepts only one of address, scheduler_file and workers")
        if self.workers is not None and self.workers < 1:
            raise ValueError(f"workers must be at least 1, got {self.workers}")
        if not self.timeout > 0:
            raise ValueError(f"timeout must be a positive number of seconds, got {self.timeout}")

    def create(self) -> FuturesExecutor:
        """Connect to the scheduler, or start one with its workers."""
        from overparam_dask.pool import Pool  # Dask takes half a second to import

        if self.on_this_machine():
            workers = self.workers or usable_cores()
            with interrupts_held():
                return Pool.local(workers, max(1, usable_cores() // workers))
        return Pool.of(self.address, self.scheduler_file, self.timeout)

    def abandon(self, executor: FuturesExecutor) -> None:
        """Cancel unfinished work and disconnect; the executor's own workers end at once."""
        executor.shutdown(wait=False, cancel_futures=True)

    def parallelism(self) -> int:
        """Return the number of requested workers; 2 for a running cluster before the connection."""
        if self.on_this_machine():
            return self.workers or usable_cores()
        return 2  # with 1, all trials would be one chunk

    def on_this_machine(self) -> bool:
        """Whether the workers belong to this executor, not to a running cluster."""
        return self.address is None and self.scheduler_file is None
