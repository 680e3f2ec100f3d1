"""The parts of the GPU benchmark that can be tested without a GPU."""

import subprocess
import sys

import numpy as np
import pytest

from overparam.arrays.backends import CuPy
from overparam.model.activations import ReLU, Softplus
from overparam.runs import Portable, StopRule
from overparam.studies import TrialRow
from tests.benchmarks.cells import Cell
from tests.benchmarks.gpu.outcomes import compare
from tests.benchmarks.instances import Instances, trained_by

torch_graph = pytest.importorskip("tests.benchmarks.gpu.torch_graph", exc_type=ImportError)


@pytest.mark.parametrize("activation", [Softplus(), ReLU()])
def test_the_graph_does_the_same_trainings(activation):
    instances = Instances.of(Cell(activation, "float64", 20, 16, 8, 5))
    [run] = torch_graph.prepare(instances, "cpu")
    stop = StopRule(400, 0.5)
    found = run(stop)
    np.testing.assert_array_equal(found, trained_by(Portable(), instances)(stop))
    assert found.min() < 400


@pytest.mark.slow  # it trains twelve diagrams in three processes
def test_figure_2_is_compared_trial_by_trial():
    command = [sys.executable, "-m", "tests.benchmarks.gpu.outcomes", "--backend", "torch", "--grid", "8:9"]
    ended = subprocess.run(
        [*command, "--trials", "1", "--max-iterations", "5"], capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stderr
    lines = ended.stdout.splitlines()
    assert [line.partition(":")[0] for line in lines[:3]] == ["torch", "numpy", "numpy, float64"]
    assert [line[:24] for line in lines[3:]] == [f"fig2{panel}: 0 of 4 trials end" for panel in "abcd"]


def test_rounding_may_decide_as_often_as_it_does_on_the_reference():
    row = TrialRow(100, 10, 10, 0, "converged", 1, 14_990, 2.49e-3, 1.0, 1.0, 100, 0.1)
    late = row._replace(status="budget_exhausted", success=0, iterations=15_000, relative_residual=2.51e-3)
    same = compare([row], [row], [row])
    assert (same.different, same.by_precision, same.alike) == ((), 0, True)
    found = compare([row, late, late], [late, row, late], [row, row, late])
    assert (len(found.different), found.by_precision, found.alike) == (2, 1, True)
    assert "converged after 14990 at 0.00249; budget_exhausted after 15000" in str(found)
    assert not compare([row] * 3, [late] * 3, [late] * 3).alike
    assert compare([row], [row._replace(iterations=7495)], [row]).iterations == 0.5
    with pytest.raises(ValueError, match="not the same trials"):
        compare([row], [row._replace(k=11)], [row])


@pytest.mark.skipif(CuPy().unavailable() is None, reason="CuPy has a device here")
def test_without_a_device_it_says_so_in_a_line():
    ended = subprocess.run([sys.executable, "-m", "tests.benchmarks.gpu"], capture_output=True, text=True)
    assert ended.returncode == 2
    assert "cupy backend needs" in ended.stderr
    assert "Traceback" not in ended.stderr
