"""The part of CuPy that the engine uses, on the host; kernels run when their stream is synchronized."""

import contextlib
from types import SimpleNamespace

import numpy as np
from simt import LIMIT, run_blocks

_KINDS = (np.int32, np.int64, np.uint64, np.float64)


class ndarray:
    """An array in device memory, which NumPy cannot access."""

    def __init__(self, held):
        self.held = held
        self.device = SimpleNamespace(id=0)

    def __array__(self, *arguments, **named):
        raise TypeError("Implicit conversion to a NumPy array is not allowed")


def asarray(array, dtype=None, order=None):
    """Copy an array from the host."""
    return ndarray(np.array(array, dtype, order="C"))


def asnumpy(array):
    """Copy the current content to the host, without waiting for any stream."""
    return array.held.copy()


def empty(size, dtype):
    """Uninitialized memory."""
    return ndarray(np.full(size, np.nan, dtype))


class Stream:
    """A queue of work that is done in order."""

    current = None

    def __init__(self, non_blocking=False):
        assert non_blocking, "a blocking stream and other streams would wait for each other"
        self.work = []

    def __enter__(self):
        self.before, Stream.current = Stream.current, self

    def __exit__(self, *raised):
        Stream.current = self.before

    def synchronize(self):
        """Do all work in the queue."""
        while self.work:
            self.work.pop(0)()


class RawModule:
    """A kernel source, which is compiled when a kernel first runs."""

    def __init__(self, *, code, options):
        assert "--std=c++17" in options
        self.code = code

    def get_function(self, name):
        """Return a kernel."""
        return _Kernel(self.code, name)


class _Kernel:
    max_dynamic_shared_size_bytes = 48 * 1024
    preferred_shared_memory_carveout = -1

    def __init__(self, code, name):
        self.code, self.name = code, name

    def __call__(self, grid, block, args, *, shared_mem=0):
        [blocks], [threads] = grid, block
        assert shared_mem <= self.max_dynamic_shared_size_bytes <= LIMIT
        assert all(isinstance(one, (ndarray, *_KINDS)) for one in args)
        given = [one.held if isinstance(one, ndarray) else one for one in args]
        given = [None if isinstance(one, np.uint64) else one for one in given]  # a null pointer
        Stream.current.work.append(
            lambda: run_blocks(self.code, self.name, blocks, threads, shared_mem, given)
        )


class _Device(contextlib.nullcontext):
    attributes = {"MaxSharedMemoryPerBlockOptin": LIMIT, "MultiProcessorCount": 132}  # noqa: RUF012

    def __init__(self, number=0):
        super().__init__()


cuda = SimpleNamespace(
    Device=_Device,
    Stream=Stream,
    get_current_stream=lambda: SimpleNamespace(synchronize=lambda: None),
    is_available=lambda: True,
    runtime=SimpleNamespace(
        getDeviceCount=lambda: 1,
        getDeviceProperties=lambda number: {"name": b"emulated"},
        memGetInfo=lambda: (1 << 30, 1 << 31),
    ),
)
