"""Sweeps: which trials are trained next, where, and what they will cost."""

from overparam.sweeps.asked import AXES, Asked, asked_of
from overparam.sweeps.estimate import Estimate, dry_run
from overparam.sweeps.executors import Executor, Processes, Serial
from overparam.sweeps.runner import Execution, Progress, run_sweep
from overparam.sweeps.usual import labels_of_sweep
from overparam.sweeps.verify import Verification, verify

__all__ = [
    "AXES",
    "Asked",
    "Estimate",
    "Execution",
    "Executor",
    "Processes",
    "Progress",
    "Serial",
    "Verification",
    "asked_of",
    "dry_run",
    "labels_of_sweep",
    "run_sweep",
    "verify",
]
