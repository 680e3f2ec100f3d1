"""Kernels compiled by the host's C++ compiler; simt.h provides threads, barriers and warp exchanges."""

import ctypes
import functools
import hashlib
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np

COMPILER = shutil.which("g++") or shutil.which("c++") or shutil.which("clang++")
LIMIT = 227 * 1024  # bytes of shared memory that a block can have on an H200
ORDERS = {"forward": 0, "backward": 1, "shuffled": 2}  # order of the threads, numbered as in simt.h
HOST_MEMORY = 1 << 19  # size of simt.h's block_memory in bytes
ENTRIES = """
extern "C" const char *run_train(const int block, const int threads, const int turns, PARAMETERS) {
    return simt::run_block(block, threads, turns, [&] { train(ARGUMENTS); });
}
extern "C" const char *run_train_large(const int block, const int threads, const int turns, PARAMETERS) {
    return simt::run_block(block, threads, turns, [&] { train_large(ARGUMENTS); });
}
"""


def library(source, entries=ENTRIES):
    """Compile a kernel's source without its comments, and load it."""
    return _compiled(re.sub(r"^\s*//.*\n", "", source, flags=re.MULTILINE), entries)


@functools.cache
def _compiled(source, entries):
    flags = ["-std=c++17", "-O2", "-march=native", "-shared", "-fPIC", f"-I{Path(__file__).parent}"]
    whole = f'#include "simt.h"\n{source}{entries}'
    with tempfile.TemporaryDirectory(prefix="overparam-cuda-") as folder:
        path = Path(folder) / f"{hashlib.sha256(source.encode()).hexdigest()[:16]}.so"
        command = [COMPILER, *flags, "-x", "c++", "-", "-o", str(path)]
        subprocess.run(command, input=whole, text=True, check=True)
        return ctypes.CDLL(str(path))  # the file is no longer needed


def run_blocks(source, kernel, blocks, threads, shared, arguments, order="forward"):
    """Run blocks one after another, each with `shared` bytes of memory.

    Arguments are arrays, NumPy scalars, or None for a null pointer.
    """
    compiled = library(source)
    run = getattr(compiled, f"run_{kernel}")
    run.restype = ctypes.c_char_p
    memory = np.frombuffer((ctypes.c_ubyte * HOST_MEMORY).in_dll(compiled, "block_memory"), np.uint8)
    given = [_passed(argument) for argument in arguments]
    for number in range(blocks):
        memory[:] = 0xA5  # fill the memory, because a kernel must not read before it writes
        wrong = run(ctypes.c_int(number), ctypes.c_int(threads), ctypes.c_int(ORDERS[order]), *given)
        assert wrong is None, wrong.decode()
        assert (memory[shared:] == 0xA5).all(), "the kernel wrote beyond the end of its memory"


def _passed(argument):
    if argument is None:
        return ctypes.c_void_p()
    if isinstance(argument, np.ndarray):
        return argument.ctypes.data_as(ctypes.c_void_p)
    kinds = {np.int32: ctypes.c_int, np.int64: ctypes.c_longlong, np.float64: ctypes.c_double}
    return kinds[type(argument)](argument)
