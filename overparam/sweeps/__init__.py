"""Sweeps: specification and grid, the study's file, the runner and its executors, phase diagrams."""

from overparam.sweeps.diagram import Boundary, PhaseDiagram, effective_width
from overparam.sweeps.errors import NotAStudy, SpecificationMismatch, StudyError
from overparam.sweeps.estimate import Estimate, dry_run
from overparam.sweeps.executors import Executor, Processes, Serial
from overparam.sweeps.export import EXPORTED, export_study
from overparam.sweeps.runner import Execution, Progress, run_sweep
from overparam.sweeps.specification import Cell, Grid, Specification, TrialKey
from overparam.sweeps.study import Study, load_study
from overparam.sweeps.verify import Verification, verify

__all__ = [
    "EXPORTED",
    "Boundary",
    "Cell",
    "Estimate",
    "Execution",
    "Executor",
    "Grid",
    "NotAStudy",
    "PhaseDiagram",
    "Processes",
    "Progress",
    "Serial",
    "Specification",
    "SpecificationMismatch",
    "Study",
    "StudyError",
    "TrialKey",
    "Verification",
    "dry_run",
    "effective_width",
    "export_study",
    "load_study",
    "run_sweep",
    "verify",
]
