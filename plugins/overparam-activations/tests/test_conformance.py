"""Every activation of this distribution passes overparam's conformance kit."""

from overparam_activations import ELU, GELU, Absolute, ErrorFunction, Quadratic, Sigmoid, Tanh

from overparam.testing import conformance

test_conformance = conformance(
    *(ErrorFunction(), Tanh(), GELU(), Sigmoid(), Quadratic(), Absolute()), *(ELU(), ELU(0.5), ELU(1.75))
)
