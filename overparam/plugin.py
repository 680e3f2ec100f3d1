"""Everything that the author of a plugin needs to import."""

from overparam.arrays import Array, Namespace, array_namespace, dot, squared_norm
from overparam.arrays.backends import Backend, CuPy, DType, NumPy, backend_of
from overparam.arrays.blocks import sample_blocks
from overparam.arrays.machine import usable_cores
from overparam.arrays.special import erf
from overparam.arrays.spectral import largest_eigenvalue
from overparam.components import Component, ComponentError, Identity, require_positive
from overparam.components.faults import PluginFailure, calling
from overparam.components.whole import LARGEST, whole
from overparam.figures import Curve, Panel, boundary_line, curves_figure, new_figure, phase_figure
from overparam.files import open_input, require_regular
from overparam.methods import (
    DirectSolver,
    FirstOrder,
    FunctionSpace,
    GradientDescent,
    JacobianGram,
    Layers,
    Move,
    Network,
    Optimizer,
    OutputLayer,
    Point,
    State,
    Step,
    StochasticGradientDescent,
    damped_coefficients,
    jacobian_step_size,
)
from overparam.model.activations import Activation, ReLU, Softplus
from overparam.model.data.base import ContentChanged, DataGenerator, Dataset, Labels, Matrix
from overparam.model.data.sphere import Sphere
from overparam.model.initializations.base import Initialization, Weights
from overparam.model.losses import Loss, Squared, misclassified, require_signs, tolerated_fraction
from overparam.model.network import hidden_features, jacobian_gram, preactivations
from overparam.model.problem import Problem, Stream, generator
from overparam.plugins import API_VERSION
from overparam.plugins.hookspecs import hookimpl
from overparam.quantities.gaussian import Estimate
from overparam.quantities.hermite import hermite_series
from overparam.quantities.intervals import Interval
from overparam.quantities.khatri_rao import khatri_rao_spectrum, product_of_squares
from overparam.reproductions.base import Figure, Reproduction, Setup
from overparam.runs.driver import Loop, Seen, drive
from overparam.runs.engine import Engine, Job
from overparam.runs.idle import leaves_idle_units
from overparam.runs.observers import Look, Observer
from overparam.runs.outcome import History, Outcome, Status
from overparam.runs.recipe import DIVERGENCE_LIMIT, Bounds, Recipe, StopRule
from overparam.runs.rows import row_stream, rows_after
from overparam.runs.snapshot import Keeper, Snapshot, by_start, restore
from overparam.studies.boundary import crossings
from overparam.studies.diagram import ParameterCount, PhaseDiagram
from overparam.studies.grid import Cell, Grid, parse_range
from overparam.studies.plan import Column, Limits
from overparam.studies.specification import Specification
from overparam.studies.study import Study
from overparam.studies.tallies import Tally
from overparam.sweeps.asked import Asked
from overparam.sweeps.designs.base import Design, Request
from overparam.sweeps.designs.boundary import BoundarySearch
from overparam.sweeps.executors import Executor, interrupts_held
from overparam.theory.probes import Trajectory
from overparam.theory.setting import Setting
from overparam.theory.theorems.assertion import Assertion, Claim, ClaimKind, Growth
from overparam.theory.theorems.base import Conclusion, Hypothesis, LowerBound, Theorem
from overparam.tracing.program import Instruction, Operand, Program, Value, of_the_difference
from overparam.tracing.symbolic import Unrecordable, record_activation, record_loss, record_update

__all__ = [
    "API_VERSION",
    "DIVERGENCE_LIMIT",
    "LARGEST",
    "Activation",
    "Array",
    "Asked",
    "Assertion",
    "Backend",
    "BoundarySearch",
    "Bounds",
    "Cell",
    "Claim",
    "ClaimKind",
    "Column",
    "Component",
    "ComponentError",
    "Conclusion",
    "ContentChanged",
    "CuPy",
    "Curve",
    "DType",
    "DataGenerator",
    "Dataset",
    "Design",
    "DirectSolver",
    "Engine",
    "Estimate",
    "Executor",
    "Figure",
    "FirstOrder",
    "FunctionSpace",
    "GradientDescent",
    "Grid",
    "Growth",
    "History",
    "Hypothesis",
    "Identity",
    "Initialization",
    "Instruction",
    "Interval",
    "JacobianGram",
    "Job",
    "Keeper",
    "Labels",
    "Layers",
    "Limits",
    "Look",
    "Loop",
    "Loss",
    "LowerBound",
    "Matrix",
    "Move",
    "Namespace",
    "Network",
    "NumPy",
    "Observer",
    "Operand",
    "Optimizer",
    "Outcome",
    "OutputLayer",
    "Panel",
    "ParameterCount",
    "PhaseDiagram",
    "PluginFailure",
    "Point",
    "Problem",
    "Program",
    "ReLU",
    "Recipe",
    "Reproduction",
    "Request",
    "Seen",
    "Setting",
    "Setup",
    "Snapshot",
    "Softplus",
    "Specification",
    "Sphere",
    "Squared",
    "State",
    "Status",
    "Step",
    "StochasticGradientDescent",
    "StopRule",
    "Stream",
    "Study",
    "Tally",
    "Theorem",
    "Trajectory",
    "Unrecordable",
    "Value",
    "Weights",
    "array_namespace",
    "backend_of",
    "boundary_line",
    "by_start",
    "calling",
    "crossings",
    "curves_figure",
    "damped_coefficients",
    "dot",
    "drive",
    "erf",
    "generator",
    "hermite_series",
    "hidden_features",
    "hookimpl",
    "interrupts_held",
    "jacobian_gram",
    "jacobian_step_size",
    "khatri_rao_spectrum",
    "largest_eigenvalue",
    "leaves_idle_units",
    "misclassified",
    "new_figure",
    "of_the_difference",
    "open_input",
    "parse_range",
    "phase_figure",
    "preactivations",
    "product_of_squares",
    "record_activation",
    "record_loss",
    "record_update",
    "require_positive",
    "require_regular",
    "require_signs",
    "restore",
    "row_stream",
    "rows_after",
    "sample_blocks",
    "squared_norm",
    "tolerated_fraction",
    "usable_cores",
    "whole",
]
