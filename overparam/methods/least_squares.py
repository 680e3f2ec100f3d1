"""Least squares on the output layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from overparam.arrays import array_namespace
from overparam.methods.direct import DirectSolver, OutputLayer
from overparam.model.activations.base import Activation
from overparam.model.network import hidden_features
from overparam.model.problem import Problem

__all__ = ["LeastSquares"]


@dataclass(frozen=True)
class LeastSquares(DirectSolver):
    """The least-norm v̂ = Φ⁺y with Φ = φ(XW₀ᵀ) (Section 3), by a singular value decomposition.

    If Φ has full row rank, this is Φᵀ(ΦΦᵀ)⁻¹y and interpolates; otherwise it is the least-norm least-squares
    solution. Singular values below max(n, k)·ε·σ_max count as zero.
    """

    name: ClassVar[str] = "least-squares"

    def solve(self, problem: Problem, activation: Activation) -> OutputLayer:
        """Return v (..., k), rank (...) and residual (..., n)."""
        features = hidden_features(problem.X, problem.W0, activation)
        xp = array_namespace(features)
        left, singular, right = xp.linalg.svd(features, full_matrices=False)
        cutoff = (
            max(features.shape[-2:]) * xp.finfo(features.dtype).eps * xp.max(singular, axis=-1, keepdims=True)
        )
        kept = singular > cutoff
        inverse = xp.where(kept, 1.0, 0.0 * singular) / xp.where(kept, singular, 1.0 + 0.0 * singular)
        coordinates = (problem.y[..., None, :] @ left)[..., 0, :] * inverse
        v = (coordinates[..., None, :] @ right)[..., 0, :]
        rank = xp.count_nonzero(kept, axis=-1)
        return OutputLayer(v, rank, (features @ v[..., :, None])[..., 0] - problem.y)
