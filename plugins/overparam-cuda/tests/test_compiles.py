"""The printed kernels through the compilers of a device, which need no device."""

import ctypes
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

import pytest
from overparam_cuda.source import print_kernel
from test_kernel import Adam, Elu, Gelu

from overparam.activations import Hermite, ReLU, Softplus
from overparam.optimizers import GradientDescent, StochasticGradientDescent

ARCHITECTURE = "90"
KERNELS = [
    (activation, optimizer, dtype)
    for activation in (Softplus(), ReLU(), Gelu(), Elu(), Hermite((0.1, 0.5, 0.2)))
    for optimizer in (GradientDescent(), StochasticGradientDescent(0.1), Adam())
    for dtype in ("float32", "float64")
]


def by_name(part):
    return getattr(part, "name", part)


@pytest.mark.skipif(shutil.which("nvcc") is None, reason="nvcc is not installed")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_nvcc_keeps_all_in_registers(dtype, tmp_path):
    source = tmp_path / "kernel.cu"
    source.write_text(print_kernel(Softplus(), GradientDescent(), dtype)[0])
    command = ["nvcc", "-std=c++17", f"-arch=sm_{ARCHITECTURE}", "-cubin", "-Xptxas", "-v", str(source)]
    made = subprocess.run([*command, "-o", "kernel.cubin"], cwd=tmp_path, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    spills = [line for line in made.stderr.splitlines() if "spill" in line]
    assert spills
    assert all("0 bytes spill stores, 0 bytes spill loads" in line for line in spills)


def nvrtc():
    """NVRTC's library, as the wheel nvidia-cuda-nvrtc brings it; None where it is not installed."""
    for package in ("nvidia.cu13", "nvidia.cuda_nvrtc"):
        try:
            places = find_spec(package).submodule_search_locations
        except (AttributeError, ModuleNotFoundError):
            continue
        for path in (p for place in places for p in Path(place).rglob("libnvrtc.so*")):
            return ctypes.CDLL(str(path))
    return None


@pytest.mark.skipif(nvrtc() is None, reason="NVRTC is not installed: pip install nvidia-cuda-nvrtc")
@pytest.mark.parametrize(("activation", "optimizer", "dtype"), KERNELS, ids=by_name)
def test_nvrtc_compiles_what_cupy_would_give_it(activation, optimizer, dtype):
    library, program = nvrtc(), ctypes.c_void_p()
    source = print_kernel(activation, optimizer, dtype)[0].encode()
    assert library.nvrtcCreateProgram(ctypes.byref(program), source, b"train.cu", 0, None, None) == 0
    options = (ctypes.c_char_p * 2)(b"--std=c++17", f"--gpu-architecture=sm_{ARCHITECTURE}".encode())
    code = library.nvrtcCompileProgram(program, 2, options)
    size = ctypes.c_size_t()
    library.nvrtcGetProgramLogSize(program, ctypes.byref(size))
    log = ctypes.create_string_buffer(size.value)
    library.nvrtcGetProgramLog(program, log)
    library.nvrtcDestroyProgram(ctypes.byref(program))
    assert code == 0, log.value.decode()
