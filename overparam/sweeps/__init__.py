"""Sweeps: which trials are trained next, where, and what they will cost."""

from overparam.sweeps.designs import BoundarySearch, Column, Design, FullGrid, Limits, Request
from overparam.sweeps.estimate import Estimate, dry_run
from overparam.sweeps.executors import Executor, Processes, Serial
from overparam.sweeps.runner import Execution, Progress, run_sweep
from overparam.sweeps.usual import labels_of_sweep
from overparam.sweeps.verify import Verification, verify

__all__ = [
    "BoundarySearch",
    "Column",
    "Design",
    "Estimate",
    "Execution",
    "Executor",
    "FullGrid",
    "Limits",
    "Processes",
    "Progress",
    "Request",
    "Serial",
    "Verification",
    "dry_run",
    "labels_of_sweep",
    "run_sweep",
    "verify",
]
