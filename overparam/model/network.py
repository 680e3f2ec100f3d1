"""The network f(x; W) = vᵀφ(Wx) of Section 1.2, its loss and its derivatives (Section 6.1).

Shapes: X is (..., n, d) with one sample per row, W (..., k, d), v (..., k), y (..., n). Leading axes are
batch axes and must agree. Pre-activations are stored as Z = WXᵀ, (..., k, n), as in (6.1), so that the
sample axis, the longest one, is contiguous.
"""

from __future__ import annotations

from overparam.arrays import Array, array_namespace, squared_norm
from overparam.model.activations.base import Activation

__all__ = [
    "forward",
    "gradient",
    "hidden_features",
    "jacobian",
    "jacobian_gram",
    "loss",
    "preactivations",
    "residual",
]


def preactivations(X: Array, W: Array) -> Array:
    """Z = WXᵀ, shape (..., k, n)."""
    return W @ X.mT


def hidden_features(X: Array, W: Array, activation: Activation) -> Array:
    """Φ = φ(XWᵀ), shape (..., n, k): the features of the output layer (Section 3)."""
    return activation.value(X @ W.mT)


def forward(X: Array, W: Array, v: Array, activation: Activation) -> Array:
    """f(X; W) = φ(XWᵀ)v, shape (..., n), equation (1.1)."""
    return (v[..., None, :] @ activation.value(preactivations(X, W)))[..., 0, :]


def residual(X: Array, y: Array, W: Array, v: Array, activation: Activation) -> Array:
    """R = f(X; W) − y, shape (..., n) (Section 6.1)."""
    return forward(X, W, v, activation) - y


def loss(X: Array, y: Array, W: Array, v: Array, activation: Activation) -> Array:
    """L(W) = ½‖f(X; W) − y‖², shape (...), equation (2.1)."""
    return 0.5 * squared_norm(residual(X, y, W, v, activation))


def gradient(X: Array, y: Array, W: Array, v: Array, activation: Activation) -> Array:
    """∇L(W) = diag(v) φ′(WXᵀ) diag(r) X, shape (..., k, d) (Section 6.1)."""
    z = preactivations(X, W)
    r = (v[..., None, :] @ activation.value(z)) - y[..., None, :]
    return v[..., :, None] * ((activation.derivative(z) * r) @ X)


def jacobian(X: Array, W: Array, v: Array, activation: Activation) -> Array:
    """J(W) with respect to vect(W), shape (..., n, k·d), equation (6.1).

    For small problems and tests: n·k·d entries. The n² entries of `jacobian_gram` give its singular values.
    """
    slopes = (v[..., :, None] * activation.derivative(preactivations(X, W))).mT  # (..., n, k)
    blocks = slopes[..., :, :, None] * X[..., :, None, :]
    n, k, d = blocks.shape[-3:]
    return array_namespace(X).reshape(blocks, (*blocks.shape[:-3], n, k * d))


def jacobian_gram(X: Array, W: Array, v: Array, activation: Activation) -> Array:
    """J(W)J(W)ᵀ = (φ′(XWᵀ) diag(v)² φ′(WXᵀ)) ⊙ XXᵀ, shape (..., n, n) (Section 6.1)."""
    slopes = v[..., :, None] * activation.derivative(preactivations(X, W))
    return (slopes.mT @ slopes) * (X @ X.mT)
