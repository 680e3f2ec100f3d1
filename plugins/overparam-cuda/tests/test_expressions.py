"""Every operation, printed and compiled, against NumPy."""

import ctypes
import math

import numpy as np
import pytest
from host import needs_compiler
from overparam_cuda.expressions import print_program
from overparam_cuda.formula import Formula
from overparam_cuda.source import print_kernel, text
from simt import library

from overparam.methods import GradientDescent
from overparam.model.activations import Softplus
from overparam.model.losses import Squared
from overparam.plugin import Instruction, Program, Unrecordable, Value
from overparam.tracing.program import BOOLEAN_OPERATIONS, OPERATIONS

UNARY = [
    name
    for name in OPERATIONS
    if name not in BOOLEAN_OPERATIONS
    and name not in ("add", "subtract", "multiply", "divide", "pow", "maximum", "minimum", "where", "atan2")
]
BINARY = ["add", "subtract", "multiply", "divide", "pow", "maximum", "minimum", "atan2"]
TRUTHS = [name for name in sorted(BOOLEAN_OPERATIONS) if not name.startswith("logical")]
Z = np.concatenate([np.linspace(-3, 3, 41), [0.0, -0.0, 0.5, 1.0, 60.0, -60.0, np.inf, -np.inf, np.nan]])
ULPS = 4


def computed(program, dtype, *inputs):
    """Compile a program of up to two inputs and evaluate it elementwise."""
    lines, [result] = print_program(program, {"z": "z", "other": "other"})
    source = (
        f"typedef {'float' if dtype == 'float32' else 'double'} real;\n{text('functions.cu')}"
        'extern "C" void evaluate(const real *a, const real *b, real *out, int n) {'
        "for (int i = 0; i < n; ++i) { const real z = a[i], other = b[i];"
        f"{' '.join(lines)} out[i] = {result}; }} }}"
    )
    arrays = [np.ascontiguousarray(array, dtype) for array in inputs]
    arrays += [arrays[0]] * (2 - len(arrays))
    out = np.empty_like(arrays[0])
    pointers = [array.ctypes.data_as(ctypes.c_void_p) for array in (*arrays, out)]
    library(source, entries="").evaluate(*pointers, ctypes.c_int(out.size))
    return out


def exact(name, *arguments):
    if name == "erf":
        return np.vectorize(math.erf)(*arguments)
    return getattr(np, name)(*arguments)


@needs_compiler
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", [*UNARY, *BINARY])
def test_functions(name, dtype):
    operands = (Value(0), Value(1)) if name in BINARY else (Value(0),)
    program = Program(("z", "other"), (Instruction(name, operands),), (Value(2),))
    z, other = Z.astype(dtype), np.roll(Z, 7).astype(dtype)
    with np.errstate(all="ignore"):
        arguments = [a.astype(np.float64) for a in ((z, other) if name in BINARY else (z,))]
        expected = exact(name, *arguments).astype(dtype)
    np.testing.assert_allclose(
        computed(program, dtype, z, other), expected, rtol=ULPS * np.finfo(dtype).eps, atol=1e-300
    )


@needs_compiler
@pytest.mark.parametrize("name", TRUTHS)
def test_comparisons_and_choices(name):
    operands = (Value(0),) if name.startswith("is") else (Value(0), Value(1))
    first = Instruction(name, operands)
    both = Instruction("logical_xor", (Value(2), Value(3)))
    chosen = Instruction("where", (Value(4), Value(0), -2.5))
    program = Program(
        ("z", "other"), (first, Instruction("logical_not", (Value(2),)), both, chosen), (Value(5),)
    )
    np.testing.assert_array_equal(computed(program, "float64", Z, np.roll(Z, 3)), Z)  # x xor not x is true
    alone = Program(("z", "other"), (first, Instruction("where", (Value(2), 1.0, 0.0))), (Value(3),))
    arguments = (Z,) if name.startswith("is") else (Z, np.roll(Z, 3))
    np.testing.assert_array_equal(computed(alone, "float64", Z, np.roll(Z, 3)), getattr(np, name)(*arguments))


@needs_compiler
def test_constants():
    for constant in (0.1, -3.0, 1e-30, float("inf"), float("-inf"), float("nan")):
        program = Program(("z",), (Instruction("add", (Value(0), constant)),), (Value(1),))
        with np.errstate(invalid="ignore"):
            expected = Z + constant
        np.testing.assert_array_equal(computed(program, "float64", Z), expected)


def test_what_is_not_known_is_refused_by_name():
    with pytest.raises(Unrecordable, match=r"xp\.sinc"):
        print_program(Program(("z",), (Instruction("sinc", (Value(0),)),), (Value(1),)), {"z": "z"})


def test_the_source_depends_on_no_step_size():
    one, other = (
        print_kernel(Formula(Softplus(), Squared(), GradientDescent(eta), "hidden", "float32"))
        for eta in (0.1, 0.2)
    )
    assert one == other
