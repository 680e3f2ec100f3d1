"""Optimizers: the contract of a method, its families, and the built-in ones, one a file."""

from overparam.optimizers.base import Move, Optimizer
from overparam.optimizers.direct import DirectSolver, OutputLayer
from overparam.optimizers.first_order import FirstOrder, State, Step
from overparam.optimizers.function_space import FunctionSpace
from overparam.optimizers.gd import GradientDescent, theorem_step_size
from overparam.optimizers.least_squares import LeastSquares
from overparam.optimizers.point import Layers, Network, Point
from overparam.optimizers.sgd import StochasticGradientDescent

__all__ = [
    "DirectSolver",
    "FirstOrder",
    "FunctionSpace",
    "GradientDescent",
    "Layers",
    "LeastSquares",
    "Move",
    "Network",
    "Optimizer",
    "OutputLayer",
    "Point",
    "State",
    "Step",
    "StochasticGradientDescent",
    "theorem_step_size",
]
