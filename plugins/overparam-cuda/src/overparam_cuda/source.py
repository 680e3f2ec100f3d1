"""The source of the kernels, printed for a formula."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from textwrap import indent

from overparam.plugin import (
    DType,
    Loss,
    leaves_idle_units,
    of_the_difference,
    record_activation,
    record_loss,
    record_update,
)
from overparam_cuda.expressions import print_program
from overparam_cuda.formula import Formula

__all__ = ["BOARD", "MOST_THREADS", "MOST_THREADS_OF_LARGE", "OPTIONS", "print_kernel", "text"]

MOST_THREADS = 160
"""Most threads of a block of ``train``; a block does one training run."""

MOST_THREADS_OF_LARGE: dict[DType, int] = {"float32": 512, "float64": 256}
"""Threads of a block of ``train_large``."""

BOARD = 320
"""Bytes at the start of a block's memory for the exchange of sums between threads."""

_BLOCKS: dict[DType, int] = {"float32": 4, "float64": 2}  # per multiprocessor: 96 and 204 registers a thread

OPTIONS = ("--std=c++17", "--prec-div=false")
"""Compiler options: in float32, quotients are off by at most two units. CuPy adds subnormal numbers as 0."""

_BEFORE = """\
// Printed for {activation}, {loss} and {rule}, layers: {layers}, {dtype}.
typedef {real} real;
enum {{ HIDDEN = {hidden}, OUTPUT = {output}, GUARDED = {guarded} }};
enum {{ STATES = {states}, MOST_THREADS = {threads}, BLOCKS = {blocks} }};
enum {{ MOST_THREADS_OF_LARGE = {large}, MOST_WARPS = {large} / 32, BOARD = {board} }};
"""
_BEHIND = """
DEVICE void activation(const real z, real &value, real &slope) {{
{phi}
    value = {value};
    slope = {slope};
}}

DEVICE real beginning(const real label) {{ return {beginning}; }}

DEVICE void loss(const real sum, const real label, real &slope, real &miss) {{
{loss}
    slope = {derivative};
    miss = {miss};
}}

DEVICE real updated(
    const real weights, const real gradient, const real step_size, const real iteration,
    real *state, const int size) {{
{rule}
    return {weights};
}}
"""


def print_kernel(formula: Formula) -> tuple[str, int]:
    """Return the source of the kernels of a formula.

    Returns
    -------
    source : str
        CUDA C++ with the kernels ``train`` and ``train_large``.
    states : int
        Arrays of the method's state per trained array.

    Raises
    ------
    Unrecordable
        If one of its functions is not an elementwise expression of C++.
    """
    phi, (value, slope) = print_program(record_activation(formula.activation), {"z": "z"})
    beginning, loss, (derivative, miss) = _printed_loss(formula.loss)
    start, rule = record_update(formula.rule)
    states = [f"state{i}" for i in range(len(start.outputs))]
    inputs = {name: name for name in ("weights", "gradient", "step_size", "iteration", *states)}
    lines, (weights, *after) = print_program(rule, inputs, "u")
    places = [f"state[{i} * size]" for i in range(len(states))]
    loads = [f"const real {name} = {place};" for name, place in zip(states, places, strict=True)]
    # All new values are computed before any of them is stored.
    kept = [f"const real after{i} = {new};" for i, new in enumerate(after)]
    stores = [f"{place} = after{i};" for i, place in enumerate(places)]
    before = _BEFORE.format(
        activation=formula.activation.name,
        loss=formula.loss.name,
        rule=formula.rule.name,
        layers=formula.layers,
        dtype=formula.dtype,
        real="float" if formula.dtype == "float32" else "double",
        hidden=int(formula.hidden),
        output=int(formula.output),
        guarded=int(not leaves_idle_units(formula.rule)),
        states=len(states),
        threads=MOST_THREADS,
        blocks=_BLOCKS[formula.dtype],
        large=MOST_THREADS_OF_LARGE[formula.dtype],
        board=BOARD,
    )
    behind = _BEHIND.format(
        phi=_body(phi),
        value=value,
        slope=slope,
        beginning=beginning,
        loss=_body(loss),
        derivative=derivative,
        miss=miss,
        rule=_body([*loads, *lines, *kept, *stores]),
        weights=weights,
    )
    return "\n".join([before, *map(text, ("functions.cu", "network.cu", "kernel.cu")), behind]), len(states)


def _printed_loss(loss: Loss) -> tuple[str, list[str], list[str]]:
    """Initial value of the sum of f; assignments and expressions of ∂ℓ/∂f and the miss from that sum."""
    program = record_loss(loss)
    if (of_difference := of_the_difference(program)) is not None:
        return "-label", *print_program(of_difference, {"difference": "sum", "labels": "label"}, "l")
    return "real(0)", *print_program(program, {"outputs": "sum", "labels": "label"}, "l")


def _body(lines: list[str]) -> str:
    return indent("\n".join(lines), " " * 4)


@cache
def text(name: str) -> str:
    """Return the text of a CUDA file of this package."""
    return files(__package__).joinpath(name).read_text(encoding="utf-8")
