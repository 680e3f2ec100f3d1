"""Optimizers beyond gradient descent, one per file."""

from overparam_optimizers.adam import Adam
from overparam_optimizers.levenberg_marquardt import LevenbergMarquardt
from overparam_optimizers.momentum import Momentum
from overparam_optimizers.nesterov import Nesterov

__all__ = ["Adam", "LevenbergMarquardt", "Momentum", "Nesterov"]
