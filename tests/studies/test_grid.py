"""Grids and their shards."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overparam.studies import Cell, Grid, Shard, TrialKey

SIZES = st.lists(st.integers(1, 40), min_size=1, max_size=5)


def test_a_product_has_every_combination_in_order():
    grid = Grid.product([20, 10], [2, 1], [3], trials=2)
    assert grid.cells == (Cell(10, 1, 3), Cell(10, 2, 3), Cell(20, 1, 3), Cell(20, 2, 3))
    assert list(grid) == [TrialKey(*cell, trial) for cell in grid.cells for trial in range(2)]
    assert len(grid) == 8


def test_side_by_side():
    assert Grid.zip([10], [1, 2, 3], [6, 3, 2], trials=1).cells == ((10, 1, 6), (10, 2, 3), (10, 3, 2))
    with pytest.raises(ValueError, match="d has 2 values, another 3"):
        Grid.zip([10], [1, 2, 3], [6, 3], trials=1)


def test_a_union_has_each_cell_once():
    one, other = Grid.product([5], [1, 2], [1], trials=3), Grid.product([5], [2, 3], [1], trials=3)
    assert (one | other).cells == ((5, 1, 1), (5, 2, 1), (5, 3, 1))
    with pytest.raises(ValueError, match="only grids of equal trials"):
        one | Grid.product([5], [1], [1], trials=4)


@pytest.mark.parametrize(
    ("cell", "trials", "said"),
    [((0, 1, 1), 1, "n must be at least 1"), ((1, -1, 1), 1, "k and d at least 0"), ((1, 1, 1), 0, "trials")],
)
def test_impossible_sizes_are_refused(cell, trials, said):
    with pytest.raises(ValueError, match=said):
        Grid.of([Cell(*cell)], trials=trials)


def test_ten_million_trials_are_iterated_not_listed():
    grid = Grid.product([100], range(1, 26), range(1, 26), trials=16_000)
    assert len(grid) == 10_000_000
    assert next(iter(grid)) == TrialKey(100, 1, 1, 0)


@given(k=SIZES, d=SIZES, trials=st.integers(1, 12), count=st.integers(1, 9))
def test_shards_are_disjoint_and_together_everything(k, d, trials, count):
    grid = Grid.product([10], k, d, trials=trials)
    parts = [list(grid.only(Shard(number, count))) for number in range(1, count + 1)]
    assert sorted(key for part in parts for key in part) == sorted(grid)
    assert [len(grid.only(Shard(number, count))) for number in range(1, count + 1)] == [*map(len, parts)]


@pytest.mark.parametrize(("trials", "count"), [(1, 2), (1, 7), (10, 4), (10, 64)])
def test_shards_are_balanced(trials, count):
    grid = Grid.product([100], range(2, 51, 2), range(2, 51, 2), trials=trials)
    sizes = [len(grid.only(Shard(number, count))) for number in range(1, count + 1)]
    mean = len(grid) / count
    assert max(abs(size - mean) for size in sizes) < 4 * mean**0.5  # a bound for independent draws


def test_no_trial_changes_shard_when_the_grid_grows():
    small, large = (Grid.product([10], range(2, top), [1, 2], trials=top) for top in (5, 9))
    for number in (1, 2, 3):
        shard = Shard(number, 3)
        assert set(small.only(shard)) == set(small) & set(large.only(shard))


@pytest.mark.parametrize("text", ["0/2", "3/2", "2", "a/b", "1/0", "-1/2", ""])
def test_what_is_no_shard(text):
    with pytest.raises(ValueError, match="a shard is"):
        Shard.parse(text)


def test_a_shard_is_read_as_it_is_written():
    assert Shard.parse(str(Shard(2, 4))) == Shard(2, 4)


def test_a_grid_too_large_is_refused_before_it_is_made():
    axis = range(1, 1001)
    with pytest.raises(ValueError, match="the grid has 1,000,000,000 cells"):
        Grid.product(axis, axis, axis, trials=1)


def test_many_grids_are_joined_at_once():
    grids = [Grid.product([100], range(1, 30), [d], trials=2) for d in range(1, 300)]
    assert Grid.union(grids).cells == Grid.product([100], range(1, 30), range(1, 300), trials=2).cells
