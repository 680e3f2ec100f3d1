"""The check that all contenders carry out the same training runs: their iteration counts agree."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from overparam.arrays.backends import DType
from overparam.model.activations import Activation
from overparam.model.problem import draw_problem
from overparam.runs import StopRule
from tests.benchmarks.contenders import Contender
from tests.benchmarks.instances import Instances

__all__ = ["STOP", "disagreements", "easy_instances", "iteration_counts"]

STOP = StopRule(1000, 0.1)
_STEPS, _SHARE = 3, 0.005
"""Allowed difference of iteration counts, in steps and as a share: rounding moves the first iterate below the
tolerance by a few steps, and by more if descent is slow."""


def easy_instances(activation: Activation, dtype: DType) -> Instances:
    """Two problems with many more parameters than samples: both converge, at different speeds."""
    return Instances(tuple(draw_problem(12, 20, 20, trial=t) for t in range(2)), activation, dtype)


def iteration_counts(
    contender: Contender, instances: Instances, stop: StopRule = STOP
) -> list[NDArray[np.int64]]:
    """Iterations of each instance, for each way in which the contender runs."""
    return [run(stop) for run in contender.prepare(instances)]


def disagreements(
    contenders: Sequence[Contender], activations: Sequence[Activation], dtypes: Sequence[DType]
) -> list[str]:
    """Sentences about contenders whose counts differ from the first contender's; [] if all agree."""
    found = []
    for activation in activations:
        for dtype in dtypes:
            instances = easy_instances(activation, dtype)
            [reference, *_] = iteration_counts(contenders[0], instances)
            if not (reference.min() > 0 and reference.max() < STOP.max_iterations):
                found.append(f"{activation.name}, {dtype}: the instances do not converge: {reference}")
            allowed = np.maximum(_STEPS, _SHARE * reference)
            found += [
                f"{contender.name}, {activation.name}, {dtype}: {counts} iterations, not {reference}"
                for contender in contenders[1:]
                for counts in iteration_counts(contender, instances)
                if np.any(np.abs(counts - reference) > allowed)
            ]
    return found
