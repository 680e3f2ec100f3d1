"""The network at an iterate, for methods: outputs, derivatives and other iterates."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, TypeAlias

from overparam.arrays import Array, array_namespace, squared_norm
from overparam.arrays.backends import backend_of
from overparam.arrays.blocks import sample_blocks
from overparam.model.activations.base import Activation
from overparam.model.losses.base import Loss
from overparam.model.network import preactivations

__all__ = ["Layers", "Network", "Point"]

Layers: TypeAlias = Literal["hidden", "output", "both"]
"""The trained weights: W, v or both."""


@dataclass(frozen=True)
class Network:
    """The part of a training run that does not change: data, labels, activation, loss.

    Attributes
    ----------
    X : array, shape (n, d)
    y : array, shape (n,)
    activation : Activation
    loss : Loss
    layers : "hidden", "output" or "both"
    """

    X: Array
    y: Array
    activation: Activation
    loss: Loss
    layers: Layers

    def at(self, W: Array, v: Array) -> Point:
        """The network with hidden weights W, shape (k, d), and output weights v, shape (k,)."""
        return Point(self, W, v)


@dataclass(frozen=True)
class Point:
    """The network at one iterate; each quantity is computed once, when it is first used.

    Attributes
    ----------
    network : Network
    W : array, shape (k, d)
    v : array, shape (k,)
    rows : array of int, shape (m,), or None
        The samples that this update sees; None for all.
    """

    network: Network
    W: Array
    v: Array
    rows: Array | None = None

    @property
    def trained(self) -> tuple[Array, ...]:
        """The arrays that are trained: W, v, or both in this order."""
        return {"hidden": (self.W,), "output": (self.v,), "both": (self.W, self.v)}[self.network.layers]

    def at(self, trained: tuple[Array, ...]) -> Point:
        """The point with other trained arrays; shapes as in `trained`."""
        if self.network.layers == "output":
            return replace(self, v=trained[0], rows=None)
        W, v = (*trained, self.v)[:2]
        return replace(self, W=W, v=v, rows=None)

    @cached_property
    def preactivations(self) -> Array:
        """Z = WXᵀ, shape (k, n)."""
        return preactivations(self.network.X, self.W)

    @cached_property
    def features(self) -> Array:
        """φ(Z), shape (k, n)."""
        return self.network.activation.value(self.preactivations)

    @cached_property
    def slopes(self) -> Array:
        """φ′(Z), shape (k, n)."""
        return self.network.activation.derivative(self.preactivations)

    @cached_property
    def outputs(self) -> Array:
        """f(xᵢ) = vᵀφ(Wxᵢ), shape (n,)."""
        return (self.v[None, :] @ self.features)[0, :]

    @cached_property
    def residual(self) -> Array:
        """∂ℓ/∂f at every sample, shape (n,): f − y for the squared loss."""
        return self.network.loss.derivative(self.outputs, self.network.y)

    @cached_property
    def loss(self) -> float:
        """Σᵢ ℓ(f(xᵢ), yᵢ)."""
        xp = array_namespace(self.outputs)
        return float(xp.sum(self.network.loss.value(self.outputs, self.network.y)))

    @cached_property
    def missed(self) -> float:
        """Σᵢ missᵢ²; the stop rule divides it by scale²."""
        return float(squared_norm(self.network.loss.miss(self.outputs, self.network.y)))

    def gradient(self) -> tuple[Array, ...]:
        """The gradient of Σℓ for every trained array, or of its mean over `rows`; shapes as in `trained`."""
        if self.rows is None:
            return self.pulled_back(self.residual)
        xp = array_namespace(self.W)
        X, y = xp.take(self.network.X, self.rows, axis=0), xp.take(self.network.y, self.rows, axis=0)
        seen = Point(replace(self.network, X=X, y=y), self.W, self.v)
        return seen.pulled_back(seen.residual / self.rows.shape[0])

    def pulled_back(self, alpha: Array) -> tuple[Array, ...]:
        """Jᵀα for α of shape (n,), J the Jacobian of the outputs; shapes as in `trained`.

        For W that is diag(v)φ′(WXᵀ)diag(α)X, for v it is φ(WXᵀ)α (Section 6.1).
        """
        for_W = () if self.network.layers == "output" else (self._pulled_back_to_hidden(alpha),)
        for_v = () if self.network.layers == "hidden" else ((self.features @ alpha[:, None])[:, 0],)
        return for_W + for_v

    def _pulled_back_to_hidden(self, alpha: Array) -> Array:
        total = None
        for block in self._blocks:
            part = (self.slopes[:, block] * alpha[None, block]) @ self.network.X[block, :]
            total = part if total is None else total + part
        return self.v[:, None] * total

    def pushed(self, direction: tuple[Array, ...]) -> Array:
        """J·direction, shape (n,), for arrays shaped like `trained`; J is not formed."""
        total = 0.0 * self.outputs
        if self.network.layers != "output":
            total = total + self._pushed_from_hidden(direction[0])
        if self.network.layers != "hidden":
            total = total + (direction[-1][None, :] @ self.features)[0, :]
        return total

    def _pushed_from_hidden(self, direction: Array) -> Array:
        parts = []
        for block in self._blocks:
            moved = preactivations(self.network.X[block, :], direction) * self.slopes[:, block]
            parts.append((self.v[None, :] @ moved)[0, :])
        return array_namespace(self.W).concat(parts) if len(parts) > 1 else parts[0]

    @cached_property
    def _blocks(self) -> list[slice]:
        return sample_blocks(self.network.X.shape[0], self.W.shape[0], backend_of(self.W))

    def gram_diagonal(self) -> Array:
        """The diagonal of JJᵀ, shape (n,): ‖∂f(xᵢ)/∂θ‖² for every sample."""
        X, total = self.network.X, 0.0
        if self.network.layers != "output":
            squares = (self.v * self.v)[None, :] @ (self.slopes * self.slopes)
            total = squares[0, :] * squared_norm(X)
        if self.network.layers != "hidden":
            total = total + squared_norm(self.features.mT)
        return total

    def jacobian_gram(self) -> Array:
        """JJᵀ for the trained weights, shape (n, n): (φ′ᵀdiag(v)²φ′) ⊙ XXᵀ for W, φᵀφ for v."""
        X, gram = self.network.X, 0.0
        if self.network.layers != "output":
            slopes = self.v[:, None] * self.slopes
            gram = (slopes.mT @ slopes) * (X @ X.mT)
        if self.network.layers != "hidden":
            gram = gram + self.features.mT @ self.features
        return gram
