"""The kernel on the host: compiled by its C++ compiler, the threads of a block one after another."""

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

COMPILER = shutil.which("g++") or shutil.which("c++") or shutil.which("clang++")
needs_compiler = pytest.mark.skipif(COMPILER is None, reason="there is no C++ compiler")


@functools.cache
def library(source, *options):
    """Compile a kernel's source and load it."""
    folder = Path(tempfile.mkdtemp(prefix="overparam-cuda-"))
    path = folder / f"{hashlib.sha256(source.encode()).hexdigest()[:16]}.so"
    command = [
        COMPILER,
        "-std=c++17",
        "-O2",
        "-march=native",
        "-shared",
        "-fPIC",
        "-x",
        "c++",
        "-",
        *options,
        "-o",
    ]
    subprocess.run([*command, str(path)], input=source, text=True, check=True)
    return ctypes.CDLL(str(path))


class Host:
    """Launches blocks one after another."""

    def __init__(self, source, limit=227 * 1024, options=()):
        self.limit = limit
        self.library = library(source, *options)
        self.launches = []

    def upload(self, array):
        return np.array(array)

    def download(self, array):
        return array.copy()

    def memory_of_a_block(self):
        return self.limit

    def scratch(self, size):
        return np.full(size, 0xA5, np.uint8)

    def launch(self, kernel, blocks, shared, arguments):
        train = getattr(self.library, kernel)
        train.restype = None
        self.launches.append((blocks, shared))
        fence = 64
        for block in range(blocks):
            memory = np.full(shared + fence, 0xA5, np.uint8)  # nothing may be read before it is written
            train(memory.ctypes.data_as(ctypes.c_void_p), ctypes.c_int(block), *map(passed, arguments))
            assert (memory[shared:] == 0xA5).all(), "the kernel wrote behind its memory"


def passed(argument):
    if argument is None:
        return ctypes.c_void_p()
    if isinstance(argument, np.ndarray):
        return argument.ctypes.data_as(ctypes.c_void_p)
    kinds = {np.int32: ctypes.c_int, np.int64: ctypes.c_longlong, np.float64: ctypes.c_double}
    return kinds[type(argument)](argument)


def train(job, limit=227 * 1024, options=()):
    """The job's outcomes in order, by the kernel on the host."""
    source, states = print_kernel(job.activation, job.optimizer, job.dtype)
    run, ended = Run(job, Host(source, limit, options), states), {}
    while not run.over:
        ended.update(run.advance())
    return [ended[position] for position in range(len(job.problems))]
