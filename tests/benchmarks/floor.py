"""Highest rates of this machine: for matrix products, for multiply–adds, and for values of φ and φ′."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any

import numpy as np
from numba import njit
from overparam_numba.compiled import compiled_loop
from overparam_numba.vectors import fma, lane_count, lanes_of, load, store  # type: ignore[attr-defined]
from overparam_numba.workspace import Workspace, aligned

from overparam.arrays.backends import DType
from overparam.arrays.machine import usable_cores
from overparam.model.activations import Activation
from overparam.model.problem import draw_problem
from overparam.runs import Recipe
from tests.benchmarks.probes import Probe

__all__ = ["activation_probe", "gemm_probe", "peak_probe"]

_GEMM_SIZE = 1200
_N, _K = 128, 16  # Z fills a third of a 48 KiB first-level cache in double precision, and has no padding
_VALUES = 8_000_000  # a core's share of one measurement: some tens of milliseconds
_TRIES = 20  # threads need some milliseconds to be on different cores
_CHAINS, _LINKS = 12, 2_000_000  # independent chains of multiply–adds hide their latency: 4 cycles, 2 a cycle


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


@njit(nogil=True)
def _multiply_adds(a: Any, count: int) -> None:
    """Chains of `count` multiply–adds on vectors; `a` holds the starting values, a factor and a summand."""
    m = lane_count(a)
    x0, x1, x2, x3 = load(a, 0), load(a, m), load(a, 2 * m), load(a, 3 * m)
    x4, x5, x6, x7 = load(a, 4 * m), load(a, 5 * m), load(a, 6 * m), load(a, 7 * m)
    x8, x9, x10, x11 = load(a, 8 * m), load(a, 9 * m), load(a, 10 * m), load(a, 11 * m)
    f, s = load(a, 12 * m), load(a, 13 * m)
    for _ in range(count):
        x0, x1, x2, x3 = fma(x0, f, s), fma(x1, f, s), fma(x2, f, s), fma(x3, f, s)
        x4, x5, x6, x7 = fma(x4, f, s), fma(x5, f, s), fma(x6, f, s), fma(x7, f, s)
        x8, x9, x10, x11 = fma(x8, f, s), fma(x9, f, s), fma(x10, f, s), fma(x11, f, s)
    for i, x in enumerate((x0, x1, x2, x3, x4, x5, x6, x7, x8, x9, x10, x11)):
        store(a, i * m, x)


@lru_cache
def peak_probe(dtype: DType) -> Probe:
    """Flops a second of multiply–adds that stay in registers, on all cores: the limit of any product."""
    cores, lanes = usable_cores(), lanes_of(np.dtype(dtype).itemsize)
    arrays = [aligned((_CHAINS + 2) * lanes, np.dtype(dtype)) for _ in range(cores)]
    for array in arrays:
        array[:], array[_CHAINS * lanes :], array[-lanes:] = 1.0, 0.999, 0.001
    pool = ThreadPoolExecutor(cores)
    _multiply_adds(arrays[0], 1)

    def once() -> float:
        started = time.perf_counter()
        list(pool.map(_multiply_adds, arrays, [_LINKS] * cores))
        return time.perf_counter() - started

    def measure() -> float:
        return 2 * _CHAINS * lanes * _LINKS * cores / min(once() for _ in range(_TRIES))

    return measure


@lru_cache
def activation_probe(activation: Activation, dtype: DType) -> Probe:
    """Values a second of the fused engine's pass over Z (φ, φ′, r), on all cores, with Z in the cache."""
    recipe = Recipe(activation=activation, dtype=dtype)
    residual = compiled_loop(recipe).module.residual

    @njit(nogil=True)
    def repeat(a: Any, y: int, z: int, p: int, r: int, v: int, k: int, n: int, m: int, count: int) -> None:
        for _ in range(count):
            residual(a, y, z, p, r, v, k, n, m)

    problem = draw_problem(_N, 1, _K)
    cores = usable_cores()
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
