"""All that the author of a plugin needs to import."""

from overparam.activations import Activation, ReLU, Softplus
from overparam.arrays import Array, Namespace, array_namespace, dot, squared_norm
from overparam.backends import Backend, CuPy, DType, NumPy
from overparam.components import Component, ComponentError, Identity, require_positive
from overparam.data.base import ContentChanged, DataGenerator, Dataset, Labels, Matrix
from overparam.faults import PluginFailure, calling
from overparam.files import open_input, require_regular
from overparam.hookspecs import hookimpl
from overparam.initializations.base import Initialization, Weights
from overparam.losses import Loss, Squared, require_signs, tolerated_fraction
from overparam.network import hidden_features, preactivations
from overparam.optimizers import (
    DirectSolver,
    FirstOrder,
    FunctionSpace,
    GradientDescent,
    Layers,
    Move,
    Network,
    Optimizer,
    OutputLayer,
    Point,
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
from overparam.training.driver import Loop, Seen, drive
from overparam.training.engine import Engine, Job
from overparam.training.idle import leaves_idle_units
from overparam.training.observers import Look, Observer
from overparam.training.outcome import History, Outcome, Status
from overparam.training.program import Instruction, Operand, Program, Value, of_the_difference
from overparam.training.recipe import DIVERGENCE_LIMIT, Bounds, Recipe, StopRule
from overparam.training.rows import row_stream
from overparam.training.symbolic import Unrecordable, record_activation, record_loss, record_update
from overparam.whole import LARGEST, whole

__all__ = [
    "API_VERSION",
    "DIVERGENCE_LIMIT",
    "LARGEST",
    "Activation",
    "Array",
    "Backend",
    "Bounds",
    "Component",
    "ComponentError",
    "Conclusion",
    "ContentChanged",
    "CuPy",
    "DType",
    "DataGenerator",
    "Dataset",
    "DirectSolver",
    "Engine",
    "Executor",
    "FirstOrder",
    "FunctionSpace",
    "GradientDescent",
    "History",
    "Hypothesis",
    "Identity",
    "Initialization",
    "Instruction",
    "Job",
    "Labels",
    "Layers",
    "Look",
    "Loop",
    "Loss",
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
    "PluginFailure",
    "Point",
    "Problem",
    "Program",
    "ReLU",
    "Recipe",
    "Seen",
    "Setting",
    "Softplus",
    "Squared",
    "State",
    "Status",
    "Step",
    "StopRule",
    "Stream",
    "Theorem",
    "Trajectory",
    "Unrecordable",
    "Value",
    "Weights",
    "array_namespace",
    "calling",
    "dot",
    "drive",
    "erf",
    "generator",
    "hidden_features",
    "hookimpl",
    "interrupts_held",
    "leaves_idle_units",
    "of_the_difference",
    "open_input",
    "preactivations",
    "record_activation",
    "record_loss",
    "record_update",
    "require_positive",
    "require_regular",
    "require_signs",
    "row_stream",
    "squared_norm",
    "tolerated_fraction",
    "whole",
]
