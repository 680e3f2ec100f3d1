"""Initializations of the weights: the contract and the built-in ones, one a file."""

from overparam.initializations.base import Initialization, Weights
from overparam.initializations.paper import Paper, output_weights
from overparam.initializations.scaled import Scaled
from overparam.initializations.symmetric import Symmetric

__all__ = ["Initialization", "Paper", "Scaled", "Symmetric", "Weights", "output_weights"]
