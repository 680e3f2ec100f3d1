"""The fused engine on all cores."""

from __future__ import annotations

from overparam_numba import Numba

from tests.benchmarks.instances import Instances, Run, trained_by

__all__ = ["prepare"]


def prepare(instances: Instances) -> list[Run]:
    """Return the one way to run."""
    return [trained_by(Numba(), instances)]
