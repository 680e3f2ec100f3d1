"""Backends: the array library that computes, its device, and the transfers between device and host.

A backend is asked for by name (``numpy``, ``cupy:device=1``, ``torch:device=cuda``). Arrays cross
between host and device in `Backend.asarray` and `Backend.to_numpy` and nowhere else.
"""

from __future__ import annotations

import importlib
import importlib.util
from abc import abstractmethod
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, TypeAlias

import array_api_compat
import numpy as np
from numpy.typing import NDArray

from overparam.arrays.machine import second_level_cache
from overparam.arrays.namespace import Array, Namespace, array_namespace
from overparam.arrays.threads import Apply, one_by_one, threads_of_blas
from overparam.components import Component

__all__ = [
    "Ambient",
    "Backend",
    "BackendUnavailable",
    "CuPy",
    "DType",
    "NumPy",
    "Torch",
    "backend_of",
    "dtype_of",
    "why_unavailable",
]

DType: TypeAlias = Literal["float32", "float64"]

_VALUES_IN_CACHE = 1 << 16
"""Activation values whose arrays (Z, φ, φ′, an exponential) stay in a second-level cache of 1 or 2 MiB."""

_TORCH_VALUES = 1 << 18
"""PyTorch has a higher cost per call, and each of its threads has its own cache."""


class BackendUnavailable(ValueError):
    """Error for a backend that cannot run here; the message says what to install or check."""


@dataclass(frozen=True)
class Backend(Component):
    """An array namespace on a device.

    Attributes
    ----------
    synchronization_interval : int
        Iterations between two checks of a training loop by the host. A check is free on the host and
        costs a round trip on a device.
    padding : tuple of int
        k and d are padded to multiples of these, so that problems of neighbouring shapes share a
        batch. For small problems this saves the time of the interpreter, or of a device's launches.
    leaves_host_free : bool
        Whether the host is idle during training runs, so that it can draw the next problems meanwhile.
    """

    kind: ClassVar[str] = "backend"
    synchronization_interval: ClassVar[int] = 8
    padding: ClassVar[tuple[int, int]] = (2, 4)
    leaves_host_free: ClassVar[bool] = False

    @abstractmethod
    def unavailable(self) -> str | None:
        """Return the reason why this backend cannot run here, with the remedy; None if it can."""

    @abstractmethod
    def namespace(self) -> Namespace:
        """Return the Array API namespace."""

    @abstractmethod
    def asarray(self, array: Array, dtype: DType | Literal["int64"]) -> Array:
        """Return an array, NumPy's or this backend's, on this device and with this data type."""

    @abstractmethod
    def to_numpy(self, array: Array) -> NDArray[Any]:
        """Return an array of this backend as a NumPy array on the host."""

    @abstractmethod
    def device_name(self) -> str:
        """Return the device's name for users."""

    def working_set(self) -> int:
        """Return the bytes that a batch can use in one iteration without becoming slow."""
        return second_level_cache()

    def values_at_a_time(self) -> int | None:
        """Return the number of activation values to compute at a time; None for all of an iteration.

        The same on every machine, since the sums that a training run adds up are cut accordingly.
        """
        return None

    def side_by_side(self) -> AbstractContextManager[Apply]:
        """Return a context with the fastest way to apply a function to independent items.

        The function computes with this backend's arrays; calls of it share nothing that they change.
        """
        return nullcontext(one_by_one)

    def scope(self) -> AbstractContextManager[Any]:
        """Return the context in which this backend's work is done."""
        return nullcontext()

    def require(self) -> None:
        """Raise BackendUnavailable, with the remedy, if this backend cannot run here."""
        if reason := why_unavailable(self):
            raise BackendUnavailable(reason)


def why_unavailable(backend: Backend) -> str | None:
    """Return why a backend cannot run here, or None if it can; a backend that raises cannot."""
    try:
        return backend.unavailable()
    except Exception as error:
        what = f"{type(error).__name__}: {error}"
        return f"the {backend.name} backend failed to say whether it can run ({what})"


@dataclass(frozen=True)
class NumPy(Backend):
    """NumPy on the CPU."""

    name: ClassVar[str] = "numpy"

    def unavailable(self) -> None:
        """Return None: NumPy is always available."""

    def namespace(self) -> Namespace:
        """array_api_compat.numpy."""
        return array_api_compat.array_namespace(np.empty(0))

    def asarray(self, array: Array, dtype: DType | Literal["int64"]) -> Array:
        """Return the array with this data type; no copy if nothing changes."""
        return np.asarray(array, dtype=np.dtype(dtype), order="C")

    def to_numpy(self, array: Array) -> NDArray[Any]:
        """Return the array itself."""
        return np.asarray(array)

    def device_name(self) -> str:
        """Return cpu."""
        return "cpu"

    def values_at_a_time(self) -> int:
        """Return what a core's cache holds."""
        return _VALUES_IN_CACHE

    def side_by_side(self) -> AbstractContextManager[Apply]:
        """Return a context with threads that use one core each, also for matrix products."""
        return threads_of_blas()

    def scope(self) -> AbstractContextManager[Any]:
        """Return a context without warnings of runs that diverge: divergence is reported as a status."""
        return np.errstate(over="ignore", invalid="ignore", divide="ignore", under="ignore")


@dataclass(frozen=True)
class CuPy(Backend):
    """CuPy on an NVIDIA GPU.

    Attributes
    ----------
    device : int
        The CUDA device's number.
    """

    name: ClassVar[str] = "cupy"
    synchronization_interval: ClassVar[int] = 64
    padding: ClassVar[tuple[int, int]] = (32, 32)  # a panel of Figure 2 is one batch
    leaves_host_free: ClassVar[bool] = True
    device: int = 0

    def unavailable(self) -> str | None:
        """Probe the device, not the import: CuPy imports without a GPU and fails at first use."""
        if importlib.util.find_spec("cupy") is None:
            return (
                "the cupy backend needs CuPy, which is not installed: "
                "pip install 'overparam[cuda12]' or 'overparam[cuda13]', whichever CUDA your driver supports"
            )
        try:
            cupy = self._cupy()
            if not cupy.cuda.is_available():
                return "the cupy backend needs an NVIDIA GPU and finds none: check that nvidia-smi lists one"
            count = int(cupy.cuda.runtime.getDeviceCount())
        except Exception as error:  # a broken CUDA installation fails in many ways
            return f"CuPy is installed but does not work here ({error}): check the driver with nvidia-smi"
        if not 0 <= self.device < count:
            return f"there is no CUDA device {self.device}: choose from 0 to {count - 1}"
        return None

    @staticmethod
    def _cupy() -> Any:
        return importlib.import_module("cupy")  # optional accelerator, slow to import

    def namespace(self) -> Namespace:
        """array_api_compat.cupy."""
        return importlib.import_module("array_api_compat.cupy")

    def asarray(self, array: Array, dtype: DType | Literal["int64"]) -> Array:
        """Return the array on the device; copied or converted there."""
        with self.scope():
            return self._cupy().asarray(array, dtype=dtype, order="C")

    def to_numpy(self, array: Array) -> NDArray[Any]:
        """Copy to the host; waits for the device."""
        with self.scope():
            return np.asarray(self._cupy().asnumpy(array))

    def device_name(self) -> str:
        """Return the GPU's name."""
        properties = self._cupy().cuda.runtime.getDeviceProperties(self.device)
        return f"cuda:{self.device} ({properties['name'].decode()})"

    def working_set(self) -> int:
        """Return a quarter of the device's free memory."""
        with self.scope():
            free, _ = self._cupy().cuda.runtime.memGetInfo()
        return int(free) // 4

    def scope(self) -> AbstractContextManager[Any]:
        """Return a context in which this device is current: CuPy's creation functions ignore device=."""
        device: AbstractContextManager[Any] = self._cupy().cuda.Device(self.device)
        return device


@dataclass(frozen=True)
class Torch(Backend):
    """PyTorch on any of its devices.

    Attributes
    ----------
    device : str
        PyTorch's name of the device, e.g. ``cpu``, ``cuda`` or ``cuda:1``.
    """

    name: ClassVar[str] = "torch"
    device: str = "cpu"

    def unavailable(self) -> str | None:
        """Probe the device by putting a number on it and fetching it again."""
        if importlib.util.find_spec("torch") is None:
            return "the torch backend needs PyTorch, which is not installed: pip install torch"
        try:
            self.to_numpy(self._torch().zeros(1, device=self.device))
        except Exception as error:  # torch raises RuntimeError, AssertionError, … by device
            reason = (str(error) or type(error).__name__).splitlines()[0].rstrip(".")
            return f"PyTorch cannot use device {self.device!r}: {reason}"
        return None

    @staticmethod
    def _torch() -> Any:
        return importlib.import_module("torch")  # optional, slow to import

    def namespace(self) -> Namespace:
        """array_api_compat.torch."""
        return importlib.import_module("array_api_compat.torch")

    def asarray(self, array: Array, dtype: DType | Literal["int64"]) -> Array:
        """Copy to the device, or convert there, detached from any graph of automatic derivatives."""
        torch = self._torch()
        if isinstance(array, np.ndarray):
            # PyTorch takes no reversed axes, no foreign byte order and no read-only memory.
            array = np.require(array, np.dtype(dtype), ["C", "W"])
        moved = torch.asarray(array, dtype=getattr(torch, dtype), device=self.device, requires_grad=False)
        return moved.contiguous()

    def to_numpy(self, array: Array) -> NDArray[Any]:
        """Copy to the host; waits for the device."""
        return np.asarray(array.detach().cpu().numpy())

    def device_name(self) -> str:
        """Return PyTorch's name of the device, with the GPU's own."""
        torch = self._torch()
        if torch.device(self.device).type == "cuda":
            return f"{self.device} ({torch.cuda.get_device_name(self.device)})"
        return self.device

    def working_set(self) -> int:
        """Return the cache of a CPU, a quarter of the free memory of a GPU."""
        torch = self._torch()
        if torch.device(self.device).type == "cuda":
            return int(torch.cuda.mem_get_info(self.device)[0]) // 4
        return second_level_cache()

    def values_at_a_time(self) -> int | None:
        """Return what the caches of a CPU hold, None on a GPU."""
        return _TORCH_VALUES if self._torch().device(self.device).type == "cpu" else None


@dataclass(frozen=True)
class Ambient(Backend):
    """The backend of arrays that a caller brought from any other standard namespace.

    Attributes
    ----------
    array_namespace, device : object
        The arrays' own.
    """

    name: ClassVar[str] = "ambient"
    array_namespace: Any = None
    device: Any = None

    def unavailable(self) -> None:
        """Return None: the arrays exist."""

    def namespace(self) -> Namespace:
        """Return the arrays' namespace."""
        return self.array_namespace

    def asarray(self, array: Array, dtype: DType | Literal["int64"]) -> Array:
        """Convert within the namespace and device.

        Raises
        ------
        ValueError
            Where the namespace, or the device, lacks the data type.
        """
        xp = self.array_namespace
        if dtype == "int64":
            # Counters and indices are this program's own business: what the library counts with will do.
            return xp.asarray(array, dtype=_index_dtype(xp, self.device), device=self.device)
        converted = xp.asarray(array, dtype=getattr(xp, dtype), device=self.device)
        if converted.dtype != getattr(xp, dtype):
            raise ValueError(
                f"{self.specification()} gives {converted.dtype} where {dtype} is asked for: "
                "ask for float32, or let it compute in double precision (JAX: jax_enable_x64)"
            )
        return converted

    def to_numpy(self, array: Array) -> NDArray[Any]:
        """Bring to the host through DLPack, or through the array's own conversion."""
        try:
            return np.array(np.from_dlpack(array))
        except (BufferError, RuntimeError, TypeError, AttributeError):
            return np.array(array)

    def device_name(self) -> str:
        """Return the device as its namespace prints it."""
        return str(self.device)

    def specification(self) -> str:
        """Name the namespace."""
        return str(getattr(self.array_namespace, "__name__", self.array_namespace)).rsplit(".", 1)[-1]


def backend_of(array: Array) -> Backend:
    """Return the backend whose array this is."""
    if array_api_compat.is_numpy_array(array):
        return NumPy()
    if array_api_compat.is_cupy_array(array):
        return CuPy(device=int(array.device.id))
    if array_api_compat.is_torch_array(array):
        return Torch(device=str(array.device))
    return Ambient(array_namespace(array), array_api_compat.device(array))


def _index_dtype(xp: Namespace, device: Any) -> Any:
    """The integers that a namespace indexes with on a device: 32 bits in JAX by default."""
    if hasattr(xp, "__array_namespace_info__"):
        return xp.__array_namespace_info__().default_dtypes(device=device)["indexing"]
    return xp.int64


def dtype_of(array: Array) -> DType:
    """Return the data type of an array to train on.

    Raises
    ------
    ValueError
        Where it is neither of the two.
    """
    name = str(array.dtype).rsplit(".", 1)[-1]
    if name not in ("float32", "float64"):
        raise ValueError(f"X must be float32 or float64, it is {name}: convert it, or give dtype=")
    return "float32" if name == "float32" else "float64"
