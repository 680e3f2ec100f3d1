"""Sweeps on a local cluster: the same rows, a trial that ends its workers, workers of other versions."""

import random
import sys
import types

import pytest
from deadly import Deadly
from overparam_dask import Dask, pool

from overparam.arrays.backends import NumPy
from overparam.components import build
from overparam.runs import Portable, Recipe, StopRule
from overparam.studies import Grid, Specification, StudyError, load_study
from overparam.sweeps import Execution, Serial, run_sweep

GRID = Grid.product([10], [0, 2, 3, 6], [1, 2, 5], trials=4)
ASKED = Specification(recipe=Recipe(stop=StopRule(300, 0.5), dtype="float32"))


def sweep(path, executor, engine=None):
    run_sweep(path, ASKED, GRID, Execution(NumPy(), (engine or Portable(),), executor))
    return [row._replace(seconds=0.0) for row in load_study(path)]


def test_rows_are_those_of_the_driver_in_any_order_and_chunks(tmp_path, monkeypatch):
    expected = sweep(tmp_path / "serial.study", Serial())
    assert len({row.status for row in expected}) >= 3
    assert sweep(tmp_path / "dask.study", Dask(workers=2)) == expected
    shuffled = random.Random(0).sample(GRID.cells, len(GRID.cells))
    monkeypatch.setattr("overparam.sweeps.runner.worst_first", lambda grid, cost: shuffled)
    monkeypatch.setattr("overparam.runs.Portable.most_trials", 3)
    assert sweep(tmp_path / "shuffled.study", Dask(workers=2)) == expected


def test_a_trial_that_takes_workers_down_stands_alone_and_is_tried_again(tmp_path):
    expected = sweep(tmp_path / "serial.study", Serial())
    found = sweep(tmp_path / "a.study", Dask(workers=2), Deadly(k=3, d=2, trial=1))
    differing = [(one, other) for one, other in zip(found, expected, strict=True) if one != other]
    [(failed, _)] = differing
    assert (failed.k, failed.d, failed.trial, failed.status) == (3, 2, 1, "failed")
    assert "its worker was lost" in failed.message
    assert sweep(tmp_path / "a.study", Serial()) == expected


def test_workers_of_another_version_are_named_before_anything_is_trained(tmp_path, monkeypatch):
    monkeypatch.setattr(pool, "version", lambda name: "9.9")
    with pytest.raises(StudyError, match=r"the worker tcp://\S+ has overparam \S+, here is 9.9"):
        sweep(tmp_path / "a.study", Dask(workers=1))
    assert load_study(tmp_path / "a.study").rows() == []


def test_work_that_a_worker_cannot_load(tmp_path, monkeypatch):
    """A plugin that is installed for the driver but not for the worker."""

    class Elsewhere(Portable):
        name = "elsewhere"

    Elsewhere.__module__, Elsewhere.__qualname__ = "nowhere_installed", "Elsewhere"
    module = types.ModuleType("nowhere_installed")
    module.Elsewhere = Elsewhere
    monkeypatch.setitem(sys.modules, "nowhere_installed", module)
    with pytest.raises(StudyError, match=r"No module named 'nowhere_installed'.*install the same packages"):
        sweep(tmp_path / "a.study", Dask(workers=1), Elsewhere())


def test_addresses_are_spelled_as_dask_does():
    dask = build(Dask, {"address": "tcp://127.0.0.1:8786", "timeout": "2"})
    assert dask == Dask(address="tcp://127.0.0.1:8786", timeout=2.0)
    assert dask.specification() == "dask:address=tcp://127.0.0.1:8786,timeout=2"


@pytest.mark.parametrize(
    "given", [{"workers": 0}, {"timeout": 0.0}, {"timeout": float("nan")}, {"address": "a", "workers": 1}]
)
def test_parameters_out_of_range(given):
    with pytest.raises(ValueError, match=r"workers|timeout"):
        Dask(**given)
