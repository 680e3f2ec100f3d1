"""The printed kernels compiled by NVIDIA's compilers, which need no device."""

import ctypes
import re
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

import pytest
from kinds import Adam, Elu, Gelu, Huber
from overparam_cuda.formula import Formula
from overparam_cuda.source import OPTIONS, print_kernel

from overparam.methods import GradientDescent, StochasticGradientDescent
from overparam.model.activations import Hermite, ReLU, Softplus
from overparam.model.losses import Hinge, Logistic, Squared

ARCHITECTURE = "90"
OF_CUPY = ("-ftz=true", "--device-as-default-execution-space")  # CuPy adds these options to ours
LAYERS = ("hidden", "output", "both")
KERNELS = [
    Formula(activation, loss, rule, layers, dtype)
    for activation, loss, rule, layers in (
        *((one, Squared(), GradientDescent(), "hidden") for one in (Softplus(), ReLU(), Gelu(), Elu())),
        (Hermite((0.1, 0.5, 0.2)), Squared(), GradientDescent(), "hidden"),
        (Softplus(), Squared(), StochasticGradientDescent(0.1), "hidden"),
        *((Softplus(), loss, GradientDescent(), "hidden") for loss in (Logistic(), Hinge(), Huber())),
        *((Softplus(), Logistic(), Adam(), layers) for layers in LAYERS),
    )
    for dtype in ("float32", "float64")
]

IN_REGISTERS = [
    Formula(activation, loss, GradientDescent(), layers, dtype)
    for activation, loss, layers in (
        *((one, Squared(), "hidden") for one in (Softplus(), ReLU(), Gelu())),
        (Softplus(), Logistic(), "hidden"),
        *((Softplus(), Squared(), layers) for layers in ("output", "both")),
    )
    for dtype in ("float32", "float64")
]


def by_name(formula):
    parts = (formula.activation, formula.loss, formula.rule)
    return "-".join([*(part.name for part in parts), formula.layers, formula.dtype])


@pytest.mark.skipif(shutil.which("nvcc") is None, reason="nvcc is not installed")
@pytest.mark.parametrize("formula", IN_REGISTERS, ids=by_name)
def test_nvcc_keeps_the_loops_in_registers(formula, tmp_path):
    source = tmp_path / "kernel.cu"
    source.write_text(print_kernel(formula)[0])
    command = ["nvcc", *OPTIONS, f"-arch=sm_{ARCHITECTURE}", "-cubin", "-Xptxas", "-v", str(source)]
    made = subprocess.run([*command, "-o", "kernel.cubin"], cwd=tmp_path, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    spilled = [int(count) for count in re.findall(r"(\d+) bytes spill", made.stderr)]
    assert len(spilled) == 4
    assert max(spilled) <= 64  # values outside loops; one tile of a loop's sums would store 64 and load 128


def nvrtc():
    """The NVRTC library from the wheel nvidia-cuda-nvrtc; None if it is not installed."""
    for package in ("nvidia.cu13", "nvidia.cuda_nvrtc"):
        try:
            places = find_spec(package).submodule_search_locations
        except (AttributeError, ModuleNotFoundError):
            continue
        for path in (p for place in places for p in Path(place).rglob("libnvrtc.so*")):
            for builtins in path.parent.glob("libnvrtc-builtins.so*"):
                ctypes.CDLL(str(builtins))  # NVRTC finds it by name only if it is loaded already
            return ctypes.CDLL(str(path))
    return None


@pytest.mark.skipif(nvrtc() is None, reason="NVRTC is not installed: pip install nvidia-cuda-nvrtc")
@pytest.mark.parametrize("formula", KERNELS, ids=by_name)
def test_nvrtc_compiles_what_cupy_would_give_it(formula):
    library, program = nvrtc(), ctypes.c_void_p()
    source = print_kernel(formula)[0].encode()
    assert library.nvrtcCreateProgram(ctypes.byref(program), source, b"train.cu", 0, None, None) == 0
    options = [option.encode() for option in (*OPTIONS, f"-arch=sm_{ARCHITECTURE}", *OF_CUPY)]
    given = (ctypes.c_char_p * len(options))(*options)
    code = library.nvrtcCompileProgram(program, len(options), given)
    size = ctypes.c_size_t()
    library.nvrtcGetProgramLogSize(program, ctypes.byref(size))
    log = ctypes.create_string_buffer(size.value)
    library.nvrtcGetProgramLog(program, log)
    library.nvrtcDestroyProgram(ctypes.byref(program))
    assert code == 0, log.value.decode()
