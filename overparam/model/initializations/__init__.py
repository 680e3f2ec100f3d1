"""Initializations of the weights: the contract and the built-in ones, one per file."""

from overparam.model.initializations.base import Initialization, Weights
from overparam.model.initializations.paper import Paper, output_weights
from overparam.model.initializations.scaled import Scaled
from overparam.model.initializations.symmetric import Symmetric

__all__ = ["Initialization", "Paper", "Scaled", "Symmetric", "Weights", "output_weights"]
