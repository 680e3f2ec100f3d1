"""All that the author of a plugin needs to import."""

from overparam.activations import Activation, ReLU, Softplus
from overparam.arrays import Array, Namespace, array_namespace, dot, squared_norm
from overparam.backends import Backend, CuPy, DType, NumPy
from overparam.components import Component, ComponentError, Identity
from overparam.data.base import DataGenerator, Dataset, Labels, Matrix
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
from overparam.training.idle import leaves_idle_units
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
    "CuPy",
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
    "Identity",
    "Instruction",
    "Job",
    "Labels",
    "Matrix",
    "Namespace",
    "NumPy",
    "Operand",
    "Optimizer",
    "Outcome",
    "OutputLayer",
    "Problem",
    "Program",
    "ReLU",
    "Setting",
    "Softplus",
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
    "leaves_idle_units",
    "record_activation",
    "record_update",
    "row_stream",
    "squared_norm",
]
