"""Theorems as objects: the contract, and the paper's own, one class each."""

from overparam.theory.theorems.assertion import Assertion, Claim, ClaimKind, Growth
from overparam.theory.theorems.base import Conclusion, Hypothesis, LowerBound, Theorem
from overparam.theory.theorems.catalogue import builtin_theorems
from overparam.theory.theorems.widths import builtin_claims

__all__ = [
    "Assertion",
    "Claim",
    "ClaimKind",
    "Conclusion",
    "Growth",
    "Hypothesis",
    "LowerBound",
    "Theorem",
    "builtin_claims",
    "builtin_theorems",
]
