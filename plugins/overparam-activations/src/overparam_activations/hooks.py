"""Components of this distribution."""

from overparam.plugin import Activation, hookimpl
from overparam_activations import ELU, GELU, Absolute, ErrorFunction, Quadratic, Sigmoid, Tanh


@hookimpl
def overparam_activations() -> list[type[Activation]]:
    """Seven activations."""
    return [ErrorFunction, Tanh, GELU, Sigmoid, ELU, Quadratic, Absolute]
