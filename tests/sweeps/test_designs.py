"""Designs: which trials they ask for next, on simulated outcomes."""

from dataclasses import dataclass
from typing import ClassVar

import pytest

from overparam.components import ComponentError
from overparam.plugins import default_registry
from overparam.studies import Cell, Column, Grid, Limits, ParameterCount, Tally
from overparam.sweeps import BoundarySearch, Design, FullGrid, Request
from tests.sweeps import simulation
from tests.sweeps.simulation import BUDGET, Truth, covers, posterior, searched, updates
from tests.testing.faults import assert_found, names_of

ONE = Grid.product([100], [1], [10], trials=1)
FREE = Request(ONE, limited=False, max_iterations=BUDGET)


def tally(trials, successes):
    return Tally(trials, successes, BUDGET * trials, 0.6 * BUDGET * successes)


def following(design, request, **columns):
    """Return the next round after the tallies of one column: (trials, successes) by k."""
    tallies = {Cell(100, int(k[1:]), 10): tally(*counts) for k, counts in columns.items()}
    return {cell.k: target for cell, target in design.next_round(request, tallies).items()}


def test_columns_have_the_limits_of_the_widths_asked_for():
    grid = Grid.product([5], [0, 3, 9], [0, 2], trials=1)
    assert Request(grid).columns == {Column(5, 2): Limits(3, 9)}
    assert Request(grid, limited=False).columns == {Column(5, 2): Limits(1, None)}
    assert Request(grid).covers(Cell(5, 4, 2))
    assert not Request(grid).covers(Cell(5, 10, 2))
    assert not Request(grid).covers(Cell(5, 4, 3))
    assert Request(grid, limited=False).covers(Cell(5, 1000, 2))


def test_the_grid_is_one_round_of_everything():
    grid = Grid.product([5], [1, 2], [3], trials=7)
    assert FullGrid().next_round(Request(grid), {Cell(5, 1, 3): tally(7, 0)}) == dict.fromkeys(grid.cells, 7)
    assert not FullGrid.in_rounds


def test_it_starts_at_the_capacity_and_doubles_until_both_outcomes_are_known():
    assert following(BoundarySearch(), FREE) == {10: 1, 20: 1}
    assert following(BoundarySearch(), FREE, k10=(1, 0), k20=(1, 0)) == {40: 1}
    assert following(BoundarySearch(), FREE, k10=(1, 0), k20=(1, 0), k40=(1, 0)) == {80: 1}
    assert following(BoundarySearch(), FREE, k10=(1, 1), k20=(1, 1)) == {4: 1}
    assert sum(following(BoundarySearch(batch=7), FREE, k10=(1, 0), k20=(1, 1)).values()) >= 7


def test_it_gives_up_where_a_limit_has_one_outcome_three_times():
    request = Request(Grid.product([100], [2, 16], [10], trials=1), max_iterations=BUDGET)
    assert following(BoundarySearch(), request, k10=(1, 0)) == {16: 1}
    assert following(BoundarySearch(), request, k16=(2, 0)) == {16: 3}
    assert following(BoundarySearch(), request, k16=(3, 0)) == {}
    assert following(BoundarySearch(), request, k2=(3, 3)) == {}


def test_it_ends_at_the_error_at_its_trials_and_where_widths_are_too_coarse():
    known = {"k10": (20, 0), "k12": (40, 10), "k14": (40, 30), "k16": (20, 20)}
    assert following(BoundarySearch(0.05), FREE, **known) == {}
    assert following(BoundarySearch(0.001), FREE, **known)
    assert following(BoundarySearch(0.001, trials=120), FREE, **known) == {}
    assert sum(following(BoundarySearch(0.001, trials=122), FREE, **known).values()) >= 2
    # There is no width to train between 4 and 6.
    assert following(BoundarySearch(0.01, trials=10_000), FREE, k4=(60, 0), k6=(60, 60)) == {}


def test_odd_widths_are_asked_for_where_they_add_a_unit():
    every = Request(ONE, False, ParameterCount(pairs=False), BUDGET)
    known = {"k6": (9, 0), "k8": (9, 9)}
    assert 7 in following(BoundarySearch(0.01), every, **known)
    assert 7 not in following(BoundarySearch(0.01), FREE, **known)


def test_limits_without_a_width_to_choose_are_refused():
    request = Request(Grid.product([100], [5], [10], trials=1))
    with pytest.raises(ValueError, match="no k from 5 to 5 can be chosen at n = 100, d = 10"):
        BoundarySearch().next_round(request, {})


@pytest.mark.parametrize("written", ["error=0", "error=-1", "trials=1", "batch=0", "trials=2.5"])
def test_impossible_parameters_are_refused(written):
    with pytest.raises(ComponentError):
        default_registry().resolve(Design, f"boundary:{written}")


def test_a_boundary_in_the_thousands_is_found_without_limits():
    truths = {2: Truth(3000.0, 0.04), 50: Truth(90.0, 0.05)}
    columns, rounds = searched(BoundarySearch(0.03), truths, 4000, 1)
    for d, truth in truths.items():
        found = posterior(columns, 4000, d)
        assert found.standard_error < 0.03
        assert covers(found, truth, 0.999)
    assert rounds < 40


def test_cheap_trials_are_preferred():
    """If failures take the whole budget and successes almost nothing, more trials are above the boundary."""

    def above(share):
        held = {
            Cell(100, k, 10): Tally(6, s, BUDGET * (6 - s) + int(share * BUDGET) * s, share * BUDGET * s)
            for k, s in ((12, 1), (14, 3), (16, 5))
        }
        targets = BoundarySearch(0.001, batch=24).next_round(FREE, held)
        return sum(t - (6 if cell in held else 0) for cell, t in targets.items() if cell.k >= 16)

    assert above(0.02) > above(1.0)


def test_the_search_costs_a_part_of_the_grid_and_is_right():
    """Three columns of Figure 2a; the next test covers all columns."""
    truths = {d: Truth(*simulation.FIGURE_2A[d]) for d in (9, 12, 16)}
    searches, _ = searched(BoundarySearch(0.05), truths, 100, 3, limits=range(1, 26))
    grids, _ = searched(FullGrid(), truths, 100, 3, limits=range(1, 26))
    assert sum(map(updates, searches.values())) < 0.25 * sum(map(updates, grids.values()))
    for d, truth in truths.items():
        assert covers(posterior(searches, 100, d), truth, 0.999)


@pytest.mark.slow
def test_figure_2a_costs_a_quarter_of_its_grid_at_the_same_error():
    """The grid is k, d ∈ 1:25; its columns d = 8…25 take 0.63 of its 58.5 million updates."""
    ratio, errors, coverage = simulation.figure_2a(20, 0.03)
    assert errors[0] < 1.1 * errors[1]
    assert 0.63 * ratio < 0.25
    assert 0.92 <= coverage[0] <= 0.98


@pytest.mark.slow
def test_intervals_cover_as_often_as_they_say_on_many_kinds_of_curves():
    coverage, number = simulation.spread(20, 0.05)
    assert number == 300
    assert 0.92 <= coverage <= 0.98


@dataclass(frozen=True)
class Endless(FullGrid):
    """Asks for one more trial in every round, without end."""

    name: ClassVar[str] = "endless"
    in_rounds: ClassVar[bool] = True

    def next_round(self, request, tallies):
        cell = request.grid.cells[0]
        return {cell: tallies[cell].trials + 1 if cell in tallies else 1}


class Astray(Endless):
    def next_round(self, request, tallies):
        return {Cell(40, 99, 4): 1}


class Moody(Endless):
    def next_round(self, request, tallies):
        first = next(iter(tallies), request.grid.cells[0])
        return {
            first: min(tallies[first].trials + 1, 3) if first in tallies else 1,
            request.grid.cells[-1]: 1,
        }


class Hopeful(Endless):
    def next_round(self, request, tallies):
        return request.grid.targets

    def expected(self, request, tallies):
        return {Cell(1, 1, 1): 1}


FAULTS = [
    (Endless(), "ends", "it must end"),
    (Astray(), "asks-only-for-what-was-asked-for", "which is outside the request"),
    (Moody(), "depends-on-nothing-but-the-study", "in another order"),
    (Hopeful(), "expectations-are-of-cells-asked-for", "which is outside the request"),
]


@pytest.mark.parametrize(("design", "name", "said"), FAULTS)
def test_the_kit_finds(design, name, said):
    assert_found(design, name, said)


def test_every_check_of_designs_has_a_fault():
    own = names_of(FullGrid()) - {"specification-round-trips", "hashable-and-picklable"}
    assert {name for _, name, _ in FAULTS} == own
