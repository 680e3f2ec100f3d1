"""PyTorch on a GPU: batched products, a gradient written by hand, many updates in one CUDA graph."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from overparam.runs import DIVERGENCE_LIMIT, StopRule
from tests.benchmarks.instances import Instances, Run

__all__ = ["prepare"]

_UPDATES_OF_A_GRAPH = 64


def prepare(instances: Instances, device: str = "cuda") -> list[Run]:
    """Return the one way to run; on a CPU, in tests, it works without a graph."""
    return [_Loop(instances, device).run]


class _Loop:
    """Buffers of one batch and the graph that updates them."""

    def __init__(self, instances: Instances, device: str) -> None:
        self._relu = instances.activation.name == "relu"
        arrays = (torch.from_numpy(array).to(device) for array in instances.arrays())
        self._X, y, self._W0, v, self._scale = arrays
        self._y, self._v = y[:, None, :], v[:, None, :]
        self._pull = -instances.step_size * v[:, :, None]
        self._W, self._steps = (
            torch.empty_like(self._W0),
            torch.zeros(len(v), dtype=torch.int64, device=device),
        )
        self._going = torch.ones(len(v), dtype=torch.bool, device=device)
        self._low, self._high = (torch.zeros((), dtype=v.dtype, device=device) for _ in range(2))
        self._last = torch.zeros((), dtype=torch.int64, device=device)
        self._graph = self._captured() if device == "cuda" else None

    def _captured(self) -> Any:
        side = torch.cuda.Stream()
        with torch.cuda.stream(side):
            self._begin(StopRule(1))
            self._updates(2)  # libraries choose their kernels outside the graph
        torch.cuda.current_stream().wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self._updates(_UPDATES_OF_A_GRAPH)
        return graph

    def _begin(self, stop: StopRule) -> None:
        self._W.copy_(self._W0)
        self._steps.zero_()
        self._going.fill_(True)
        self._low.fill_(stop.tolerance**2)
        self._high.fill_(DIVERGENCE_LIMIT**2)
        self._last.fill_(stop.max_iterations)

    def _updates(self, count: int) -> None:
        """Make `count` updates of the training runs that have not stopped; the others keep their weights."""
        for _ in range(count):
            z = torch.bmm(self._W, self._X.mT)
            if self._relu:
                value, slope = torch.clamp_min(z, 0.0), (z >= 0.0).to(z.dtype)
            else:
                slope = torch.sigmoid(z)
                value = z - torch.log(slope)
            r = torch.bmm(self._v, value).sub_(self._y)
            relative = torch.bmm(r, r.mT)[:, 0, 0].mul_(self._scale)
            self._going &= (relative >= self._low) & (relative <= self._high) & (self._steps < self._last)
            gradient = torch.bmm(slope.mul_(r), self._X)
            self._W.addcmul_(gradient, self._pull * self._going[:, None, None])
            self._steps += self._going

    @torch.inference_mode()
    def run(self, stop: StopRule) -> NDArray[np.int64]:
        """Train; the host checks for the end once per graph."""
        self._begin(stop)
        made = 0
        while made <= stop.max_iterations and bool(self._going.any()):
            if self._graph is None:
                self._updates(_UPDATES_OF_A_GRAPH)
            else:
                self._graph.replay()
            made += _UPDATES_OF_A_GRAPH
        iterations: NDArray[np.int64] = self._steps.cpu().numpy()
        return iterations
