"""JJᵀ of a network: products with vectors, and the matrix where one asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import array_api_compat

from overparam.arrays import Array, Namespace, array_namespace
from overparam.methods.point import Point

__all__ = ["JacobianGram"]

_FLOPS_OF_A_VALUE, _OVERHEAD = 40.0, 2e6
"""What a product costs beside its 4nkd flops: passes over n × k slopes, and some twenty calls."""

_FEWEST = 32
"""Where the matrix costs fewer products than this, it is what everything is computed from."""


@dataclass(frozen=True)
class JacobianGram:
    """JJᵀ, shape (n, n), J the Jacobian of the outputs over what is trained at a point.

    ``gram @ alpha`` is J(Jᵀα), 4nkd flops; ``gram.matrix`` has n² numbers and costs 2n²(k + d) flops once,
    which is less for small n. Shape, data type, device and namespace are those of the matrix.

    Attributes
    ----------
    point : Point
    """

    point: Point

    @cached_property
    def matrix(self) -> Array:
        """JJᵀ as an array, shape (n, n), computed when first asked for."""
        return self.point.jacobian_gram()

    @cached_property
    def diagonal(self) -> Array:
        """The diagonal, shape (n,); a large matrix is not formed for it."""
        if self._by_matrix:
            return array_namespace(self.matrix).linalg.diagonal(self.matrix)
        return self.point.gram_diagonal()

    @staticmethod
    def matrix_flops(n: int, k: int, d: int) -> float:
        """What forming the matrix and solving with it once costs, in floating-point operations."""
        return 2.0 * n * n * (k + d) + 2.0 / 3.0 * n**3

    @staticmethod
    def product_flops(n: int, k: int, d: int) -> float:
        """What a product J(Jᵀα) costs, in floating-point operations or their like."""
        return 4.0 * n * k * d + _FLOPS_OF_A_VALUE * n * k + _OVERHEAD

    @property
    def products_worth(self) -> float:
        """How many products J(Jᵀα) cost as much as forming the matrix and solving with it, by flops."""
        (n, d), k = map(int, self.point.network.X.shape), int(self.point.W.shape[0])
        return self.matrix_flops(n, k, d) / self.product_flops(n, k, d)

    @property
    def is_small(self) -> bool:
        """Whether the matrix costs less than some tens of products."""
        return self.products_worth < _FEWEST

    @property
    def is_formed(self) -> bool:
        """Whether the matrix was asked for: products are then computed from it."""
        return "matrix" in vars(self)

    @property
    def _by_matrix(self) -> bool:
        return self.is_small or self.is_formed

    @property
    def shape(self) -> tuple[int, int]:
        """(n, n)."""
        n = int(self.point.network.X.shape[0])
        return n, n

    @property
    def dtype(self) -> Any:
        """The arrays' data type."""
        return self.point.W.dtype

    @property
    def device(self) -> Any:
        """The arrays' device."""
        return array_api_compat.device(self.point.W)

    def __array_namespace__(self, api_version: str | None = None) -> Namespace:
        """Return the arrays' namespace."""
        return array_namespace(self.point.W)

    def __matmul__(self, alpha: Array) -> Array:
        """JJᵀα for α of shape (n,): by the matrix where it is small or was formed, else as J(Jᵀα)."""
        if self._by_matrix:
            return self.matrix @ alpha
        return self.point.pushed(self.point.pulled_back(alpha))
