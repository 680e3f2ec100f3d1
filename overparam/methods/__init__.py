"""Methods: the contract of an optimizer, its families, and the built-in ones, one per file."""

from overparam.methods.base import Move, Optimizer
from overparam.methods.damped import damped_coefficients
from overparam.methods.direct import DirectSolver, OutputLayer
from overparam.methods.first_order import FirstOrder, State, Step
from overparam.methods.function_space import FunctionSpace
from overparam.methods.gd import GradientDescent, jacobian_step_size, theorem_step_size
from overparam.methods.gram import JacobianGram
from overparam.methods.least_squares import LeastSquares
from overparam.methods.point import Layers, Network, Point
from overparam.methods.sgd import StochasticGradientDescent

__all__ = [
    "DirectSolver",
    "FirstOrder",
    "FunctionSpace",
    "GradientDescent",
    "JacobianGram",
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
    "damped_coefficients",
    "jacobian_step_size",
    "theorem_step_size",
]
