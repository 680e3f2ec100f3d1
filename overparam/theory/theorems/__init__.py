"""Theorems as objects: the contract, and the paper's own, one class each."""

from overparam.theory.theorems.base import Conclusion, Hypothesis, Theorem
from overparam.theory.theorems.catalogue import builtin_theorems

__all__ = ["Conclusion", "Hypothesis", "Theorem", "builtin_theorems"]
