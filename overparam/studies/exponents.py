"""Scaling of the boundary: effective parameters at the boundary ~ n^α · d^β, by binomial regression.

With p the effective parameters of a cell, over all cells

    logit P(success) = b₀ + b₁ log p + b₂ log n + b₃ log d,    α = −b₂/b₁,    β = −b₃/b₁.

All cells of one (n, d) share its deviation from the power law. They are not independent, so the intervals are
clustered by (n, d). The intervals of the plain regression contain α in only 36 to 71 % of cases if the
thresholds scatter by 5 to 15 %. The covariance is that of the cluster jackknife (CR3: Bell & McCaffrey 2002),
because the usual sandwich estimate is too narrow for the few clusters of a study. The quantiles are
Student's.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from overparam.studies.diagram import ParameterCount
from overparam.studies.frames import optional
from overparam.studies.grid import Cell
from overparam.studies.tallies import Tally

if TYPE_CHECKING:
    from overparam.studies.boundary import Crossing

__all__ = ["Exponents", "Interval", "LocalExponent", "exponents_of", "local_exponents"]

Reals = NDArray[np.float64]

_COLLINEAR = 1e-8  # relative residual of log d regressed on log n
_REGRESSION = "binomial regression, clustered by (n, d)"
_THRESHOLDS = "least squares on the thresholds"


class Interval(NamedTuple):
    """An estimate, and the ends of its interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Exponents:
    """The exponents of effective parameters ~ n^α · d^β at the boundary.

    Attributes
    ----------
    alpha : Interval or None
        None if n has one value.
    beta : Interval or None
        None if d has one value, or is a power of n: then α is the exponent along this power.
    along : float or None
        The power of n that equals d, if the two do not vary independently; 0 if d has one value.
    cells : int
        Number of different (n, d), the clusters.
    method : str
        Binomial regression; or least squares on the thresholds of each (n, d), if the outcomes are separated
        so sharply that the regression has no slope.
    """

    alpha: Interval | None
    beta: Interval | None
    along: float | None
    cells: int
    method: str


class LocalExponent(NamedTuple):
    """The exponent between two neighbouring n.

    Attributes
    ----------
    n, next_n : int
    alpha : Interval
        From the posteriors of the boundaries alone: it excludes the boundary's scatter about a power law.
    """

    n: int
    next_n: int
    alpha: Interval


class _Axes(NamedTuple):
    """Whether log n and log d enter, and the power of n that d follows if it does not."""

    n: bool
    d: bool
    along: float | None


def exponents_of(
    tallies: Mapping[Cell, Tally],
    count: ParameterCount,
    crossings: Callable[[], Sequence[Crossing]],
    level: float = 0.95,
) -> Exponents:
    """Fit the exponents to the (n, d) that have both successes and failures.

    Parameters
    ----------
    tallies : mapping of Cell to Tally
    count : ParameterCount
    crossings : callable
        Returns the boundary at each (n, d) of the tallies; called only if the regression has no slope.
    level : float
        Level of the intervals, in (0, 1).

    Raises
    ------
    ValueError
        If the data do not determine the exponents, with the reason.
    StudyError
        If statsmodels is not installed.
    """
    rows = [
        (cell, tally, float(count.total(cell.k, cell.d)))
        for cell, tally in sorted(tallies.items())
        if tally.trials and cell.d and count.total(cell.k, cell.d) > 0
    ]
    passed = {(cell.n, cell.d) for cell, tally, _ in rows if tally.successes}
    failed = {(cell.n, cell.d) for cell, tally, _ in rows if tally.successes < tally.trials}
    # At other (n, d) the boundary may not exist, for example if wide networks diverge: no curve of log p
    # fits.
    if not (sizes := sorted(passed & failed)):
        raise ValueError("no (n, d) has both successes and failures")
    rows = [row for row in rows if (row[0].n, row[0].d) in passed & failed]
    axes = _axes(sizes)
    if len(sizes) <= 1 + axes.n + axes.d:
        raise ValueError(f"{len(sizes)} different (n, d) are too few")
    groups = np.array([sizes.index((cell.n, cell.d)) for cell, _, _ in rows])
    outcomes = np.array([(tally.successes, tally.trials - tally.successes) for _, tally, _ in rows], float)
    design = np.column_stack([np.log([p for *_, p in rows]), _known(axes, [(c.n, c.d) for c, *_ in rows])])
    fitted = _regression(outcomes, design, groups)
    method = _REGRESSION
    if fitted is None:
        bracketed = [crossing for crossing in crossings() if crossing.k is not None]
        fitted, method = _thresholds(bracketed, axes), _THRESHOLDS
        sizes = [(crossing.n, crossing.d) for crossing in bracketed]
    estimate, covariance = fitted
    stats = optional("scipy.stats", "the boundary's exponents")
    reach = float(stats.t.ppf(0.5 + level / 2, len(sizes) - len(estimate))) * np.sqrt(np.diag(covariance))
    found = (Interval(*map(float, each)) for each in zip(*_spread(estimate[1:], reach[1:]), strict=True))
    alpha, beta = (next(found) if varies else None for varies in (axes.n, axes.d))
    return Exponents(alpha, beta, axes.along, len(sizes), method)


def _spread(value: Reals, by: Reals) -> tuple[Reals, Reals, Reals]:
    return value, value - by, value + by


def local_exponents(crossings: Iterable[Crossing], along: float | None, level: float) -> list[LocalExponent]:
    """Return the exponents between neighbouring n, from the (n, d) of equal d, or of equal d/n**along."""
    known = [crossing for crossing in crossings if crossing.k is not None]
    sizes = sorted({crossing.n for crossing in known})
    power = along or 0.0
    reach = optional("scipy.stats", "the boundary's exponents").norm.ppf(0.5 + level / 2)
    found = []
    for n, following in pairwise(sizes):
        ratios, weights = [], []
        for one in known:
            for other in known:
                same = math.isclose(other.d / following**power, one.d / n**power, rel_tol=1e-6)
                if (one.n, other.n) != (n, following) or not same:
                    continue
                ratios.append(math.log(_parameters(other) / _parameters(one)))
                weights.append(1.0 / (_error(one) ** 2 + _error(other) ** 2))
        if ratios:
            by = math.log(following / n)
            alpha = float(np.average(ratios, weights=weights)) / by
            error = float(reach) / math.sqrt(sum(weights)) / by
            found.append(LocalExponent(n, following, Interval(alpha, alpha - error, alpha + error)))
    return found


def _parameters(crossing: Crossing) -> float:
    return float(crossing.effective_ratio or math.nan) * crossing.n


def _error(crossing: Crossing) -> float:
    return float(crossing.standard_error or math.nan)


def _axes(sizes: Sequence[tuple[int, int]]) -> _Axes:
    """Return which of n and d vary, and whether they vary independently."""
    n, d = (np.log([size[axis] for size in sizes]) for axis in (0, 1))
    n_varies, d_varies = (bool(np.ptp(values) > 0.0) for values in (n, d))
    if not n_varies:
        if not d_varies:
            raise ValueError("a single (n, d) shows no scaling")
        return _Axes(n=False, d=True, along=None)
    slope = float(np.cov(n, d)[0, 1] / np.var(n, ddof=1))
    left = d - d.mean() - slope * (n - n.mean())
    if float(left @ left) <= _COLLINEAR * max(float(n @ n), 1.0):
        return _Axes(n=True, d=False, along=slope)
    return _Axes(n=True, d=True, along=None)


def _known(axes: _Axes, sizes: Sequence[tuple[int, int]]) -> Reals:
    """Return the columns 1, log n and log d that enter; shape (m, q)."""
    n, d = np.log(np.array(sizes, dtype=np.float64).T)
    return np.column_stack([np.ones_like(n), *([n] if axes.n else []), *([d] if axes.d else [])])


def _regression(outcomes: Reals, design: Reals, groups: NDArray[np.int64]) -> tuple[Reals, Reals] | None:
    """Return the boundary's log p as a linear function of `_known`: coefficients (q,), covariance (q, q).

    None if the outcomes are separated, so that the slope in log p grows without bound.
    """
    api: Any = optional("statsmodels.api", "the boundary's exponents")
    tools: Any = optional("statsmodels.tools.sm_exceptions", "the boundary's exponents")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # from steep curves, whose ends overflow to 0 and 1
        warnings.simplefilter("error", tools.PerfectSeparationWarning)
        warnings.simplefilter("error", tools.ConvergenceWarning)
        try:
            result = api.GLM(outcomes, design, family=api.families.Binomial()).fit()
        except (tools.PerfectSeparationWarning, tools.ConvergenceWarning, tools.PerfectSeparationError):
            return None
        except (np.linalg.LinAlgError, ValueError):
            return None
    b, p, trials = np.asarray(result.params), np.asarray(result.fittedvalues), outcomes.sum(axis=1)
    if not np.all(np.isfinite(b)):
        return None
    if b[0] <= 0.0:
        raise ValueError("success does not become more frequent with more parameters")
    weights, residuals = trials * p * (1.0 - p), outcomes[:, 0] - trials * p
    information = (design.T * weights) @ design
    moves = []
    for group in np.unique(groups):
        here = groups == group
        without = information - (design[here].T * weights[here]) @ design[here]
        # Change of the coefficients without this (n, d), in one Newton step.
        try:
            moves.append(np.linalg.solve(without, design[here].T @ residuals[here]))
        except np.linalg.LinAlgError:
            return None
    number = len(moves)
    covariance = (number - 1) / number * np.array(moves).T @ np.array(moves)
    gradient = np.column_stack([b[1:] / b[0] ** 2, -np.eye(len(b) - 1) / b[0]])
    return -b[1:] / b[0], gradient @ covariance @ gradient.T


def _thresholds(crossings: Sequence[Crossing], axes: _Axes) -> tuple[Reals, Reals]:
    """Return the same from the thresholds alone, with equal weight for every (n, d)."""
    known = _known(axes, [(crossing.n, crossing.d) for crossing in crossings])
    if np.linalg.matrix_rank(known) < known.shape[1] or len(known) <= known.shape[1]:
        raise ValueError(f"{len(crossings)} different (n, d) with a boundary are too few")
    thresholds = np.log([_parameters(crossing) for crossing in crossings])
    api: Any = optional("statsmodels.api", "the boundary's exponents")
    result = api.OLS(thresholds, known).fit()
    errors = np.array([_error(crossing) ** 2 for crossing in crossings])
    inverse = np.linalg.inv(known.T @ known)
    # Never narrower than the thresholds' own errors.
    own = inverse @ (known.T * errors) @ known @ inverse
    scattered = np.asarray(result.cov_params())
    return np.asarray(result.params), own if np.trace(own) > np.trace(scattered) else scattered
