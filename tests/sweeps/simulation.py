"""The search for the boundary on simulated outcomes: its cost compared with a grid, and its coverage.

python -m tests.sweeps.simulation [SEEDS]

Nothing is trained, so hundreds of searches take minutes. Successes are drawn from known curves, updates from
a model of Figure 2: a failed run takes the whole budget; a successful run takes fewer updates the further
the width is above the boundary.
"""

import math
import sys
from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from overparam.studies import Grid, ParameterCount
from overparam.studies.boundary import pooled, posterior_of
from overparam.sweeps import BoundarySearch, FullGrid, Request
from overparam.testing.designs import play

BUDGET = 15_000
COUNT = ParameterCount()

# k* and scale of Figure 2a (softplus, n = 100), estimated from the grid's ten trials per cell.
FIGURE_2A = {
    8: (21.54, 0.086),
    9: (16.9, 0.063),
    10: (14.28, 0.063),
    11: (13.02, 0.042),
    12: (11.36, 0.03),
    13: (9.98, 0.034),
    14: (9.37, 0.03),
    15: (8.45, 0.03),
    16: (7.92, 0.04),
    17: (7.22, 0.03),
    18: (6.93, 0.03),
    19: (6.8, 0.03),
    20: (6.17, 0.044),
    21: (6.29, 0.041),
    22: (5.85, 0.049),
    23: (5.57, 0.047),
    24: (5.38, 0.043),
    25: (5.3, 0.043),
}


@dataclass(frozen=True)
class Truth:
    """Probability of success at one (n, d) as a function of the width.

    Attributes
    ----------
    width : float
        Threshold k*.
    scale : float
        Scale of the rise in log k.
    lapse : float
        Fraction of trials that fail far above the boundary.
    probit : bool
        Whether the curve is the normal distribution function instead of the logistic function.
    """

    width: float
    scale: float
    lapse: float = 0.0
    probit: bool = False

    def chance(self, units):
        """Probability of success."""
        steps = (math.log(units / self.width)) / self.scale
        if self.probit:
            return (1.0 - self.lapse) * 0.5 * math.erfc(-steps / 1.7 / math.sqrt(2.0))
        return (1.0 - self.lapse) * 0.5 * (1.0 + math.tanh(0.5 * steps))

    def trained(self, cell, seed):
        """Return whether a trial succeeds and its number of updates; both depend only on cell and seed."""
        units = int(COUNT.units(cell.k))
        if units == 0:
            return False, BUDGET
        draws = np.random.default_rng([seed, *cell])
        if draws.random() >= self.chance(units):
            return False, BUDGET
        share = max(0.09, 0.75 * (units / self.width) ** -2.2) * math.exp(0.2 * draws.standard_normal())
        return True, int(BUDGET * min(share, 0.999))


def searched(design, truths, n, seed, *, limits=None):
    """Simulate a design on all columns of `truths`; return the tallies by d and the number of rounds."""
    grid = Grid.product([n], limits or range(1, 26), [*truths], trials=10)
    request = Request(grid, limits is not None, COUNT, BUDGET)
    tallies, rounds = play(
        design, request, lambda cell, trial: truths[cell.d].trained(cell, seed * 1_000_003 + trial)
    )
    columns = defaultdict(dict)
    for cell, tally in tallies.items():
        columns[cell.d][cell] = tally
    return columns, rounds


def posterior(columns, n, d):
    """Return the posterior that a study would report for one (n, d)."""
    return posterior_of(pooled(columns[d], COUNT), float(COUNT.least_width(n, d)))


def updates(column):
    """Number of updates of all trials of one (n, d)."""
    return sum(tally.updates for tally in column.values())


def covers(found, truth, level=0.95):
    """Whether the credible interval contains k*."""
    low, high = (found.quantile(0.5 + side * level / 2) for side in (-1, 1))
    return low <= math.log(truth.width) <= high


def figure_2a(seeds, error):
    """Search and grid on Figure 2a: ratio of updates, root mean square errors and coverages."""
    truths = {d: Truth(*of) for d, of in FIGURE_2A.items()}
    spent, covered, squares = np.zeros(2), np.zeros(2), np.zeros(2)
    for seed in range(seeds):
        searches, _ = searched(BoundarySearch(error), truths, 100, seed, limits=range(1, 26))
        grids, _ = searched(FullGrid(), truths, 100, seed + 10_000, limits=range(1, 26))
        for d, truth in truths.items():
            for place, columns in enumerate((searches, grids)):
                found = posterior(columns, 100, d)
                spent[place] += updates(columns[d])
                covered[place] += covers(found, truth)
                squares[place] += found.standard_error**2
    number = seeds * len(truths)
    return spent[0] / spent[1], np.sqrt(squares / number), covered / number


def spread(seeds, error, n=400):
    """Coverage for boundaries from 4 to 400 units, with many scales and lapses, and without limits."""
    covered, total = 0, 0
    for seed in range(seeds):
        chance = np.random.default_rng(seed)
        truths = {}
        for d in range(2, 62, 4):
            width = max(4.0, n / d * 1.5 * math.exp(0.3 * chance.standard_normal()))
            scale = min(0.15, 0.05 * math.exp(0.5 * chance.standard_normal()))
            truths[d] = Truth(width, scale, float(chance.choice([0.0, 0.0, 0.01])), bool(chance.integers(2)))
        columns, _ = searched(BoundarySearch(error), truths, n, seed)
        covered += sum(covers(posterior(columns, n, d), truth) for d, truth in truths.items())
        total += len(truths)
    return covered / total, total


if __name__ == "__main__":
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    for error in (0.05, 0.03, 0.02):
        ratio, errors, coverage = figure_2a(seeds, error)
        print(
            f"Figure 2a, error={error}: {ratio:.3f} of the grid's updates at d = 8…25; standard errors (rms) "
            f"{errors[0]:.4f} and {errors[1]:.4f}; coverage {coverage[0]:.3f} and {coverage[1]:.3f}",
            flush=True,
        )
        print("many kinds of curves: coverage {:.3f} of {}".format(*spread(seeds, error)), flush=True)
