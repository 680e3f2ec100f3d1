"""The phase diagram's counts, intervals and boundary."""

import mpmath
import numpy as np
import pytest

from overparam.studies.diagram import ParameterCount, PhaseDiagram

GRID = tuple(range(1, 26))


def sharp(n, k, d, c, *, trials=10):
    """Return a diagram in which a cell succeeds if and only if 2⌊k/2⌋d > c·n."""
    trained = np.full((len(k), len(d)), trials)
    success = np.multiply.outer([2 * (width // 2) for width in k], d) > c * n
    return PhaseDiagram(n, k, d, trained * success, trained)


def column(successes, trials, k, n=100, d=10):
    return PhaseDiagram(n, tuple(k), (d,), np.reshape(successes, (-1, 1)), np.reshape(trials, (-1, 1)))


def test_fraction_is_nan_where_nothing_was_run():
    diagram = PhaseDiagram(5, (1, 2), (1, 3), [[0, 3], [0, 5]], [[4, 4], [0, 5]])
    np.testing.assert_array_equal(diagram.fraction, [[0.0, 0.75], [np.nan, 1.0]])


def test_counts_are_copied_and_read_only():
    successes = np.zeros((1, 1), dtype=int)
    diagram = PhaseDiagram(5, (1,), (1,), successes, successes + 2)
    successes[0, 0] = 1
    assert diagram.successes[0, 0] == 0
    with pytest.raises(ValueError, match="read-only"):
        diagram.trials[0, 0] = 7


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, (1,), (1,), [[0]], [[0]]), "n must be at least 1"),
        ((5, (), (1,), np.zeros((0, 1)), np.zeros((0, 1))), "k must be increasing"),
        ((5, (1,), (2, 2), [[0, 0]], [[0, 0]]), "d must be increasing"),
        ((5, (-1,), (2,), [[0]], [[0]]), "k must be increasing"),
        ((5, (1,), (2,), [[0, 0]], [[0]]), r"successes must have the shape .* \(1, 1\)"),
        ((5, (1,), (2,), [[3]], [[2]]), "between 0 and trials"),
        ((5, (1,), (2,), [[-1]], [[2]]), "between 0 and trials"),
    ],
)
def test_a_diagram_that_cannot_be_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        PhaseDiagram(*arguments)


@pytest.mark.parametrize("level", [0.5, 0.95, 0.999])
@pytest.mark.parametrize("trials", [1, 10, 1000])
def test_interval_solves_the_score_equation(level, trials):
    """The ends of Wilson's interval solve (s/t − p)² = z²p(1 − p)/t for p; mpmath finds the roots."""
    z = mpmath.sqrt(2) * mpmath.erfinv(level)
    successes = sorted({0, 1, trials // 3, trials - 1, trials})
    low, high = column(successes, [trials] * len(successes), range(1, len(successes) + 1)).interval(level)
    for s, ours in zip(successes, zip(low[:, 0], high[:, 0], strict=True), strict=True):
        share, spread = mpmath.mpf(s) / trials, z**2 / trials
        roots = mpmath.polyroots([1 + spread, -2 * share - spread, share**2])
        np.testing.assert_allclose(ours, sorted(float(root) for root in roots), rtol=0, atol=1e-12)


def test_interval_says_nothing_where_nothing_was_run_and_refuses_a_level_that_is_none():
    diagram = column([0], [0], [1])
    assert [side.item() for side in diagram.interval()] == [0.0, 1.0]
    with pytest.raises(ValueError, match="level must lie between 0 and 1, got 95"):
        diagram.interval(95)


@pytest.mark.parametrize("c", [0.9, 1.0, 1.6])
@pytest.mark.parametrize("n", [100, 200])
def test_boundary_brackets_a_planted_step(n, c):
    boundary = sharp(n, GRID, GRID, c).boundary()
    for d, below, above in zip(GRID, boundary.below, boundary.above, strict=True):
        assert below is not None
        assert 2 * (below // 2) * d <= c * n
        if above is None:
            assert 24 * d <= c * n
        else:
            assert above % 2 == 0
            assert below == above - 1
            assert above * d > c * n


def test_ratios_are_the_middle_of_the_bracket():
    boundary = sharp(100, GRID, (4, 20), 1.5).boundary()
    assert (boundary.below, boundary.above) == ((25, 7), (None, 8))
    np.testing.assert_allclose(boundary.k, [np.nan, 7.5])
    np.testing.assert_allclose(boundary.ratio, [np.nan, 7.5 * 20 / 100])
    np.testing.assert_allclose(boundary.effective_ratio, [np.nan, (6 + 8) / 2 * 20 / 100])
    assert boundary.quantiles((0.5,)) == pytest.approx((1.5,))
    assert boundary.quantiles((0.5,), effective=True) == pytest.approx((1.4,))


def test_odd_widths_are_pooled_with_the_even_width_below():
    # k = 6 and k = 7 together have 8 successes in 20 trials, although k = 7 alone has 7 in 10.
    assert column([0, 1, 7, 9, 10], [10] * 5, [5, 6, 7, 8, 9]).boundary().above == (8,)
    assert column([0, 5, 7, 9, 10], [10] * 5, [5, 6, 7, 8, 9]).boundary().above == (6,)


def test_a_grid_of_odd_widths_keeps_its_own_names():
    boundary = column([0, 0, 10], [10] * 3, [5, 9, 15]).boundary()
    assert (boundary.below, boundary.above) == ((9,), (15,))
    np.testing.assert_allclose(boundary.ratio, [1.2])
    np.testing.assert_allclose(boundary.effective_ratio, [(8 + 14) / 2 * 10 / 100])


@pytest.mark.parametrize(
    ("successes", "trials", "sides"),
    [
        ([0, 0, 0], [9, 9, 9], (6, None)),
        ([9, 9, 9], [9, 9, 9], (None, 2)),
        ([0, 0, 0], [0, 0, 0], (None, None)),
        ([0, 0, 9], [9, 0, 9], (2, 6)),
        ([0, 5, 10], [10, 10, 10], (2, 6)),
        ([5, 5, 5], [10, 10, 10], (None, None)),
        ([0, 10, 0], [10, 10, 90], (6, None)),
    ],
    ids=["never", "always", "nothing run", "a gap", "exactly half", "a coin", "a fluke"],
)
def test_sides_of_the_boundary(successes, trials, sides):
    boundary = column(successes, trials, [2, 4, 6]).boundary()
    assert (boundary.below[0], boundary.above[0]) == sides


def test_where_nothing_is_bracketed_there_are_no_quantiles():
    boundary = column([0, 0], [10, 10], [0, 1], d=0).boundary()
    assert np.isnan(boundary.ratio).all()
    assert boundary.quantiles() == (None, None, None)


def test_boundary_under_noise_is_the_planted_one():
    """The median over d of 2⌊k/2⌋d/n, with the mean and standard error of many noisy draws."""
    rng = np.random.default_rng(0)
    n, c = 100, 1.5
    effective = np.multiply.outer([2 * (width // 2) for width in GRID], GRID) / n
    probability = 1 / (1 + np.exp(-(effective - c) / 0.1))
    trials = np.full(effective.shape, 10)
    medians = [
        PhaseDiagram(n, GRID, GRID, rng.binomial(trials, probability), trials)
        .boundary()
        .quantiles((0.5,), effective=True)[0]
        for _ in range(50)
    ]
    # The median of the brackets' midpoints is slightly biased: half a step of k at the median d is n/1000.
    assert np.mean(medians) == pytest.approx(c, abs=4 * np.std(medians) / np.sqrt(50) + 0.03)


def test_boundary_makes_the_fewest_errors_of_all_steps():
    rng = np.random.default_rng(1)
    for _ in range(50):
        trials = rng.integers(1, 12, 6)
        successes = rng.integers(0, trials + 1)
        k = np.array([0, 2, 4, 6, 8, 10])
        errors = [successes[k < t].sum() + (trials - successes)[k >= t].sum() for t in range(0, 13, 2)]
        best = [t for t, count in zip(range(0, 13, 2), errors, strict=True) if count == min(errors)]
        boundary = column(successes, trials, k).boundary()
        assert boundary.below[0] == (best[0] - 2 if best[0] > 0 else None)
        assert boundary.above[0] == (best[-1] if best[-1] <= 10 else None)


def test_curves():
    diagram = sharp(100, GRID, GRID, 1.0)
    np.testing.assert_array_equal(diagram.capacity_curve([0, 4, 25, 50]), [np.inf, 25, 4, 2])
    d = np.arange(1, 60)
    least = [next(k for k in range(1, 201) if 2 * (k // 2) * int(x) >= 100) for x in d]
    np.testing.assert_array_equal(diagram.effective_curve(d), least)
    assert diagram.effective_curve(0) == np.inf
    np.testing.assert_array_equal(ParameterCount().units([0, 1, 2, 3, 24, 25]), [0, 0, 2, 2, 24, 24])


@pytest.mark.parametrize("layers", ["hidden", "output", "both"])
@pytest.mark.parametrize("pairs", [True, False])
def test_parameters_that_can_act_are_counted_one_by_one(layers, pairs):
    count = ParameterCount(layers, pairs)
    for k in range(8):
        v = np.ones(k)
        if pairs and k % 2:
            v[-1] = 0.0
        for d in range(1, 5):
            for_hidden = sum(d for each in v if each or layers != "hidden")
            total = {"hidden": for_hidden, "output": k, "both": for_hidden + k}[layers]
            assert count.total(k, d) == total
    for n in (1, 7, 20):
        for d in (1, 2, 5):
            least = int(count.least_width(n, d))
            assert count.total(least, d) >= n > count.total(least - 1, d)
