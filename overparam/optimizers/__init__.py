"""Optimizers: the contracts and the built-in ones, one a file."""

from overparam.optimizers.base import DirectSolver, FirstOrder, FunctionSpace, Optimizer, OutputLayer, Step
from overparam.optimizers.gd import GradientDescent, theorem_step_size
from overparam.optimizers.least_squares import LeastSquares
from overparam.optimizers.sgd import StochasticGradientDescent

__all__ = [
    "DirectSolver",
    "FirstOrder",
    "FunctionSpace",
    "GradientDescent",
    "LeastSquares",
    "Optimizer",
    "OutputLayer",
    "Step",
    "StochasticGradientDescent",
    "theorem_step_size",
]
