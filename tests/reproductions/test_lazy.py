"""The reproduction of lazy training, and the exponents that it fits."""

import numpy as np
import pytest

from overparam.model.activations import ReLU
from overparam.model.network import jacobian
from overparam.model.problem import draw_problem
from overparam.plugins import default_registry
from overparam.reproductions import Lazy, Setup
from overparam.reproductions.powers import Power, power_of

SETUP = Setup(default_registry().resolve, seed=2)


def found(**parameters):
    pytest.importorskip("matplotlib")
    return Lazy(**parameters).reproduced(SETUP, {})


@pytest.fixture(scope="module")
def small():
    return found(trials=3, n=6, d=5, largest=300)


def test_widths_are_doubled_from_32():
    assert Lazy(largest=32).widths == [32]
    assert Lazy(largest=300).widths == [32, 64, 128, 256]
    assert Lazy(largest=512).widths[-1] == 512


def test_the_table_is_the_runs_written_out(small):
    """One width of the table, recomputed by gradient descent with explicit Jacobians."""
    changes = []
    for trial in range(3):
        p = draw_problem(6, 5, 64, seed=2, trial=trial)

        def J(W, p=p):
            return jacobian(p.X, W, p.v, ReLU())

        W, J0 = p.W0, J(p.W0)
        size = 1 / np.linalg.norm(J0, 2) ** 2
        while np.linalg.norm(r := np.maximum(p.X @ W.T, 0.0) @ p.v - p.y) >= 2.5e-3 * np.linalg.norm(p.y):
            W = W - size * (J(W).T @ r).reshape(W.shape)
        changes.append(np.linalg.norm(J(W) - J0, 2) / np.linalg.norm(J0, 2))
    [row] = [one for one in small.numbers["widths"] if (one["activation"], one["k"]) == ("relu", 64)]
    assert row["converged"] == 3
    assert [row["jacobian"][end] for end in ("low", "median", "high")] == pytest.approx(
        [(min(changes) + np.median(changes)) / 2, np.median(changes), (max(changes) + np.median(changes)) / 2]
    )


def test_it_says_the_power_and_draws_every_quantity(small):
    assert len(small.numbers["exponents"]) == 8
    one = small.numbers["exponents"][0]
    assert (one["activation"], one["quantity"], one["bound"]) == ("softplus", "jacobian", -0.5)
    assert one["low"] < one["exponent"] < one["high"] < 0.0
    assert any(f"{one['exponent']:.2f}".replace("-", "−") in line for line in small.measured)
    axes = small.pictures["lazy"].axes
    assert len(axes) == 4
    for panel in axes:
        _, labels = panel.get_legend_handles_labels()
        assert {"softplus", "relu"} <= {*labels}
    row = next(one for one in small.numbers["widths"] if one["activation"] == "relu")
    [container] = [each for each in axes[0].containers if each.get_label() == "relu"]
    assert container.lines[0].get_ydata()[0] == row["jacobian"]["median"]


def test_what_does_not_converge_is_fitted_nothing():
    nothing = found(trials=2, n=6, d=5, largest=64, max_iterations=1)
    assert all(one["exponent"] is None and one["widths"] == [] for one in nothing.numbers["exponents"])
    assert sum("4 runs did not converge" in line for line in nothing.measured) == 2


def test_one_width_has_no_power():
    one = found(trials=2, n=6, d=5, largest=32)
    assert all(each["exponent"] is None for each in one.numbers["exponents"])
    assert sum("not measurable" in line for line in one.measured) == 8


@pytest.mark.parametrize("parameters", [{"trials": 0}, {"largest": 31}, {"n": 0}, {"max_iterations": -1}])
def test_parameters_are_checked(parameters):
    with pytest.raises(ValueError, match=r"\w"):
        Lazy(**parameters)


def test_a_power_is_found_and_zeros_are_left_out():
    x = np.array([1.0, 2.0, 4.0, 8.0, 16.0])
    assert power_of(x, 3.0 * x**-0.5) == pytest.approx((-0.5, -0.5, -0.5))
    assert power_of([*x, 32.0], [*(3.0 * x**-0.5), 0.0]) == pytest.approx((-0.5, -0.5, -0.5))
    assert power_of([1.0, 2.0], [1.0, 4.0]) == (pytest.approx(2.0), None, None)
    assert power_of([2.0, 2.0], [1.0, 4.0]) == Power(None)
    assert str(power_of([1.0, 2.0], [4.0, 1.0])) == "−2.00"


def test_the_slope_is_least_squares():
    rng = np.random.default_rng(0)
    x, y = np.exp(rng.uniform(0, 3, 30)), np.exp(rng.standard_normal(30))
    assert power_of(x, y).value == pytest.approx(np.polyfit(np.log(x), np.log(y), 1)[0], rel=1e-12)


def test_the_interval_holds_the_power_in_95_of_100():
    """2,000 draws of five points at each of five widths; scatter grows with k; within 4 standard errors."""
    rng, held, draws = np.random.default_rng(1), 0, 2_000
    x = np.repeat([1.0, 2.0, 4.0, 8.0, 16.0], 5)
    for _ in range(draws):
        found = power_of(x, x**-0.5 * np.exp(0.1 * x**0.3 * rng.standard_normal(25)))
        held += found.low <= -0.5 <= found.high
    assert abs(held / draws - 0.95) <= 4.0 * (0.95 * 0.05 / draws) ** 0.5
