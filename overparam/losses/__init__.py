"""Losses: the contract and the built-in ones, one a file."""

from overparam.losses.base import Loss, require_signs, tolerated_fraction
from overparam.losses.hinge import Hinge
from overparam.losses.logistic import Logistic
from overparam.losses.squared import Squared

__all__ = ["Hinge", "Logistic", "Loss", "Squared", "require_signs", "tolerated_fraction"]
