"""The engine's trainings with the host, or a device, in the place of what launches kernels."""

import numpy as np
import pytest
from overparam_cuda.run import Run
from overparam_cuda.source import print_kernel
from simt import COMPILER, LIMIT, run_blocks

from overparam.backends import CuPy

DEVICE = CuPy().unavailable() is None
needs_device = pytest.mark.skipif(not DEVICE, reason="there is no device")
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
    """The kernels on the current device, whose blocks may have no more than `limit` bytes."""
    from overparam_cuda.device import Device

    class Limited(Device):
        def memory_of_a_block(self):
            return min(limit, super().memory_of_a_block())

    return Limited(source)


def train(job, limit=LIMIT, order="forward", source=None, place="host"):
    """The job's outcomes in order, by the kernels on the host or a device."""
    printed, states = print_kernel(job.activation, job.optimizer, job.dtype)
    launcher = Host(source or printed, limit, order) if place == "host" else on_device(printed, limit)
    run, ended = Run(job, launcher, states), {}
    while not run.over:
        ended.update(run.advance())
    return [ended[position] for position in range(len(job.problems))]
