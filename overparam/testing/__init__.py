"""The conformance kit: what every activation, optimizer, data generator, engine and executor must satisfy."""

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
