"""The engine passes overparam's conformance kit."""

from overparam_numba import Numba

from overparam.testing import conformance

test_conformance = conformance(Numba())
