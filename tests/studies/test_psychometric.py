"""The posterior of the threshold: against quadrature, enumeration of outcomes, and simulated coverage."""

import math

import numpy as np
import pytest

from overparam.studies.psychometric import Posterior, Prior, success_probability

PRIOR = Prior(math.log(12.0), 1.0)
WIDTHS = np.log([4, 8, 10, 12, 16, 32])
PASSED, FAILED = np.array([0, 1, 3, 7, 9, 2]), np.array([2, 7, 6, 4, 0, 0])
CASES = {
    "both outcomes": (WIDTHS, PASSED, FAILED),
    "a gap": (np.log([6, 8]), np.array([0, 12]), np.array([12, 0])),
    "only failures": (np.log([4, 8]), np.array([0, 0]), np.array([3, 1])),
    "nothing": (np.array([]), np.array([]), np.array([])),
}


def moments_by_quadrature(x, passed, failed):
    """Mean and variance of μ, by a fixed fine grid over μ and log s that does not come from the module."""
    mu = np.linspace(PRIOR.centre - 5.0, PRIOR.centre + 5.0, 2001)[:, None]
    log_s = np.linspace(math.log(0.05) - 3.5 * 0.6, math.log(0.05) + 3.5 * 0.6, 81)
    total = np.zeros((mu.size, log_s.size))
    for lapse, weight in zip((0.001, 0.01, 0.03, 0.08), (0.6, 0.25, 0.1, 0.05), strict=True):
        likelihood = np.ones_like(total)
        for at, s, f in zip(x, passed, failed, strict=True):
            p = lapse + (1 - 2 * lapse) / (1 + np.exp(np.clip(-(at - mu) / np.exp(log_s), -700, 700)))
            likelihood = likelihood * p**s * (1 - p) ** f
        total += weight * likelihood
    total *= np.exp(-0.5 * ((mu - PRIOR.centre) / PRIOR.spread) ** 2)
    density = (total * np.exp(-0.5 * ((log_s - math.log(0.05)) / 0.6) ** 2)).sum(axis=1)
    density /= density.sum()
    mean = density @ mu[:, 0]
    return mean, math.sqrt(density @ (mu[:, 0] - mean) ** 2), density, mu[:, 0]


@pytest.mark.parametrize("case", CASES)
def test_mean_standard_error_and_quantiles_are_those_of_quadrature(case):
    posterior = Posterior.of(*CASES[case], PRIOR)
    mean, error, density, mu = moments_by_quadrature(*CASES[case])
    assert posterior.mean == pytest.approx(mean, abs=0.05 * error)
    assert posterior.standard_error == pytest.approx(error, rel=0.04)
    for level in (0.025, 0.5, 0.975):
        wanted = np.interp(level, np.cumsum(density), mu)
        assert posterior.quantile(level) == pytest.approx(wanted, abs=0.1 * error)


def test_the_probability_at_the_threshold_is_one_half_and_the_curve_rises_to_one_minus_the_lapse():
    x = np.linspace(-5.0, 5.0, 201)
    for scale, lapse in ((0.01, 0.0), (0.3, 0.05)):
        p = success_probability(x, 0.0, scale, lapse)
        assert p[100] == 0.5
        assert np.all(np.diff(p) >= 0.0)
        assert p[0] == pytest.approx(lapse, abs=1e-6)
        assert p[-1] == pytest.approx(1.0 - lapse, abs=1e-6)


def test_the_order_of_widths_and_splitting_counts_change_nothing():
    one = Posterior.of(WIDTHS, PASSED, FAILED, PRIOR)
    other = Posterior.of(
        np.repeat(WIDTHS[::-1], 2), np.repeat(PASSED[::-1] / 2, 2), np.repeat(FAILED[::-1] / 2, 2), PRIOR
    )
    assert one.mean == pytest.approx(other.mean, abs=1e-12)
    assert one.standard_error == pytest.approx(other.standard_error, rel=1e-9)


def test_scaling_every_width_moves_the_threshold_and_nothing_else():
    one = Posterior.of(WIDTHS, PASSED, FAILED, PRIOR)
    far = Posterior.of(WIDTHS + 3.0, PASSED, FAILED, Prior(PRIOR.centre + 3.0, PRIOR.spread))
    assert far.mean == pytest.approx(one.mean + 3.0, abs=1e-9)
    assert far.standard_error == pytest.approx(one.standard_error, rel=1e-6)


def test_a_success_lowers_the_threshold_and_a_failure_raises_it():
    before = Posterior.of(WIDTHS, PASSED, FAILED, PRIOR).mean
    for at in (1, 2, 3):  # far from the threshold, a trial changes the lapse rate instead
        more = np.eye(len(WIDTHS))[at]
        assert Posterior.of(WIDTHS, PASSED + more, FAILED, PRIOR).mean < before
        assert Posterior.of(WIDTHS, PASSED, FAILED + more, PRIOR).mean > before


@pytest.mark.parametrize("case", ["both outcomes", "a gap"])
def test_information_is_the_expected_fall_of_the_variance_over_both_outcomes(case):
    x, passed, failed = CASES[case]
    posterior = Posterior.of(x, passed, failed, PRIOR)
    for at in np.log([7.0, 9.0, 11.0]):
        chance = float(posterior.success([at])[0])
        success, failure = (
            Posterior.of([*x, at], [*passed, one], [*failed, 1 - one], PRIOR) for one in (1, 0)
        )
        expected = chance * success.standard_error**2 + (1 - chance) * failure.standard_error**2
        wanted = 1.0 - expected / posterior.standard_error**2
        assert posterior.information([at])[0] == pytest.approx(wanted, abs=0.02)


def test_the_expected_outcome_is_a_fraction_of_a_trial():
    posterior = Posterior.of(WIDTHS, PASSED, FAILED, PRIOR)
    at = float(np.log(11.0))
    chance = float(posterior.success([at])[0])
    wanted = Posterior.of([*WIDTHS, at], [*PASSED, chance], [*FAILED, 1 - chance], PRIOR)
    found = posterior.expecting(at)
    assert found.mean == pytest.approx(wanted.mean, abs=1e-3)
    assert found.standard_error == pytest.approx(wanted.standard_error, rel=0.02)


def test_a_thousand_trials_a_width_narrow_the_grid_and_find_the_threshold():
    threshold, scale = math.log(700.0), 0.02
    x = np.log(np.arange(600, 820, 20))
    passed = 1000 * success_probability(x, threshold, scale, 0.0)
    posterior = Posterior.of(x, passed, 1000 - passed, Prior(math.log(100.0)))
    assert posterior.mean == pytest.approx(threshold, abs=posterior.standard_error)
    assert posterior.standard_error < 2e-3


def test_intervals_of_a_fixed_design_cover_as_often_as_they_say():
    chance, covered, repetitions = np.random.default_rng(5), 0, 400
    x = np.log([8, 10, 12, 14, 16])
    for _ in range(repetitions):
        threshold = chance.normal(math.log(12.0), 0.12)
        scale = 0.05 * math.exp(0.6 * chance.standard_normal())
        passed = chance.binomial(6, success_probability(x, threshold, scale, 0.001))
        posterior = Posterior.of(x, passed, 6 - passed, Prior(math.log(12.0), 0.12))
        covered += posterior.quantile(0.025) <= threshold <= posterior.quantile(0.975)
    # The tolerance is three standard errors.
    assert abs(covered / repetitions - 0.95) < 3 * math.sqrt(0.95 * 0.05 / repetitions)
