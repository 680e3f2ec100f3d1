"""How the boundary scales: fitted exponents against simulated data with known exponents, and the notes."""

import math

import numpy as np
import pytest

from overparam.studies import BoundaryScaling, Cell, ParameterCount, Tally
from overparam.studies.exponents import exponents_of

pytest.importorskip("statsmodels")

COUNT = ParameterCount()
PROPORTIONAL = [(n, n // 10) for n in (50, 100, 200, 400, 800, 1600)]
CROSSED = [(n, d) for n in (50, 100, 200, 400) for d in (5, 10, 15, 20, 25)]


def simulated(sizes, alpha, beta, scatter=0.0, seed=0, scale=0.06, trials=10, factor=1.5):
    """Tallies of trials whose chance of success is logistic in log(kd), with thresholds ~ n^α d^β."""
    chance = np.random.default_rng(seed)
    tallies = {}
    for n, d in sizes:
        threshold = math.log(factor) + alpha * math.log(n) + beta * math.log(d)
        threshold += scatter * chance.standard_normal()
        for step in np.linspace(-0.5, 0.5, 9):
            cell = Cell(n, max(2, 2 * round(math.exp(threshold + step) / d / 2)), d)
            p = 1.0 / (1.0 + math.exp((threshold - math.log(cell.k * d)) / scale))
            passed = int(chance.binomial(trials, p))
            tallies[cell] = Tally(trials, passed, 100 * trials, 50.0 * passed)
    return tallies


def coverage(number, sizes, scatter, alpha=1.1, beta=0.1):
    """Fraction of intervals that contain α, or its value along d."""
    held = 0
    for seed in range(number):
        tallies = simulated(sizes, alpha, beta, scatter, seed)
        fit = exponents_of(tallies, COUNT, list)
        truth = alpha if fit.along is None else alpha + fit.along * beta
        held += fit.alpha.low <= truth <= fit.alpha.high
    return held / number


@pytest.mark.parametrize("scatter", [0.0, 0.15])
def test_intervals_hold_the_exponent(scatter):
    """54 data sets: if the coverage is 95 %, fewer than 45 hits have a probability below 1e-4."""
    assert coverage(54, CROSSED, scatter) >= 45 / 54


@pytest.mark.slow
@pytest.mark.parametrize("sizes", [PROPORTIONAL, CROSSED], ids=["proportional", "crossed"])
@pytest.mark.parametrize("scatter", [0.0, 0.05, 0.15])
def test_intervals_hold_the_exponent_as_often_as_they_say(sizes, scatter):
    # Three standard errors of the coverage over 1,000 data sets are 2 %.
    assert abs(coverage(1000, sizes, scatter) - 0.95) <= 0.021


def test_the_estimate_is_that_of_another_library():
    """Against scikit-learn's logistic regression of all trials, without a penalty."""
    linear_model = pytest.importorskip("sklearn.linear_model")
    tallies = simulated(CROSSED, 1.3, -0.2, 0.05)
    rows, outcomes, weights = [], [], []
    for cell, tally in tallies.items():
        for outcome, weight in ((1, tally.successes), (0, tally.trials - tally.successes)):
            rows.append(np.log([cell.k * cell.d, cell.n, cell.d]))
            outcomes.append(outcome)
            weights.append(weight)
    model = linear_model.LogisticRegression(C=np.inf, tol=1e-10, max_iter=10_000).fit(rows, outcomes, weights)
    b = model.coef_[0]
    fit = exponents_of(tallies, COUNT, list)
    assert fit.alpha.value == pytest.approx(-b[1] / b[0], abs=1e-4)
    assert fit.beta.value == pytest.approx(-b[2] / b[0], abs=1e-4)


def test_n_and_d_that_do_not_vary_apart_give_the_exponent_along_them():
    scaling = BoundaryScaling(simulated(PROPORTIONAL, 1.1, 0.1), COUNT)
    assert scaling.exponents.beta is None
    assert scaling.exponents.along == pytest.approx(1.0, abs=1e-6)
    assert scaling.exponents.alpha.low <= 1.2 <= scaling.exponents.alpha.high
    assert "along d proportional to n" in scaling.sentence
    fixed = BoundaryScaling(simulated([(n, 20) for n in (50, 100, 200, 400)], 1.1, 0.0), COUNT)
    assert fixed.exponents.along == 0.0
    assert "at one d" in fixed.sentence


def test_one_n_tells_of_d_only():
    scaling = BoundaryScaling(simulated([(100, d) for d in (5, 10, 15, 20, 25)], 1.0, 0.3, scale=0.1), COUNT)
    assert scaling.exponents.alpha is None
    assert scaling.exponents.beta.low <= 0.3 <= scaling.exponents.beta.high
    assert scaling.without_smallest is None
    assert scaling.local == []


def test_a_bend_is_found():
    """The exponent is 2 below n = 200 and 1 above."""
    tallies = simulated([(n, 10) for n in (25, 50, 100, 200)], 2.0, 0.0, scale=0.03, factor=0.05)
    tallies |= simulated([(n, 10) for n in (400, 800, 1600)], 1.0, 0.0, scale=0.03, factor=10.0)
    scaling = BoundaryScaling(tallies, COUNT)
    assert scaling.local[0].alpha.value == pytest.approx(2.0, abs=0.2)
    assert scaling.local[-1].alpha.value == pytest.approx(1.0, abs=0.1)
    assert "falls" in scaling.sentence
    assert scaling.without_smallest.alpha.value < scaling.exponents.alpha.value


def test_sharp_outcomes_are_fitted_by_their_thresholds():
    """All trials below the boundary fail and all above it succeed: the regression has no finite slope."""
    tallies = {
        Cell(n, k, 10): Tally(5, 5 * (k >= n // 5), 1, 1.0)
        for n in (40, 80, 160, 320)
        for k in range(2, 80, 2)
    }
    scaling = BoundaryScaling(tallies, COUNT)
    assert scaling.exponents.method == "least squares on the thresholds"
    assert scaling.exponents.alpha.low <= 1.0 <= scaling.exponents.alpha.high


@pytest.mark.parametrize(
    ("tallies", "said"),
    [
        ({Cell(10, 2, 2): Tally(5, 0, 1, 0.0)}, "no (n, d) has both successes and failures"),
        ({Cell(10, 2, 2): Tally(5, 2, 1, 0.0)}, "a single (n, d) shows no scaling"),
        ({Cell(n, 4, 2): Tally(5, 2, 1, 0.0) for n in (10, 20)}, "2 different (n, d) are too few"),
        (
            {Cell(n, k, 2): Tally(9, 9 - k, 1, 0.0) for n in (10, 20, 40) for k in (2, 4, 6)},
            "success does not become more frequent",
        ),
    ],
)
def test_what_cannot_be_told_is_said(tallies, said):
    scaling = BoundaryScaling(tallies, COUNT)
    assert scaling.exponents is None
    assert said in scaling.sentence


def test_a_boundary_with_one_end_is_said():
    tallies = simulated(CROSSED, 1.0, 0.0) | {Cell(50, 2, 30): Tally(5, 0, 1, 0.0)}
    assert "At 1 of 21 (n, d) all trials had the same outcome" in BoundaryScaling(tallies, COUNT).sentence


@pytest.mark.parametrize("level", [0.0, 1.0, math.nan])
def test_levels_lie_between_0_and_1(level):
    with pytest.raises(ValueError, match="between 0 and 1"):
        BoundaryScaling({}, COUNT, level)


def test_a_wider_level_is_a_wider_interval():
    tallies = simulated(CROSSED, 1.0, 0.0)
    narrow, wide = (BoundaryScaling(tallies, COUNT, level).exponents.alpha for level in (0.5, 0.99))
    assert wide.low < narrow.low < narrow.high < wide.high
