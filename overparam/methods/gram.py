"""JJᵀ of a network: products with vectors, and the matrix on request."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import array_api_compat

from overparam.arrays import Array, Namespace, array_namespace
from overparam.methods.point import Point

__all__ = ["JacobianGram"]

_FLOPS_OF_A_VALUE, _OVERHEAD = 40.0, 2e6
"""Cost of a product beyond its 4nkd flops: passes over n × k slopes, and some twenty calls."""

_FEWEST = 32
"""If the matrix costs less than this many products, everything is computed from it."""


@dataclass(frozen=True)
class JacobianGram:
    """JJᵀ, shape (n, n), with J the Jacobian of the outputs over the trained parameters at a point.

    ``gram @ alpha`` is J(Jᵀα), 4nkd flops. ``gram.matrix`` has n² entries and costs 2n²(k + d) flops once,
    which is less for small n. Shape, data type, device and namespace are those of the matrix.

    Attributes
    ----------
    point : Point
    """

    point: Point

    @cached_property
    def matrix(self) -> Array:
        """JJᵀ as an array, shape (n, n), computed on first use."""
        return self.point.jacobian_gram()

    @cached_property
    def diagonal(self) -> Array:
        """Diagonal, shape (n,), computed without forming a large matrix."""
        if self._by_matrix:
            return array_namespace(self.matrix).linalg.diagonal(self.matrix)
        return self.point.gram_diagonal()

    @staticmethod
    def matrix_flops(n: int, k: int, d: int) -> float:
        """Return the floating-point operations of forming the matrix and solving with it once."""
        return 2.0 * n * n * (k + d) + 2.0 / 3.0 * n**3

    @staticmethod
    def product_flops(n: int, k: int, d: int) -> float:
        """Return the cost of a product J(Jᵀα), in equivalent floating-point operations."""
        return 4.0 * n * k * d + _FLOPS_OF_A_VALUE * n * k + _OVERHEAD

    @property
    def products_worth(self) -> float:
        """Return how many products J(Jᵀα) cost as many flops as forming the matrix and one solve."""
        (n, d), k = map(int, self.point.network.X.shape), int(self.point.W.shape[0])
        return self.matrix_flops(n, k, d) / self.product_flops(n, k, d)

    @property
    def is_small(self) -> bool:
        """Whether the matrix costs less than some tens of products."""
        return self.products_worth < _FEWEST

    @property
    def is_formed(self) -> bool:
        """Whether the matrix was requested; products are then computed from it."""
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
        """Data type of the arrays."""
        return self.point.W.dtype

    @property
    def device(self) -> Any:
        """Device of the arrays."""
        return array_api_compat.device(self.point.W)

    def __array_namespace__(self, api_version: str | None = None) -> Namespace:
        """Return the namespace of the arrays."""
        return array_namespace(self.point.W)

    def __matmul__(self, alpha: Array) -> Array:
        """Return JJᵀα for α of shape (n,): by the matrix if it is small or formed, else as J(Jᵀα)."""
        if self._by_matrix:
            return self.matrix @ alpha
        return self.point.pushed(self.point.pulled_back(alpha))
