"""What of the benchmark can be tested without a GPU."""

import subprocess
import sys

import numpy as np
import pytest

from overparam.activations import ReLU, Softplus
from overparam.backends import CuPy
from overparam.sweeps import TrialRow
from overparam.training import Portable, StopRule
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


def test_figure_2_on_two_backends_is_compared_trial_by_trial():
    command = [sys.executable, "-m", "tests.benchmarks.gpu.outcomes", "--backend", "torch", "--grid", "8:10"]
    ended = subprocess.run(
        [*command, "--trials", "2", "--max-iterations", "20"], capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stderr
    assert [line.partition(":")[0] for line in ended.stdout.splitlines()[:2]] == ["torch", "numpy"]
    assert "72 of 72 trials end alike; 0 near" in ended.stdout


def test_what_differs_is_near_the_tolerance_or_not():
    row = TrialRow(100, 10, 10, 0, "converged", 1, 14_990, 2.49e-3, 1.0, 1.0, 100, 0.1)
    late = row._replace(status="budget_exhausted", success=0, iterations=15_000, relative_residual=2.51e-3)
    assert compare([row], [row], 15_000).equal == 1
    found = compare([row, row, row], [late, late._replace(relative_residual=3e-3), row], 15_000)
    assert (found.equal, len(found.near), len(found.away)) == (1, 1, 1)
    assert compare([row._replace(iterations=100)], [late], 15_000).away
    assert compare([row._replace(status="diverged", relative_residual=None)], [late], 15_000).away
    assert compare([row], [row._replace(iterations=7495)], 15_000).iterations == 0.5
    with pytest.raises(ValueError, match="not of the same trials"):
        compare([row], [row._replace(k=11)], 15_000)


@pytest.mark.skipif(CuPy().unavailable() is None, reason="there is a device")
def test_without_a_device_it_says_so_in_a_line():
    ended = subprocess.run([sys.executable, "-m", "tests.benchmarks.gpu"], capture_output=True, text=True)
    assert ended.returncode == 2
    assert "cupy backend needs" in ended.stderr
    assert "Traceback" not in ended.stderr
