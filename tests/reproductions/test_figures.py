"""The built-in figures: the sweeps that they ask for, and their numbers against their studies."""

import math
from importlib.util import find_spec

import numpy as np
import pytest

from overparam.arrays.backends import NumPy
from overparam.components import ComponentError
from overparam.methods import GradientDescent
from overparam.model.activations import ReLU, Softplus
from overparam.model.data import Cube, Rademacher
from overparam.model.initializations import Scaled
from overparam.model.problem import Problem, draw_problem
from overparam.plugins import Registry, default_registry
from overparam.reproductions import (
    Capacity,
    Figure2,
    Figure2c,
    JacobianRank,
    MontanariZhong,
    PolaczykFigure2,
    Scaling,
    Setup,
    make,
)
from overparam.reproductions.jacobian_rank import has_full_rank
from overparam.reproductions.montanari_zhong import eigenvalue_ratio
from overparam.runs import Portable
from overparam.studies import crossings
from overparam.sweeps import BoundarySearch, Execution, Serial

SETUP = Setup(default_registry().resolve, seed=3)
EXECUTION = Execution(NumPy(), (Portable(),), Serial())


def made(figure, folder):
    pytest.importorskip("matplotlib")
    return make(figure, SETUP, folder, lambda name, path, asked: asked.train(path, EXECUTION))


def test_figure_2_is_that_of_section_4():
    sweeps = Figure2().sweeps(SETUP)
    assert [*sweeps] == ["fig2a", "fig2b", "fig2c", "fig2d"]
    for name, asked in sweeps.items():
        recipe = asked.specification.recipe
        smooth = name in ("fig2a", "fig2b")
        assert type(recipe.activation) is (Softplus if smooth else ReLU)
        assert recipe.optimizer == GradientDescent(0.15 if smooth else 0.1)
        assert (recipe.stop.max_iterations, recipe.stop.tolerance, recipe.dtype) == (
            15_000,
            2.5e-3,
            "float32",
        )
        assert len(asked.grid) == 25 * 25 * 10
        assert {cell.n for cell in asked.grid.cells} == {100 if name in ("fig2a", "fig2c") else 200}
        assert asked.specification.seed == 3


def test_a_panel_is_one_of_them():
    assert Figure2c().sweeps(SETUP) == {"fig2c": Figure2().sweeps(SETUP)["fig2c"]}


def test_capacity_searches_for_every_budget_and_for_the_second_order_method():
    pytest.importorskip("overparam_optimizers")
    sweeps = Capacity(d="5,10", budgets=(400, 100)).sweeps(SETUP)
    assert [*sweeps] == ["capacity-gd-100", "capacity-gd-400", "capacity-levenberg-marquardt"]
    for asked in sweeps.values():
        assert asked.design == BoundarySearch(0.05)
        assert asked.limited
        assert {*asked.grid.cells} == {(100, 2, 5), (100, 160, 5), (100, 2, 10), (100, 80, 10)}
    assert sweeps["capacity-gd-400"].specification.recipe.stop.max_iterations == 400
    assert sweeps["capacity-levenberg-marquardt"].specification.recipe.dtype == "float64"


def test_capacity_says_what_its_studies_hold(tmp_path):
    pytest.importorskip("overparam_optimizers")
    figure = Capacity(n=8, d="4", budgets=(3000, 15_000), error=0.3)
    found = made(figure, tmp_path)
    ratios = {name: crossings(study)[0].effective_ratio for name, study in found.studies.items()}
    assert all(ratio is not None for ratio in ratios.values())
    first = math.log(ratios["capacity-gd-3000"])
    for name in ("capacity-gd-15000", "capacity-levenberg-marquardt"):
        assert found.numbers["share_of_gap"][name] == pytest.approx(1.0 - math.log(ratios[name]) / first)
    assert any(f"{ratios['capacity-gd-3000']:.2f}" in line for line in found.measured)


def test_without_the_optimizers_the_error_has_the_command_that_installs_them():
    installed = find_spec("overparam_optimizers") is not None
    bare = Setup(Registry(disabled=["overparam-optimizers"] if installed else []).resolve)
    for figure in (Capacity(), PolaczykFigure2()):
        with pytest.raises(ComponentError, match="in overparam-optimizers"):
            figure.sweeps(bare)


def test_scaling_asks_for_both_ways_of_d():
    sweeps = Scaling(largest=399, d=7).sweeps(SETUP)
    assert len(sweeps) == 4
    for name, asked in sweeps.items():
        columns = {(cell.n, cell.d) for cell in asked.grid.cells}
        fixed = name.endswith("fixed")
        assert columns == {(n, 7 if fixed else n // 10) for n in (50, 100, 200)}
        assert asked.specification.recipe.optimizer == GradientDescent("jacobian")


def test_polaczyks_step_and_criterion_are_those_of_the_mean_of_squares():
    pytest.importorskip("overparam_optimizers")
    figure = PolaczykFigure2()
    [asked] = figure.sweeps(SETUP).values()
    specification = asked.specification
    assert (type(specification.data), type(specification.labels)) == (Cube, Rademacher)
    optimizer = specification.recipe.optimizer
    # The derivative of mean((f − y)²) by f is 2/n·(f − y); that of our loss is (f − y).
    assert (optimizer.step_size, optimizer.momentum) == (pytest.approx(0.15 * 2 / 200), 0.9)
    y, f = np.ones(200), np.full(200, 1.0 + figure.loose)
    assert np.mean((f - y) ** 2) / math.sqrt(200) == pytest.approx(2.5e-3)
    assert figure.loose == pytest.approx(0.188, abs=5e-4)
    p = draw_problem(200, 4, 6, data=Cube(), labels=Rademacher())
    np.testing.assert_allclose(np.abs(p.v), 1 / math.sqrt(6))


def test_polaczyks_criteria_count_the_same_runs(tmp_path):
    pytest.importorskip("overparam_optimizers")
    found = made(PolaczykFigure2(trials=2, grid="2,16", max_iterations=1500, n=10), tmp_path)
    [study] = found.studies.values()
    loose, strict = found.numbers["criteria"]
    residuals = [row.relative_residual for row in study]
    assert loose["successes"] == sum(r < loose["below"] for r in residuals)
    assert strict["successes"] == sum(r < 2.5e-3 for r in residuals)
    assert 0 < loose["successes"] < loose["trials"] == 8


@pytest.mark.parametrize("sizes", [(10, 5, 2), (10, 5, 3), (12, 3, 5), (12, 20, 2), (12, 40, 1)])
def test_the_rank_is_that_of_exact_patterns(sizes):
    """Oracle: the rank of J for ReLU equals the rank of the data masked by each unit's activation pattern."""
    n, d, k = sizes
    for trial in range(5):
        p = draw_problem(n, d, k, trial=trial, initialization=Scaled())
        active = (p.X @ p.W0.T > 0.0).astype(float)
        columns = np.hstack([active[:, [j]] * p.X for j in range(k)])
        assert has_full_rank(p) == (np.linalg.matrix_rank(columns) == n)


def test_a_sample_without_an_active_unit_has_no_full_rank():
    p = draw_problem(6, 10, 4, initialization=Scaled())
    W0 = -np.tile(p.X[0], (4, 1))
    assert not has_full_rank(Problem(p.X, p.y, W0, p.v))


def test_the_ratio_tends_to_one():
    """Monte Carlo over the units: σ²min(J)/‖v‖² tends to λ(X)."""
    ratios = [eigenvalue_ratio(10, 5, k, Softplus(), seed=0, trial=0) for k in (4, 40_000)]
    assert ratios[0] < ratios[1]
    assert ratios[1] == pytest.approx(1.0, abs=0.05)


def test_what_trains_nothing_says_so(tmp_path):
    found = made(JacobianRank(trials=2, grid="1,4,12", n=12), tmp_path)
    assert found.studies == {}
    counts = np.array(found.numbers["full_rank"])
    assert counts[0, 0] == counts[0, 1] == 0
    assert counts[2, 2] == 2


@pytest.mark.parametrize(
    "make_figure",
    [
        lambda: Figure2(trials=0),
        lambda: Figure2(grid="25:1"),
        lambda: Capacity(d="0:4"),
        lambda: Capacity(budgets=(0,)),
        lambda: Capacity(budgets=()),
        lambda: Capacity(error=0.0),
        lambda: Scaling(largest=49),
        lambda: Scaling(max_iterations=-1),
        lambda: PolaczykFigure2(n=0),
        lambda: JacobianRank(grid="x"),
        lambda: MontanariZhong(n="15"),
    ],
)
def test_parameters_are_checked(make_figure):
    with pytest.raises(ValueError, match=r"\w"):
        make_figure()
