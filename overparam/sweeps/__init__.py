"""Sweeps: the choice of trials, where they are trained, and their cost."""

from overparam.sweeps.asked import AXES, Asked, asked_of
from overparam.sweeps.cost import Cost
from overparam.sweeps.designs import BoundarySearch, Design, FullGrid, Request
from overparam.sweeps.estimate import Estimate, dry_run
from overparam.sweeps.execution import Execution, Progress
from overparam.sweeps.executors import Executor, Processes, Serial
from overparam.sweeps.replay import Replay, replay_trial
from overparam.sweeps.runner import run_sweep
from overparam.sweeps.usual import labels_of_sweep
from overparam.sweeps.verify import Verification, verify

__all__ = [
    "AXES",
    "Asked",
    "BoundarySearch",
    "Cost",
    "Design",
    "Estimate",
    "Execution",
    "Executor",
    "FullGrid",
    "Processes",
    "Progress",
    "Replay",
    "Request",
    "Serial",
    "Verification",
    "asked_of",
    "dry_run",
    "labels_of_sweep",
    "replay_trial",
    "run_sweep",
    "verify",
]
