"""Losses: the contract and the built-in ones, one per file."""

from overparam.model.losses.base import Loss, misclassified, require_signs, tolerated_fraction
from overparam.model.losses.hinge import Hinge
from overparam.model.losses.logistic import Logistic
from overparam.model.losses.squared import Squared

__all__ = ["Hinge", "Logistic", "Loss", "Squared", "misclassified", "require_signs", "tolerated_fraction"]
