"""The kernels on the host: compiled by its C++ compiler, the threads of a block one after another."""

import ctypes
import functools
import hashlib
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import pytest
from overparam_cuda.run import Run
from overparam_cuda.source import print_kernel

from overparam.backends import CuPy

COMPILER = shutil.which("g++") or shutil.which("c++") or shutil.which("clang++")
DEVICE = CuPy().unavailable() is None
needs_device = pytest.mark.skipif(not DEVICE, reason="there is no device")
needs_compiler = pytest.mark.skipif(COMPILER is None, reason="there is no C++ compiler")


ORDERS = {"forward": 0, "backward": 1, "shuffled": 2}  # in which threads take turns, as simt.h has them
LIMIT = 227 * 1024  # bytes that a block may have on an H200
HOST_MEMORY = 1 << 19  # bytes of simt.h's block_memory
ENTRIES = """
extern "C" const char *run_train(const int block, const int threads, const int turns, PARAMETERS) {
    return simt::run_block(block, threads, turns, [&] { train(ARGUMENTS); });
}
extern "C" const char *run_train_large(const int block, const int threads, const int turns, PARAMETERS) {
    return simt::run_block(block, threads, turns, [&] { train_large(ARGUMENTS); });
}
"""


@functools.cache
def library(source, entries=ENTRIES):
    """Compile a kernel's source and load it."""
    folder = Path(tempfile.mkdtemp(prefix="overparam-cuda-"))
    path = folder / f"{hashlib.sha256(source.encode()).hexdigest()[:16]}.so"
    flags = ["-std=c++17", "-O2", "-march=native", "-shared", "-fPIC", f"-I{Path(__file__).parent}"]
    whole = f'#include "simt.h"\n{source}{entries}'
    command = [COMPILER, *flags, "-x", "c++", "-", "-o", str(path)]
    subprocess.run(command, input=whole, text=True, check=True)
    return ctypes.CDLL(str(path))


class Host:
    """Launches blocks one after another."""

    def __init__(self, source, limit=LIMIT, order="forward"):
        self.limit, self.order = limit, ORDERS[order]
        self.library = library(source)
        self.memory = np.frombuffer(
            (ctypes.c_ubyte * HOST_MEMORY).in_dll(self.library, "block_memory"), np.uint8
        )
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
        run = getattr(self.library, f"run_{kernel}")
        run.restype = ctypes.c_char_p
        self.launches.append((kernel, blocks, block))
        given = [passed(argument) for argument in arguments]
        for number in range(blocks):
            self.memory[:] = 0xA5  # nothing may be read before it is written
            wrong = run(ctypes.c_int(number), ctypes.c_int(block.threads), ctypes.c_int(self.order), *given)
            assert wrong is None, wrong.decode()
            assert (self.memory[block.bytes :] == 0xA5).all(), "the kernel wrote behind its memory"


def passed(argument):
    if argument is None:
        return ctypes.c_void_p()
    if isinstance(argument, np.ndarray):
        return argument.ctypes.data_as(ctypes.c_void_p)
    kinds = {np.int32: ctypes.c_int, np.int64: ctypes.c_longlong, np.float64: ctypes.c_double}
    return kinds[type(argument)](argument)


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
