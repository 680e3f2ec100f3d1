"""All that the author of a plugin needs to import."""

from overparam.activations.base import Activation
from overparam.arrays import Array, Namespace, array_namespace, dot, squared_norm
from overparam.backends import Backend, DType
from overparam.components import Component, ComponentError
from overparam.data.base import ContentChanged, DataGenerator, Dataset, Labels, Matrix
from overparam.files import open_input, require_regular
from overparam.hookspecs import hookimpl
from overparam.optimizers.base import (
    DirectSolver,
    FirstOrder,
    FunctionSpace,
    Optimizer,
    OutputLayer,
    State,
    Step,
)
from overparam.plugins import API_VERSION
from overparam.problems import Problem, Stream, generator
from overparam.special import erf
from overparam.sweeps.executors import Executor, interrupts_held
from overparam.theory.probes import Trajectory
from overparam.theory.setting import Setting
from overparam.theory.theorems.base import Conclusion, Hypothesis, Theorem
from overparam.training.engine import DIVERGENCE_LIMIT, Engine, Job, StopRule
from overparam.training.outcome import History, Outcome, Status
from overparam.training.program import Instruction, Operand, Program, Value
from overparam.training.rows import row_stream
from overparam.training.symbolic import Unrecordable, record_activation, record_update

__all__ = [
    "API_VERSION",
    "DIVERGENCE_LIMIT",
    "Activation",
    "Array",
    "Backend",
    "Component",
    "ComponentError",
    "Conclusion",
    "ContentChanged",
    "DType",
    "DataGenerator",
    "Dataset",
    "DirectSolver",
    "Engine",
    "Executor",
    "FirstOrder",
    "FunctionSpace",
    "History",
    "Hypothesis",
    "Instruction",
    "Job",
    "Labels",
    "Matrix",
    "Namespace",
    "Operand",
    "Optimizer",
    "Outcome",
    "OutputLayer",
    "Problem",
    "Program",
    "Setting",
    "State",
    "Status",
    "Step",
    "StopRule",
    "Stream",
    "Theorem",
    "Trajectory",
    "Unrecordable",
    "Value",
    "array_namespace",
    "dot",
    "erf",
    "generator",
    "hookimpl",
    "interrupts_held",
    "open_input",
    "record_activation",
    "record_update",
    "require_regular",
    "row_stream",
    "squared_norm",
]
