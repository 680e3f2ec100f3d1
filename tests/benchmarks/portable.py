"""The portable engine on NumPy, which chooses its batches itself."""

from __future__ import annotations

from overparam.runs import Portable
from tests.benchmarks.instances import Instances, Run, trained_by

__all__ = ["prepare"]


def prepare(instances: Instances) -> list[Run]:
    """Return the one way to run."""
    return [trained_by(Portable(), instances)]
