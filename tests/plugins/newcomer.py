"""A third party's plugin in one file: a new kind of optimizer, a loss and an initialization."""

SOURCE = '''
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np

from overparam.plugin import (
    Array, Initialization, Loss, Move, Optimizer, Weights, array_namespace, hookimpl, require_positive,
    squared_norm,
)


class Region(NamedTuple):
    radius: float
    refused: int


@dataclass(frozen=True)
class TrustRegion(Optimizer):
    """Cauchy steps: along the gradient as far as model and radius allow, accepted where the loss falls."""

    name: ClassVar[str] = "cauchy"
    radius: float = 1.0

    def __post_init__(self):
        require_positive("radius", self.radius)

    def start(self, point):
        return Region(self.radius, 0)

    def step(self, point, state):
        gradient = point.gradient()
        length = sum(float(squared_norm(part, axes=part.ndim)) for part in gradient) ** 0.5
        if length == 0.0 or state.radius < 1e-14:
            return Move(point, state, ended=True)
        along = point.pushed(gradient)
        curvature = float(squared_norm(along))
        best = length * length / curvature if curvature > 0.0 else state.radius / length
        size = min(best, state.radius / length)
        tried = point.at(tuple(a - size * g for a, g in zip(point.trained, gradient, strict=True)))
        promised = size * length * length - 0.5 * size * size * curvature
        gain = (point.loss - tried.loss) / promised
        if gain > 0.05:
            grown = 2.0 * state.radius if gain > 0.75 else state.radius
            return Move(tried, Region(grown, state.refused))
        return Move(point, Region(0.25 * state.radius, state.refused + 1))


@dataclass(frozen=True)
class Huber(Loss):
    """Quadratic near the label, linear beyond `width`."""

    name: ClassVar[str] = "huber"
    width: float = 1.0

    def value(self, f, y):
        xp = array_namespace(f)
        size = xp.abs(f - y)
        return xp.where(size < self.width, 0.5 * size * size, self.width * (size - 0.5 * self.width))

    def derivative(self, f, y):
        xp = array_namespace(f)
        return xp.minimum(xp.maximum(f - y, -self.width), self.width)

    def miss(self, f, y):
        return f - y

    def scale(self, y):
        norm = float(np.linalg.norm(y))
        if not norm > 0.0:
            raise ValueError("all labels are 0")
        return norm


@dataclass(frozen=True)
class Orthogonal(Initialization):
    """Rows of random orthogonal matrices, one under another, times sqrt(d)."""

    name: ClassVar[str] = "orthogonal"

    def draw(self, n, k, d, y, rng):
        blocks = [np.linalg.qr(rng.standard_normal((d, d)))[0] for _ in range(-(-k // d))]
        W = np.sqrt(d) * np.concatenate(blocks)[:k]
        signs = np.where(np.arange(k) % 2 == 0, 1.0, -1.0)
        return Weights(W, np.linalg.norm(y) / np.sqrt(k * n) * signs)


@hookimpl
def overparam_optimizers():
    return [TrustRegion]


@hookimpl
def overparam_losses():
    return [Huber]


@hookimpl
def overparam_initializations():
    return [Orthogonal]
'''
