"""Studies: a sweep's trials and their outcomes in one file; diagrams, tables, merging and salvage."""

from overparam.studies.boundary import Crossing, crossings
from overparam.studies.details import Ending
from overparam.studies.diagram import Boundary, ParameterCount, PhaseDiagram
from overparam.studies.errors import NoSuchTrial, NotAStudy, SpecificationMismatch, StudyError, StudyWarning
from overparam.studies.exponents import Exponents, Interval, LocalExponent
from overparam.studies.export import EXPORTED, TABLES, export_study, write_table
from overparam.studies.grid import Cell, Grid, Shard, TrialKey, parse_range
from overparam.studies.merge import merge_studies
from overparam.studies.plan import Column, Limits, Plan
from overparam.studies.restoring import restore
from overparam.studies.salvage import Salvage, salvage
from overparam.studies.scaling import BoundaryScaling
from overparam.studies.schema import Session, TrialRow
from overparam.studies.specification import Specification
from overparam.studies.study import Study, load_study
from overparam.studies.tallies import Tally

__all__ = [
    "EXPORTED",
    "TABLES",
    "Boundary",
    "BoundaryScaling",
    "Cell",
    "Column",
    "Crossing",
    "Ending",
    "Exponents",
    "Grid",
    "Interval",
    "Limits",
    "LocalExponent",
    "NoSuchTrial",
    "NotAStudy",
    "ParameterCount",
    "PhaseDiagram",
    "Plan",
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
    "parse_range",
    "restore",
    "salvage",
    "write_table",
]
