"""``python -m tests.benchmarks.gpu``: measure the engines on a GPU and their peers, and write the page."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import click

from overparam.arrays.backends import CuPy
from overparam.model.activations import ReLU, Softplus
from tests.benchmarks.cells import Cell
from tests.benchmarks.gpu.outcomes import figure_2
from tests.benchmarks.instances import Instances, Run, trained_by
from tests.benchmarks.machine import describe
from tests.benchmarks.probes import best_rates, probe_of

_PAGE = Path(__file__).parents[3] / "docs" / "design" / "benchmarks-gpu.md"
_TURN, _ENGINES_TURN = 1.0, 3.0  # seconds of a contender in a round: engines begin and end on the host
_GEMM_SIZE = 8192
_PEERS = ("PyTorch", "JAX")
_EXPLAINED = (
    "Millions of updates a second over the batch; in brackets, how many times as fast the fused engine was.",
    "The engines' rates are of whole training runs, from arrays on the host to outcomes. PyTorch and JAX",
    "have theirs on the device, and full float32 products, JAX also its default of TF32.",
)
CELLS = [
    *(Cell(a, "float32", n, k, k, 2000) for a in (Softplus(), ReLU()) for n in (100, 200) for k in (10, 25)),
    Cell(Softplus(), "float64", 100, 25, 25, 2000),
    *(Cell(Softplus(), "float32", 1000, k, k, 264) for k in (50, 100, 200)),
]


@click.command()
@click.option("--rounds", type=click.IntRange(min=1), default=3, show_default=True)
@click.option("--figure/--no-figure", default=True, help="Time all of Figure 2 as well.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), default=_PAGE)
def main(rounds: int, figure: bool, output: Path) -> None:
    """Measure the engines on a GPU and their peers in one interleaved run, and write the page."""
    if reason := CuPy().unavailable():
        raise click.UsageError(reason)
    lines = ["# The engines on a GPU", "", "Written by `python -m tests.benchmarks.gpu`.", ""]
    lines += [f"- {line}" for line in (CuPy().device_name(), *describe(), f"{datetime.now(UTC):%Y-%m-%d}")]
    head = [*_contenders(), "best peer", "flops of the matrix rate"]
    lines += ["", *_EXPLAINED, ""]
    lines += ["| cell | " + " | ".join(head) + " |", "|---|" + "--:|" * len(head)]
    for cell in CELLS:
        lines.append(_measured(cell, rounds))
        click.echo(lines[-1])
    if figure:
        figure_2("cupy")  # compiles
        run = figure_2("cupy")
        said = f"{run.whole:.1f} s all included, {run.training:.1f} s of it training"
        lines += ["", f"`overparam --backend cupy reproduce fig2`, all panels: {said}."]
        click.echo(lines[-1])
    output.write_text("\n".join([*lines, ""]), encoding="utf-8")


def _contenders() -> dict[str, Callable[[Instances], Run]]:
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")  # or JAX takes most of the memory
    # Each needs its own library, which is slow to import.
    from overparam_cuda import Cuda

    from overparam.runs import Portable
    from tests.benchmarks import jax_while
    from tests.benchmarks.gpu import torch_graph

    return {
        "fused CUDA": lambda instances: trained_by(Cuda(), instances, CuPy()),
        "portable CuPy": lambda instances: trained_by(Portable(), instances, CuPy()),
        "PyTorch graph + bmm": lambda instances: torch_graph.prepare(instances)[0],
        "JAX while_loop": lambda instances: jax_while.prepare(instances)[0],
        "JAX while_loop, TF32": lambda instances: jax_while.prepare(instances, "default")[0],
    }


def _measured(cell: Cell, rounds: int) -> str:
    instances = Instances.of(cell)
    probes = {
        name: probe_of(prepare(instances), _TURN if name.startswith(_PEERS) else _ENGINES_TURN)
        for name, prepare in _contenders().items()
    }
    rates = best_rates({**probes, "gemm": lambda: _gemm(cell.dtype)}, rounds)
    gemm, fused = rates.pop("gemm"), rates["fused CUDA"]
    peers = max(rate for name, rate in rates.items() if name.startswith(_PEERS))
    name = f"{cell.activation.name} {cell.dtype} n={cell.n} k={cell.k} d={cell.d} batch={cell.batch}"
    entries = [f"{rate / 1e6:.2f} ({fused / rate:.1f})" for rate in rates.values()]
    share = f"{fused * cell.flops / gemm:.0%}"
    return "| " + " | ".join([name, *entries, f"{fused / peers:.1f}", share]) + " |"


def _gemm(dtype: str) -> float:
    """Flops a second of a large matrix product."""
    import cupy

    a = cupy.ones((_GEMM_SIZE, _GEMM_SIZE), dtype)
    a @ a
    cupy.cuda.Device().synchronize()
    started = time.perf_counter()
    a @ a
    cupy.cuda.Device().synchronize()
    return float(2 * _GEMM_SIZE**3 / (time.perf_counter() - started))


if __name__ == "__main__":
    main(prog_name="python -m tests.benchmarks.gpu")
