"""The conformance kit: checks that every component of a plugin must pass."""

from overparam.testing.checks import Check, Result, Skipped, Verdict, run_check
from overparam.testing.examples import examples
from overparam.testing.kit import checks_for, conformance

__all__ = [
    "Check",
    "Result",
    "Skipped",
    "Verdict",
    "checks_for",
    "conformance",
    "examples",
    "run_check",
]
