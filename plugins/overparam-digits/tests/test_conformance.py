"""The data generator passes overparam's conformance kit."""

from overparam_digits import Digits

from overparam.testing import conformance

test_conformance = conformance(Digits(), Digits("shuffled", "value"))
