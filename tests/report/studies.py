"""Invented studies, row by row: the correct report is known, and nothing has to be trained."""

from overparam.runs import Recipe
from overparam.studies import Grid, Specification, TrialRow
from overparam.studies.store import Store

ENVIRONMENT = {
    "started": "2026-01-02T03:04:05+00:00",
    "host": "secret-host",
    "process": 4711,
    "python": "3.11.0",
    "overparam": "0.1.0",
    "numpy": "2.1.0",
    "distributions": {"overparam": "0.1.0"},
    "backend": "numpy",
    "device": "cpu",
    "engines": ["portable"],
    "executor": "serial",
}


def row(cell, trial, *, threshold=1.5):
    """A row whose outcome improves with the effective parameters and varies between trials."""
    n, k, d = cell
    strength = 2 * (k // 2) * d / n + 0.08 * ((trial * 7 + k + d) % 5 - 2)
    success = strength >= threshold
    diverged = not success and (k + d + trial) % 11 == 0
    status = "converged" if success else "diverged" if diverged else "budget_exhausted"
    updates = 400 + 37 * trial + 11 * k if success else 15_000
    measure = None if diverged else 0.0024 + trial * 1e-6 if success else 0.1 + 0.01 * trial + 1.0 / (3 + k)
    length = None if diverged else 1.0 / 3.0 + k
    return TrialRow(
        n, k, d, trial, status, int(success), updates, measure, length, length, 2 * (k // 2) * d, 0.25
    )


def make_study(path, grid, *, description=None, environment=None, rows=row, own=None):
    """Write a study with a row for every trial of a grid."""
    described = {**Specification(recipe=Recipe()).describe(), **(description or {})}
    with Store(path, described, {**ENVIRONMENT, **(environment or {})}) as store:
        store.request(grid)
        for cell in grid.cells:
            for trial in grid.trials_of(cell):
                store.add(rows(cell, trial))
            store.commit()
    return path


def grid_of(n=(20,), k=range(1, 11), d=range(1, 9), trials=5):
    return Grid.product(n, k, d, trials=trials)
