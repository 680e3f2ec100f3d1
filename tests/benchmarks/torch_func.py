"""PyTorch with torch.func: the loss of one training run, differentiated and mapped over the batch."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from overparam.runs import DIVERGENCE_LIMIT, StopRule
from tests.benchmarks.instances import Instances, Run
from tests.benchmarks.torch_bmm import thread_counts

__all__ = ["prepare"]

_UPDATES_BETWEEN_LOOKS = 16


def prepare(instances: Instances) -> list[Run]:
    """One way to run for each number of threads."""
    X, y, W0, v, scale = (torch.from_numpy(array) for array in instances.arrays())
    activate = torch.relu if instances.activation.name == "relu" else _softplus
    step_size = instances.step_size

    def loss(W: Any, X: Any, y: Any, v: Any) -> Any:
        residual = v @ activate(W @ X.mT) - y
        return 0.5 * (residual @ residual)

    evaluate = torch.func.vmap(torch.func.grad_and_value(loss))

    def with_threads(threads: int) -> Run:
        def run(stop: StopRule) -> NDArray[np.int64]:
            torch.set_num_threads(threads)
            low, high = stop.tolerance**2, DIVERGENCE_LIMIT**2
            W = W0
            going = torch.ones(len(W), dtype=torch.bool)
            steps = torch.zeros(len(W), dtype=torch.int64)
            for t in range(stop.max_iterations):
                gradient, value = evaluate(W, X, y, v)
                relative = 2.0 * value * scale
                going &= (relative >= low) & (relative <= high)
                if t % _UPDATES_BETWEEN_LOOKS == 0 and not going.any():
                    break
                W = W - gradient * (step_size * going[:, None, None])
                steps += going
            iterations: NDArray[np.int64] = steps.numpy()
            return iterations

        return run

    return [with_threads(threads) for threads in thread_counts()]


def _softplus(z: Any) -> Any:
    """PyTorch's softplus; it becomes the identity where double precision cannot tell the two apart."""
    return torch.nn.functional.softplus(z, threshold=40.0)
