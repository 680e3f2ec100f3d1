"""One sweep, divided and run in different ways: the exports agree in every byte except the seconds."""

import random

import pytest

from overparam.arrays.backends import NumPy
from overparam.methods import GradientDescent, StochasticGradientDescent
from overparam.model.activations import ReLU, Softplus
from overparam.runs import Portable, Recipe, StopRule
from overparam.studies import EXPORTED, Grid, Shard, Specification, export_study, load_study, merge_studies
from overparam.sweeps import Execution, Processes, Serial, run_sweep

GRID = Grid.product([9], [0, 1, 4, 7], [1, 3, 6], trials=3)


@pytest.fixture(params=["gd", "sgd"])
def asked(request):
    softplus = request.param == "gd"
    return Specification(
        seed=3,
        recipe=Recipe(
            activation=Softplus() if softplus else ReLU(),
            optimizer=GradientDescent() if softplus else StochasticGradientDescent(0.3, batch_size=2),
            stop=StopRule(150, 0.5),
            dtype="float32",
        ),
    )


@pytest.fixture
def export(asked, tmp_path):
    def run(name, executor=None, grid=GRID):
        path = tmp_path / f"{name}.study"
        run_sweep(path, asked, grid, Execution(NumPy(), (Portable(),), executor or Serial()))
        return table(path)

    return run


def table(path):
    """Exported rows without the last column, which is the seconds."""
    export_study(load_study(path), path.with_suffix(".csv"))
    header, *rows = path.with_suffix(".csv").read_text().splitlines()
    assert tuple(header.split(",")) == EXPORTED
    assert EXPORTED[-1] == "seconds"
    return [row.rpartition(",")[0] for row in rows]


def test_every_way_to_run_it_gives_the_same_table(export, monkeypatch, tmp_path):
    expected = export("whole")
    assert len(expected) == len(GRID)
    assert len({row.split(",")[4] for row in expected}) >= 3  # some converged, some did not, some are empty
    assert export("processes", Processes(workers=2)) == expected
    for number in (1, 2, 3):
        export(f"part{number}", grid=GRID.only(Shard(number, 3)))
    merge_studies(tmp_path / "merged.study", [tmp_path / f"part{number}.study" for number in (2, 3, 1)])
    assert table(tmp_path / "merged.study") == expected
    for most in (1, 7, 100):
        monkeypatch.setattr("overparam.runs.Portable.most_trials", most)
        assert export(f"chunks{most}") == expected

    def shuffled(grid, cost):
        cells = list(grid.cells)
        random.Random(0).shuffle(cells)
        return cells

    monkeypatch.setattr("overparam.sweeps.runner.worst_first", shuffled)
    assert export("shuffled") == expected
