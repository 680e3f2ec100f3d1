"""Studies: what was run and what came out, in one file; phase diagrams, tables, merging and salvage."""

from overparam.studies.boundary import Crossing, crossings
from overparam.studies.diagram import Boundary, ParameterCount, PhaseDiagram
from overparam.studies.errors import NotAStudy, SpecificationMismatch, StudyError, StudyWarning
from overparam.studies.export import EXPORTED, TABLES, export_study
from overparam.studies.grid import Cell, Grid, Round, Shard, TrialKey
from overparam.studies.merge import merge_studies
from overparam.studies.plan import Plan
from overparam.studies.salvage import Salvage, salvage
from overparam.studies.schema import Session, TrialRow
from overparam.studies.specification import Specification
from overparam.studies.study import Study, load_study
from overparam.studies.tallies import Tally

__all__ = [
    "EXPORTED",
    "TABLES",
    "Boundary",
    "Cell",
    "Crossing",
    "Grid",
    "NotAStudy",
    "ParameterCount",
    "PhaseDiagram",
    "Plan",
    "Round",
    "Salvage",
    "Session",
    "Shard",
    "Specification",
    "SpecificationMismatch",
    "Study",
    "StudyError",
    "StudyWarning",
    "Tally",
    "TrialKey",
    "TrialRow",
    "crossings",
    "export_study",
    "load_study",
    "merge_studies",
    "salvage",
]
