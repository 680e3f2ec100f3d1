"""What of the benchmark can be tested without a GPU."""

import subprocess
import sys

import numpy as np
import pytest

from overparam.activations import ReLU, Softplus
from overparam.backends import CuPy
from overparam.training import Portable, StopRule
from tests.benchmarks.cells import Cell
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


@pytest.mark.skipif(CuPy().unavailable() is None, reason="there is a device")
def test_without_a_device_it_says_so_in_a_line():
    ended = subprocess.run([sys.executable, "-m", "tests.benchmarks.gpu"], capture_output=True, text=True)
    assert ended.returncode == 2
    assert "cupy backend needs" in ended.stderr
    assert "Traceback" not in ended.stderr
