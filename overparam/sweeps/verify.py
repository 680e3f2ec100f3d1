"""Verification of a study: some trials trained again on the portable engine in double precision."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from overparam.arrays.backends import NumPy
from overparam.runs import Portable, Status
from overparam.studies.grid import TrialKey
from overparam.studies.schema import FAILED, TrialRow
from overparam.studies.specification import Specification
from overparam.studies.study import Study
from overparam.sweeps.trials import Task, pinned, run_task

__all__ = ["Verification", "verify"]


@dataclass(frozen=True)
class Verification:
    """Largest difference between stored trials and the portable engine in float64.

    Attributes
    ----------
    trials : int
        Trials compared.
    differing_status : int
        Trials with another status.
    largest_difference_in_iterations : int
    largest_difference_in_residual : float
        In ‖f − y‖/‖y‖, if both are finite.
    """

    trials: int
    differing_status: int
    largest_difference_in_iterations: int
    largest_difference_in_residual: float


def verify(study: Study, specification: Specification, trials: int, seed: int = 0) -> Verification:
    """Return the comparison of `trials` realizations, chosen by `seed`, trained again."""
    stored = {TrialKey(*row[:4]): row for row in _sample(study, trials, np.random.default_rng(seed))}
    exact = replace(specification, recipe=replace(specification.recipe, dtype="float64"))
    exact = pinned(exact, study.specification.get("data_digest"))
    pairs: list[tuple[TrialRow, TrialRow]] = []
    for n in sorted({key.n for key in stored}):
        keys = tuple(key for key in stored if key.n == n)
        for row in run_task(Task(exact, NumPy(), (Portable(),), keys)):
            pairs.append((stored[TrialKey(*row[:4])], row))
    return Verification(
        len(pairs),
        sum(a.status != b.status for a, b in pairs),
        max((abs(a.iterations - b.iterations) for a, b in pairs), default=0),
        max(
            (
                abs(a.relative_residual - b.relative_residual)
                for a, b in pairs
                if a.relative_residual is not None and b.relative_residual is not None
            ),
            default=0.0,
        ),
    )


def _sample(study: Study, size: int, chance: np.random.Generator) -> list[TrialRow]:
    """Return trained trials drawn without replacement in one pass over a study of any size."""
    sample: list[TrialRow] = []
    for seen, row in enumerate(row for row in study if row.status not in (FAILED, Status.EMPTY)):
        if seen < size:
            sample.append(row)
        elif (place := int(chance.integers(seen + 1))) < size:
            sample[place] = row
    return sample
