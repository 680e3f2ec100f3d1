"""PyTorch with batched products, a gradient written by hand and no array allocated in the loop."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from overparam.runs import DIVERGENCE_LIMIT, StopRule
from tests.benchmarks.instances import Instances, Run

__all__ = ["prepare", "thread_counts"]

_UPDATES_BETWEEN_LOOKS = 16


def prepare(instances: Instances) -> list[Run]:
    """One way to run for each number of threads."""
    return [_Loop(instances, threads).run for threads in thread_counts()]


def thread_counts() -> list[int]:
    """One thread, and all cores: with small batches, threads cost more for synchronization than they gain."""
    return sorted({1, os.cpu_count() or 1})


class _Loop:
    """Buffers of one batch."""

    def __init__(self, instances: Instances, threads: int) -> None:
        self._threads = threads
        self._relu = instances.activation.name == "relu"
        X, y, W0, v, scale = (torch.from_numpy(array) for array in instances.arrays())
        (b, n, _), k = X.shape, W0.shape[1]
        self._X, self._W0, self._W = X, W0, torch.empty_like(W0)
        self._y, self._v, self._scale = y[:, None, :], v[:, None, :], scale
        self._pull = -instances.step_size * v[:, :, None]
        self._z, self._value, self._slope = (torch.empty((b, k, n), dtype=X.dtype) for _ in range(3))
        self._r, self._gradient = torch.empty((b, 1, n), dtype=X.dtype), torch.empty_like(W0)

    @torch.inference_mode()
    def run(self, stop: StopRule) -> NDArray[np.int64]:
        """Train; a run that has stopped is updated by zero times its gradient until all have stopped."""
        torch.set_num_threads(self._threads)
        low, high = stop.tolerance**2, DIVERGENCE_LIMIT**2
        W = self._W.copy_(self._W0)
        going = torch.ones(len(W), dtype=torch.bool)
        steps = torch.zeros(len(W), dtype=torch.int64)
        transposed = self._X.mT
        for t in range(stop.max_iterations):
            torch.bmm(W, transposed, out=self._z)
            self._activate()
            torch.bmm(self._v, self._value, out=self._r).sub_(self._y)
            relative = torch.bmm(self._r, self._r.mT)[:, 0, 0].mul_(self._scale)
            going &= (relative >= low) & (relative <= high)
            if t % _UPDATES_BETWEEN_LOOKS == 0 and not going.any():
                break
            torch.bmm(self._slope.mul_(self._r), self._X, out=self._gradient)
            W.addcmul_(self._gradient, self._pull * going[:, None, None])
            steps += going
        iterations: NDArray[np.int64] = steps.numpy()
        return iterations

    def _activate(self) -> Any:
        """φ and φ′ from z."""
        if self._relu:
            torch.clamp_min(self._z, 0.0, out=self._value)
            return torch.ge(self._z, 0.0, out=self._slope)
        # log(1 + eᶻ) = z − log σ(z): takes half the time of computing softplus and then sigmoid.
        torch.sigmoid(self._z, out=self._slope)
        torch.log(self._slope, out=self._value)
        return torch.sub(self._z, self._value, out=self._value)
