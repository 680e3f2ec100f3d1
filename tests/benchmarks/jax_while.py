"""JAX: one training run as a while_loop, mapped over the batch and compiled."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from numpy.typing import NDArray

from overparam.runs import DIVERGENCE_LIMIT, StopRule
from tests.benchmarks.instances import Instances, Run

__all__ = ["prepare"]

jax.config.update("jax_enable_x64", True)


def prepare(instances: Instances, precision: str = "highest") -> list[Run]:
    """Return the one way to run: on all cores, compiled for this shape in its first call.

    JAX's default on a GPU is ``precision="default"``: float32 products that use 10 bits of the operands.
    """
    arrays = [jnp.asarray(array) for array in instances.arrays()]
    activate = _relu if instances.activation.name == "relu" else _softplus
    step_size = instances.step_size

    def train(X: Any, y: Any, W0: Any, v: Any, scale: Any, low: Any, high: Any, last: Any) -> Any:
        def evaluate(W: Any) -> tuple[Any, Any]:
            value, slope = activate(W @ X.T)
            residual = v @ value - y
            return v[:, None] * ((slope * residual) @ X), (residual @ residual) * scale

        def going(state: tuple[Any, ...]) -> Any:
            _, _, relative, t = state
            return (t < last) & (relative >= low) & (relative <= high)

        def update(state: tuple[Any, ...]) -> tuple[Any, ...]:
            W, gradient, _, t = state
            W = W - step_size * gradient
            return W, *evaluate(W), t + 1

        return lax.while_loop(going, update, (W0, *evaluate(W0), 0))[3]

    compiled = jax.jit(jax.vmap(train, in_axes=(0, 0, 0, 0, 0, None, None, None)))

    def run(stop: StopRule) -> NDArray[np.int64]:
        real = np.dtype(instances.dtype).type
        low, high = real(stop.tolerance**2), real(DIVERGENCE_LIMIT**2)
        with jax.default_matmul_precision(precision):
            return np.asarray(compiled(*arrays, low, high, stop.max_iterations), dtype=np.int64)

    return [run]


def _relu(z: Any) -> tuple[Any, Any]:
    return jnp.maximum(z, 0.0), (z >= 0.0).astype(z.dtype)


def _softplus(z: Any) -> tuple[Any, Any]:
    # log(1 + eᶻ) = z − log σ(z): the fastest here of four ways, automatic derivatives included.
    slope = jax.nn.sigmoid(z)
    return z - jnp.log(slope), slope
