"""The kernel on a device, through CuPy."""

from __future__ import annotations

from typing import Any

import cupy
import numpy as np
from numpy.typing import NDArray

from overparam_cuda.source import THREADS

__all__ = ["Device"]

_STREAMS = 4


class Device:
    """Launches a kernel on the current device; compiled kernels are kept in CuPy's cache folder.

    Parameters
    ----------
    source : str
        As `print_kernel` gives it.
    """

    def __init__(self, source: str) -> None:
        self._module = cupy.RawModule(code=source, options=("--std=c++17",))
        self._streams = [cupy.cuda.Stream(non_blocking=True) for _ in range(_STREAMS)]
        self._held: list[Any] = []
        self._launched = 0

    def upload(self, array: NDArray[Any]) -> Any:
        """Bring an array there, before anything that is launched from now on."""
        there = cupy.asarray(array)
        cupy.cuda.get_current_stream().synchronize()
        return there

    def download(self, array: Any) -> NDArray[Any]:
        """Bring it back, when everything launched has ended."""
        for stream in self._streams:
            stream.synchronize()
        self._held.clear()
        return np.asarray(cupy.asnumpy(array))

    def memory_of_a_block(self) -> int:
        """Bytes of shared memory that a block may have."""
        return int(cupy.cuda.Device().attributes["MaxSharedMemoryPerBlockOptin"])

    def scratch(self, size: int) -> Any:
        """So many bytes of the device's memory."""
        return cupy.empty(size, cupy.uint8)

    def launch(self, kernel: str, blocks: int, shared: int, arguments: tuple[Any, ...]) -> None:
        """Start blocks on the next stream, beside what others do."""
        function = self._module.get_function(kernel)
        function.max_dynamic_shared_size_bytes = shared
        self._held.append(arguments)  # arrays live until the launch has ended
        passed = tuple(np.uint64(0) if argument is None else argument for argument in arguments)
        with self._streams[self._launched % _STREAMS]:
            function((blocks,), (THREADS,), passed, shared_mem=shared)
        self._launched += 1
