"""Sweeps by this engine: every row is the same, bit for bit, for every division of the sweep."""

import os
import random
import subprocess
import sys

import pytest
from overparam_numba import Numba

from overparam.arrays.backends import NumPy
from overparam.methods import GradientDescent, StochasticGradientDescent
from overparam.runs import Recipe, StopRule
from overparam.studies import Grid, Shard, Specification, load_study
from overparam.sweeps import Execution, Processes, Serial, run_sweep

GRID = Grid.product([20], [0, 1, 4, 7, 9], [1, 2, 5, 17], trials=3)


@pytest.mark.parametrize("optimizer", [GradientDescent(), StochasticGradientDescent(0.3, batch_size=3)])
def test_every_way_to_run_a_sweep_gives_the_same_rows(optimizer, tmp_path, monkeypatch):
    recipe = Recipe(optimizer=optimizer, stop=StopRule(200, 0.8), dtype="float32")
    asked = Specification(seed=4, recipe=recipe)

    def rows(name, executor=None, grids=(GRID,)):
        path = tmp_path / f"{name}.study"
        for grid in grids:
            run_sweep(path, asked, grid, Execution(NumPy(), (Numba(),), executor or Serial()))
        return [row._replace(seconds=0.0) for row in load_study(path)]

    expected = rows("whole")
    assert len(expected) == len(GRID)
    assert len({row.status for row in expected}) >= 3
    assert rows("processes", Processes(workers=2)) == expected
    parts = [row for i in (1, 2, 3) for row in rows(f"part{i}", grids=[GRID.only(Shard(i, 3))])]
    assert sorted(parts, key=lambda row: row[:4]) == expected
    for most in (1, 7, 100):
        monkeypatch.setattr("overparam.runs.Engine.most_trials", most)
        assert rows(f"chunks{most}") == expected
    shuffled = random.Random(0).sample(GRID.cells, len(GRID.cells))
    monkeypatch.setattr("overparam.sweeps.runner.worst_first", lambda grid, cost: shuffled)
    assert rows("shuffled") == expected
    monkeypatch.setenv("NUMBA_NUM_THREADS", "1")
    assert rows("one thread") == expected


def test_compiling_is_said_once_for_a_data_type(tmp_path):
    """Each run is a new process; the cache is empty at first."""
    call = [sys.executable, "-m", "overparam", "--dtype"]
    sizes = ["sweep", "--n", "6", "--k", "2", "--d", "2", "--trials", "1", "--max-iterations", "5"]
    said = []
    for number, (dtype, step) in enumerate([("float32", 0.1), ("float32", 0.2), ("float64", 0.2)]):
        study = ["--study", str(tmp_path / f"{number}.study"), "--optimizer", f"gd:step_size={step}"]
        ended = subprocess.run(
            [*call, dtype, *sizes, *study],
            env=os.environ | {"OVERPARAM_CACHE_DIR": str(tmp_path / "cache")},
            capture_output=True,
            text=True,
            check=True,
        )
        said.append("compiling the loop of softplus and gd" in ended.stderr)
    assert said == [True, False, True]
