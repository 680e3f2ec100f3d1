"""Activations: the contract and the built-in ones, one a file."""

from overparam.activations.base import Activation
from overparam.activations.hermite import Hermite
from overparam.activations.relu import ReLU
from overparam.activations.softplus import Softplus

__all__ = ["Activation", "Hermite", "ReLU", "Softplus"]
