"""The conformance kit: what every component that a plugin hands over must satisfy."""

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
