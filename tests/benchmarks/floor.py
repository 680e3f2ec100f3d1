"""What this machine could do at best: its rate in matrix products and in values of φ and φ′."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any

import numpy as np
from numba import njit
from overparam_numba.compiled import compiled_loop
from overparam_numba.workspace import Workspace

from overparam.arrays.backends import DType
from overparam.model.activations import Activation
from overparam.model.problem import draw_problem
from overparam.runs import Recipe
from tests.benchmarks.probes import Probe

__all__ = ["activation_probe", "gemm_probe"]

_GEMM_SIZE = 1200
_N, _K = 128, 16  # Z fills a third of a 48 KiB first-level cache in double precision, and has no padding
_VALUES = 8_000_000  # a core's share of one measurement: some tens of milliseconds


@lru_cache
def gemm_probe(dtype: DType) -> Probe:
    """Flops a second of a large square matrix product, on all cores."""
    rng = np.random.default_rng(0)
    a, b = (rng.standard_normal((_GEMM_SIZE, _GEMM_SIZE)).astype(dtype) for _ in range(2))

    def measure() -> float:
        started = time.perf_counter()
        np.matmul(a, b)
        return float(2 * _GEMM_SIZE**3 / (time.perf_counter() - started))

    return measure


@lru_cache
def activation_probe(activation: Activation, dtype: DType) -> Probe:
    """Values a second of the fused engine's pass over Z (φ, φ′, r) on a resident Z, on all cores."""
    recipe = Recipe(activation=activation, dtype=dtype)
    residual = compiled_loop(recipe).module.residual

    @njit(nogil=True)
    def repeat(a: Any, y: int, z: int, p: int, r: int, v: int, k: int, n: int, m: int, count: int) -> None:
        for _ in range(count):
            residual(a, y, z, p, r, v, k, n, m)

    problem = draw_problem(_N, 1, _K)
    cores = os.cpu_count() or 1
    spaces = [Workspace.of(problem, recipe, states=0, batch=0, idle=True) for _ in range(cores)]
    pool = ThreadPoolExecutor(cores)

    def work(space: Workspace, count: int) -> None:
        _, y, z, p, r, v, *_ = space.places
        n, k, _, m, _ = space.sizes
        repeat(space.memory, y, z, p, r, v, k, n, m, count)

    def measure() -> float:
        count = _VALUES // (_N * _K)
        started = time.perf_counter()
        list(pool.map(work, spaces, [count] * cores))
        return cores * count * _N * _K / (time.perf_counter() - started)

    work(spaces[0], 1)
    return measure
