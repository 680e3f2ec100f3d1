"""The kernels on a device, through CuPy."""

from __future__ import annotations

from typing import Any

import cupy
import numpy as np
from numpy.typing import NDArray

from overparam.plugin import DType
from overparam_cuda.blocks import Block
from overparam_cuda.source import OPTIONS

__all__ = ["Device", "memory_of_a_block", "multiprocessors"]

_STREAMS = 8


def memory_of_a_block() -> int:
    """Return the bytes of shared memory available to a block on the current device."""
    return int(cupy.cuda.Device().attributes["MaxSharedMemoryPerBlockOptin"])


def multiprocessors() -> int:
    """Return the number of multiprocessors of the current device."""
    return int(cupy.cuda.Device().attributes["MultiProcessorCount"])


class Device:
    """Launcher of kernels on the current device; compiled kernels are stored in CuPy's cache folder.

    Parameters
    ----------
    source : str
        Result of `print_kernel`.
    """

    def __init__(self, source: str) -> None:
        self._module = cupy.RawModule(code=source, options=OPTIONS)
        self._functions: dict[str, Any] = {}
        self._streams = [cupy.cuda.Stream(non_blocking=True) for _ in range(_STREAMS)]
        self._held: list[Any] = []
        self._launched = 0

    def upload(self, array: NDArray[Any]) -> Any:
        """Copy an array to the device, before all later launches."""
        there = cupy.asarray(array)
        cupy.cuda.get_current_stream().synchronize()
        return there

    def download(self, array: Any) -> NDArray[Any]:
        """Copy an array back, after all launched kernels have ended."""
        for stream in self._streams:
            stream.synchronize()
        self._held.clear()
        return np.asarray(cupy.asnumpy(array))

    def memory_of_a_block(self) -> int:
        """Return the bytes of shared memory available to a block."""
        return memory_of_a_block()

    def scratch(self, size: int, dtype: DType) -> Any:
        """Return an array of this size on the device, uninitialized."""
        return cupy.empty(size, dtype)

    def launch(self, kernel: str, blocks: int, block: Block, arguments: tuple[Any, ...]) -> None:
        """Start blocks on the next stream, concurrently with other streams."""
        function = self._function(kernel)
        function.max_dynamic_shared_size_bytes = block.bytes
        self._held.append(arguments)  # keeps the arrays alive until the launch has ended
        passed = tuple(np.uint64(0) if argument is None else argument for argument in arguments)
        with self._streams[self._launched % _STREAMS]:
            function((blocks,), (block.threads,), passed, shared_mem=block.bytes)
        self._launched += 1

    def _function(self, kernel: str) -> Any:
        if kernel not in self._functions:
            function = self._module.get_function(kernel)
            function.preferred_shared_memory_carveout = 100  # percent of the memory shared with the cache
            self._functions[kernel] = function
        return self._functions[kernel]
