"""Checks of data generators and of labels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import numpy as np

from overparam.methods import GradientDescent
from overparam.model.data import DataGenerator, Dataset, Labels, Sphere
from overparam.model.data.sphere import uniform_on_sphere
from overparam.model.problem import draw_problem
from overparam.runs import StopRule
from overparam.testing.checks import Check, Skipped, require, require_finite, same_bits
from overparam.testing.trainings import job_of, outcomes_of

__all__ = ["data_checks", "label_checks"]

T = TypeVar("T")

_SIZES = ((1, 2), (3, 3), (12, 5), (20, 10))
_UNIT = 1e-12
_ROUNDING = 1e-12


def data_checks(data: DataGenerator) -> list[Check]:
    """Return the named checks that every data generator must pass."""
    return [
        Check("shape-is-what-was-asked", partial(_shape, data)),
        Check("rows-are-unit-vectors", partial(_unit_rows, data)),
        Check("deterministic-and-random-only-by-its-generator", partial(_deterministic, data)),
        Check("declared-separation-holds", partial(_separation, data)),
        Check("other-shapes-are-refused", partial(_other_shapes, data)),
    ]


def label_checks(labels: Labels) -> list[Check]:
    """Return the named checks that all labels must pass."""
    return [
        Check("shape-and-values", partial(_label_values, labels)),
        Check("deterministic-and-random-only-by-its-generator", partial(_labels_deterministic, labels)),
        Check("leaves-the-data-as-they-are", partial(_labels_read_only, labels)),
        Check("a-training-run-fits-them", partial(_labels_train, labels)),
    ]


def _sizes(data: DataGenerator) -> list[tuple[int, int]]:
    """The only shape of the source, or those of `_SIZES` that it can draw; at least one."""
    fixed = data.shape()
    if fixed is not None:
        return [fixed]
    possible, reasons = [], []
    for n, d in _SIZES:
        try:
            data.draw(n, d, _rng())
            possible.append((n, d))
        except ValueError as error:
            reasons.append(f"n={n}, d={d}: {error}")
    require(bool(possible), "it draws none of these: " + "; ".join(reasons))
    return possible


def _rng(seed: int = 0) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(seed))


def _shape(data: DataGenerator) -> None:
    for n, d in _sizes(data):
        drawn = data.draw(n, d, _rng())
        require_finite("X", drawn.X, (n, d))
        if drawn.y is not None:
            require_finite("y", drawn.y, (n,))


def _unit_rows(data: DataGenerator) -> None:
    if not data.unit_rows:
        raise Skipped("its rows are not normalized")
    for n, d in _sizes(data):
        norms = np.linalg.norm(data.draw(n, d, _rng()).X, axis=1)
        worst = float(np.abs(norms - 1.0).max())
        require(
            worst <= _UNIT,
            f"a row of X at n={n}, d={d} has norm 1 ± {worst:.3g}: divide rows by their norms",
        )


def _deterministic(data: DataGenerator) -> None:
    for n, d in _sizes(data):
        first, second = _twice(partial(data.draw, n, d))
        same = same_bits(first.X, second.X)
        if first.y is not None and second.y is not None:
            same &= same_bits(first.y, second.y)
        require(same, f"two draws at n={n}, d={d} from equal generators differ: take all randomness from rng")


def _twice(draw: Callable[[np.random.Generator], T]) -> tuple[T, T]:
    """Draw from equal generators, with a different global state of NumPy each time."""
    before = np.random.get_state()  # noqa: NPY002 - what the component must not depend on
    try:
        np.random.seed(1)  # noqa: NPY002
        first = draw(_rng())
        np.random.seed(2)  # noqa: NPY002
        return first, draw(_rng())
    finally:
        np.random.set_state(before)  # noqa: NPY002


def _separation(data: DataGenerator) -> None:
    delta = getattr(data, "delta", None)
    if delta is None:
        raise Skipped("it has no field delta, so it declares no separation")
    for n, d in _sizes(data):
        X = data.draw(n, d, _rng()).X
        for i in range(n):
            for j in range(i):
                reached = min(np.linalg.norm(X[i] - X[j]), np.linalg.norm(X[i] + X[j]))
                require(
                    bool(reached >= delta - _ROUNDING),
                    f"rows {j}, {i} at n={n}, d={d} are {reached:.6g} apart up to sign: delta is {delta:g}",
                )


def _other_shapes(data: DataGenerator) -> None:
    fixed = data.shape()
    if fixed is None:
        raise Skipped("it draws any shape")
    for n, d in ((fixed[0] + 1, fixed[1]), (fixed[0], fixed[1] + 1)):
        try:
            data.draw(n, d, _rng())
        except ValueError:
            continue
        raise AssertionError(f"its only shape is {fixed}, but it draws n={n}, d={d}: raise ValueError")


def _dataset(n: int = 15, d: int = 4) -> Dataset:
    X = uniform_on_sphere(n, d, _rng(1))
    return Dataset(X, X[:, 0].copy())


def _label_values(labels: Labels) -> None:
    for n, d in ((15, 4), (2, 3), (40, 1)):
        y = labels.draw(_dataset(n, d), _rng())
        require_finite(f"y at n={n}, d={d}", y, (n,))
        require(bool(y.any()), "all labels are 0: the relative residual ‖f − y‖/‖y‖ is undefined")


def _labels_train(labels: Labels) -> None:
    """Labels within a problem: equal in every draw, and training on them reduces the residual."""
    first, again = (draw_problem(6, 4, 30, seed=3, data=_WithLabels(), labels=labels) for _ in range(2))
    require(same_bits(first.y, again.y), "two draws of one trial differ: take all randomness from rng")
    start, end = (
        outcomes_of(job_of([first], GradientDescent("theorem"), StopRule(updates, 1e-9)))[0]
        for updates in (0, 200)
    )
    require(
        end.relative_residual < start.relative_residual,
        f"200 updates of gradient descent on 6 samples bring the relative residual from "
        f"{start.relative_residual:.3g} to {end.relative_residual:.3g}",
    )


@dataclass(frozen=True)
class _WithLabels(Sphere):
    """Data with labels, for labels that use those of the data."""

    def draw(self, n: int, d: int, rng: np.random.Generator) -> Dataset:
        X = super().draw(n, d, rng).X
        return Dataset(X, X[:, 0].copy())


def _labels_deterministic(labels: Labels) -> None:
    first, second = _twice(partial(labels.draw, _dataset()))
    require(same_bits(first, second), "two draws from equal generators differ: take all randomness from rng")


def _labels_read_only(labels: Labels) -> None:
    dataset, before = _dataset(), _dataset()
    labels.draw(dataset, _rng())
    for found, given in ((dataset.X, before.X), (dataset.y, before.y)):
        same = found is not None and given is not None and same_bits(found, given)
        require(same, "draw writes to the data: compute y in a new array")
