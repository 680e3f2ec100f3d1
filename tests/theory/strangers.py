"""Activations as plugin authors would write them, with and without kernels in closed form."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from overparam.arrays import array_namespace
from overparam.model.activations import Activation

_erf = np.vectorize(math.erf, otypes=[float])


@dataclass(frozen=True)
class Tanh(Activation):
    name: ClassVar[str] = "tanh"

    def value(self, z):
        return array_namespace(z).tanh(z)

    def derivative(self, z):
        return 1.0 - array_namespace(z).tanh(z) ** 2


@dataclass(frozen=True)
class GELU(Activation):
    name: ClassVar[str] = "gelu"

    def value(self, z):
        return 0.5 * z * (1.0 + _erf(z / math.sqrt(2.0)))

    def derivative(self, z):
        density = np.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)
        return 0.5 * (1.0 + _erf(z / math.sqrt(2.0))) + z * density


@dataclass(frozen=True)
class PlainErf(Activation):
    """erf without its closed form; its kernels are computed by the series."""

    name: ClassVar[str] = "plain-erf"

    def value(self, z):
        return _erf(z)

    def derivative(self, z):
        return 2.0 / math.sqrt(math.pi) * np.exp(-z * z)


@dataclass(frozen=True)
class Erf(PlainErf):
    name: ClassVar[str] = "erf"

    def gaussian_kernel(self, cosine, sine):
        return array_namespace(cosine).asin(2.0 * cosine / 3.0) * (2.0 / math.pi)

    def derivative_kernel(self, cosine, sine):
        return 4.0 / (math.pi * array_namespace(cosine).sqrt(9.0 - 4.0 * cosine * cosine))


@dataclass(frozen=True)
class PlainQuadratic(Activation):
    """φ(z) = ½z²."""

    name: ClassVar[str] = "plain-quadratic"

    def value(self, z):
        return 0.5 * z * z

    def derivative(self, z):
        return 1.0 * z


@dataclass(frozen=True)
class Quadratic(PlainQuadratic):
    name: ClassVar[str] = "quadratic"

    def gaussian_kernel(self, cosine, sine):
        return 0.25 * (1.0 + 2.0 * cosine * cosine)

    def derivative_kernel(self, cosine, sine):
        return 1.0 * cosine


@dataclass(frozen=True)
class PlainReLU(Activation):
    """The ReLU without its closed form; its series converges slowly if samples are close."""

    name: ClassVar[str] = "plain-relu"
    kinks: ClassVar[tuple[float, ...]] = (0.0,)

    def value(self, z):
        return np.maximum(z, 0.0)

    def derivative(self, z):
        return (z >= 0.0).astype(z.dtype)


def unit(rng, n, d):
    X = rng.standard_normal((n, d))
    return X / np.linalg.norm(X, axis=1, keepdims=True)


def angles(X):
    """θ between rows, by the half-angle formula, which is exact on the diagonal and near it."""
    difference = np.linalg.norm(X[:, None, :] - X[None, :, :], axis=-1)
    total = np.linalg.norm(X[:, None, :] + X[None, :, :], axis=-1)
    return 2.0 * np.arctan2(difference, total)


def relu_kernels(X):
    """(Σ, Σ̃) of the ReLU: ρ(π − θ)/2π and (sin θ + (π − θ)ρ)/2π."""
    theta = angles(X)
    rho = np.cos(theta)
    return rho * (np.pi - theta) / (2 * np.pi), (np.sin(theta) + (np.pi - theta) * rho) / (2 * np.pi)


def erf_kernels(X):
    rho = np.cos(angles(X))
    return 4.0 * rho / (np.pi * np.sqrt(9.0 - 4.0 * rho**2)), 2.0 / np.pi * np.arcsin(2.0 * rho / 3.0)


def quadratic_kernels(X):
    rho = np.cos(angles(X))
    return rho**2, 0.25 * (1.0 + 2.0 * rho**2)


@dataclass(frozen=True)
class ShiftedReLU(Activation):
    """A leaky ReLU with its kink at `shift`; if the slope is 1, φ′ has no jump and there is no kink."""

    name: ClassVar[str] = "shifted-relu"
    shift: float = 0.7
    slope: float = 0.1

    @property
    def kinks(self):
        return () if self.slope == 1.0 else (self.shift,)

    @property
    def bound(self):
        return max(1.0, abs(self.slope))

    def value(self, z):
        moved = z - self.shift
        return array_namespace(z).where(moved >= 0.0, moved, self.slope * moved)

    def derivative(self, z):
        one = array_namespace(z).ones_like(z)
        return array_namespace(z).where(z >= self.shift, one, self.slope * one)
