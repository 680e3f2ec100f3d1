"""The engine's training runs, with kernels launched on the host or on a device."""

import numpy as np
import pytest
from overparam_cuda.formula import Formula
from overparam_cuda.run import Runs
from overparam_cuda.source import print_kernel
from simt import COMPILER, LIMIT, run_blocks

from overparam.arrays.backends import CuPy
from overparam.plugin import drive
from overparam.runs import Portable

DEVICE = CuPy().unavailable() is None
needs_device = pytest.mark.skipif(not DEVICE, reason="there is no device")
SMALL = 8000  # bytes of a block's memory, too few for all samples of the larger problems
WEIGHTS = {"float32": 3e-3, "float64": 1e-9}
needs_compiler = pytest.mark.skipif(COMPILER is None, reason="there is no C++ compiler")


class Host:
    """Launches blocks one after another."""

    def __init__(self, source, limit=LIMIT, order="forward"):
        self.source, self.limit, self.order = source, limit, order
        self.launches = []

    def upload(self, array):
        return np.array(array)

    def download(self, array):
        return array.copy()

    def memory_of_a_block(self):
        return self.limit

    def scratch(self, size, dtype):
        return np.full(size, np.nan, dtype)

    def launch(self, kernel, blocks, block, arguments):
        self.launches.append((kernel, blocks, block))
        run_blocks(self.source, kernel, blocks, block.threads, block.bytes, arguments, self.order)


def on_device(source, limit):
    """Return a launcher for the current device whose blocks have at most `limit` bytes of memory."""
    from overparam_cuda.device import Device

    class Limited(Device):
        def memory_of_a_block(self):
            return min(limit, super().memory_of_a_block())

    return Limited(source)


def train(job, limit=LIMIT, order="forward", source=None, place="host"):
    """Outcomes of the job in order, computed by the kernels on the host or on a device."""
    formula = Formula.of(job.recipe)
    printed, states = print_kernel(formula)
    launcher = Host(source or printed, limit, order) if place == "host" else on_device(printed, limit)
    ended = dict(drive(job, Runs(job, range(len(job.problems)), formula, launcher, states), "cuda"))
    return [ended[position] for position in range(len(job.problems))]


def portable(job):
    """Outcomes of the job in order, computed by the portable engine."""
    outcomes = dict(Portable().run(job))
    return [outcomes[position] for position in range(len(job.problems))]


def assert_equal_runs(found, expected, dtype):
    """Compare outcomes with those of another engine."""
    for one, other in zip(found, expected, strict=True):
        assert one.status == other.status
        assert abs(one.iterations - other.iterations) <= (2 if dtype == "float32" else 0)
        allowed = WEIGHTS[dtype]
        np.testing.assert_allclose(one.W, other.W, rtol=allowed, atol=allowed)
        np.testing.assert_allclose(one.v, other.v, rtol=allowed, atol=allowed)
        for name in ("relative_residual", "distance_from_initialization", "path_length"):
            assert getattr(one, name) == pytest.approx(getattr(other, name), rel=allowed, abs=allowed)
        assert (one.success, one.effective_parameters) == (other.success, other.effective_parameters)
