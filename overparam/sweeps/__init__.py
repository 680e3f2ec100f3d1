"""Sweeps: specification and grid, the study's file, the runner and its executors, phase diagrams."""

from overparam.sweeps.diagram import Boundary, ParameterCount, PhaseDiagram
from overparam.sweeps.errors import NotAStudy, SpecificationMismatch, StudyError, StudyWarning
from overparam.sweeps.estimate import Estimate, dry_run
from overparam.sweeps.executors import Executor, Processes, Serial
from overparam.sweeps.export import EXPORTED, TABLES, export_study
from overparam.sweeps.grid import Cell, Grid, Shard, TrialKey
from overparam.sweeps.merge import merge_studies
from overparam.sweeps.runner import Execution, Progress, run_sweep
from overparam.sweeps.salvage import Salvage, salvage
from overparam.sweeps.schema import Session, TrialRow
from overparam.sweeps.specification import Specification
from overparam.sweeps.study import Study, load_study
from overparam.sweeps.usual import labels_of_sweep
from overparam.sweeps.verify import Verification, verify

__all__ = [
    "EXPORTED",
    "TABLES",
    "Boundary",
    "Cell",
    "Estimate",
    "Execution",
    "Executor",
    "Grid",
    "NotAStudy",
    "ParameterCount",
    "PhaseDiagram",
    "Processes",
    "Progress",
    "Salvage",
    "Serial",
    "Session",
    "Shard",
    "Specification",
    "SpecificationMismatch",
    "Study",
    "StudyError",
    "StudyWarning",
    "TrialKey",
    "TrialRow",
    "Verification",
    "dry_run",
    "export_study",
    "labels_of_sweep",
    "load_study",
    "merge_studies",
    "run_sweep",
    "salvage",
    "verify",
]
