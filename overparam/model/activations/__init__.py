"""Activations: the contract and the built-in ones, one per file."""

from overparam.model.activations.base import Activation
from overparam.model.activations.hermite import Hermite
from overparam.model.activations.relu import ReLU
from overparam.model.activations.softplus import Softplus

__all__ = ["Activation", "Hermite", "ReLU", "Softplus"]
