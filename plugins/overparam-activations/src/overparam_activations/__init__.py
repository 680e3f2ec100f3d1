"""Activations beyond softplus and ReLU, one per file."""

from overparam_activations.absolute import Absolute
from overparam_activations.elu import ELU
from overparam_activations.error_function import ErrorFunction
from overparam_activations.gelu import GELU
from overparam_activations.quadratic import Quadratic
from overparam_activations.sigmoid import Sigmoid
from overparam_activations.tanh import Tanh

__all__ = ["ELU", "GELU", "Absolute", "ErrorFunction", "Quadratic", "Sigmoid", "Tanh"]
