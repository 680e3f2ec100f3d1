"""Trials that do not fit into memory are refused at the start; each long run is its own chunk."""

import math

import pytest

from overparam.model.problem import room_needed
from overparam.runs import StopRule
from overparam.studies import Cell, Grid, load_study
from overparam.sweeps import Cost, Processes, dry_run, run_sweep
from overparam.sweeps.chunks import chunks
from overparam.sweeps.cost import FIRST_GUESS
from overparam.sweeps.runner import _CHUNK_SECONDS
from tests.sweeps.fakes import Fake, execution, specification

GRID = Grid.product([100], [4, 8], [5], trials=4)
LARGEST = room_needed(100, 5, 8)


@pytest.fixture
def memory(monkeypatch):
    def set_to(size):
        for room in ("sweeps.room", "model.problem"):
            monkeypatch.setattr(f"overparam.{room}.physical_memory", lambda: size)

    return set_to


@pytest.mark.parametrize("begin", [run_sweep, dry_run], ids=lambda f: f.__name__)
def test_a_cell_too_large_for_this_machine_is_named_before_anything_runs(tmp_path, memory, begin):
    memory(LARGEST - 1)
    with pytest.raises(ValueError, match=r"^n=100, k=8, d=5: one training run needs at least 0\.0 GB, and"):
        begin(tmp_path / "a.study", specification(), GRID, execution(Fake()))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("workers", [3, 4, 9])
def test_more_workers_than_there_is_room_for_are_refused(tmp_path, memory, workers):
    memory(3 * LARGEST)
    asked = specification(), GRID, execution(Fake(), Processes(workers))
    if workers == 3:
        run_sweep(tmp_path / "a.study", *asked)
        assert load_study(tmp_path / "a.study").status()["done"] == 8
        return
    with pytest.raises(ValueError, match=r"k=8, d=5: 4 training runs at a time .* processes:workers=3$"):
        run_sweep(tmp_path / "a.study", *asked)


def test_what_is_done_needs_no_room(tmp_path, memory):
    path = tmp_path / "a.study"
    run_sweep(path, specification(), GRID, execution(Fake()))
    memory(LARGEST - 1)
    run_sweep(path, specification(), GRID, execution(Fake()))
    more = Grid.product([100], [4], [5], trials=9)
    run_sweep(path, specification(), more, execution(Fake()))
    assert load_study(path).status()["done"] == 13


@pytest.mark.parametrize(("n", "k", "d"), [(3200, 40, 60), (3200, 60, 60), (10_000, 200, 200)])
def test_a_run_of_minutes_is_a_chunk_of_its_own(n, k, d):
    """At the first guess of the pace, and at ten times that pace."""
    cost, grid = Cost(specification(stop=StopRule(15_000))), Grid.product([n], [k], [d], trials=5)
    for pace in (FIRST_GUESS, 10.0 * FIRST_GUESS):
        assert cost.of(Cell(n, k, d)) / pace > _CHUNK_SECONDS
        target = lambda pace=pace: (_CHUNK_SECONDS * pace, math.inf)  # noqa: E731
        found = list(chunks(iter(grid), cost, target, 2 << 20, "float32", 2000))
        assert [len(chunk) for chunk in found] == [1] * 5
