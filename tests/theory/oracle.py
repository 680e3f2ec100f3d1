"""The paper's formulas in plain loops: training, Jacobians, quadrature and the sides of every theorem.

This module uses nothing from overparam. For SGD, the caller passes the rows that overparam draws.
"""

import math
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

import numpy as np

_RADIAL = np.polynomial.legendre.leggauss(80)
_ANGULAR = np.polynomial.legendre.leggauss(48)


def panel(rule, a, b):
    nodes, weights = rule
    return 0.5 * (b - a) * nodes + 0.5 * (a + b), 0.5 * (b - a) * weights


def pair_expectation(f, rho, kink):
    """E[f(g)f(g′)] for unit Gaussians with correlation ρ, in polar coordinates split where f may jump."""
    theta = math.acos(max(-1.0, min(1.0, rho)))
    corners = (math.pi / 2, 3 * math.pi / 2, theta + math.pi / 2, theta + 3 * math.pi / 2)
    cuts = [c % (2 * math.pi) for c in corners] if kink else [math.pi / 2, math.pi, 3 * math.pi / 2]
    total = 0.0
    for a, b in pairwise(sorted({0.0, 2 * math.pi, *cuts})):
        t, wt = panel(_ANGULAR, a, b)
        for low, high in ((0.0, 3.0), (3.0, 7.0), (7.0, 14.0)):
            r, wr = panel(_RADIAL, low, high)
            g, other = np.outer(r, np.cos(t)), np.outer(r, np.cos(t - theta))
            total += wr * r * np.exp(-0.5 * r * r) @ (f(g) * f(other)) @ wt
    return total / (2 * math.pi)


def expectation(f):
    """E[f(g)] by quadrature on panels, one of whose edges is 0."""
    total = 0.0
    for a, b in pairwise((-14.0, -6.0, -2.0, 0.0, 2.0, 6.0, 14.0)):
        z, w = panel(_RADIAL, a, b)
        total += w @ (f(z) * np.exp(-0.5 * z * z)) / math.sqrt(2 * math.pi)
    return total


def hermite(r, z):
    """The normalized probabilists' Hermite polynomial."""
    return np.polynomial.hermite_e.hermeval(z, [0.0] * r + [1.0]) / math.sqrt(math.factorial(r))


def khatri_rao_sigma(X, r):
    """σmin(X^{∗r}), computed from the matrix with rows x ⊗ … ⊗ x."""
    rows = []
    for x in X:
        row = np.ones(1)
        for _ in range(r):
            row = np.kron(row, x)
        rows.append(row)
    matrix = np.array(rows)
    return np.linalg.svd(matrix, compute_uv=False)[-1] if matrix.shape[0] <= matrix.shape[1] else 0.0


@dataclass
class Oracle:
    """One run: data, weights, φ and φ′ as plain functions, B, M and the iterates."""

    X: np.ndarray
    y: np.ndarray
    v: np.ndarray
    value: object
    slope: object
    kink: bool
    B: float
    M: float
    eta: float
    iterates: list = field(repr=False)
    delta: float = 1.0

    def f(self, W):
        out = []
        for x in self.X:
            total = 0.0
            for weight, w in zip(self.v, W, strict=True):
                total += weight * float(self.value(np.array([w @ x]))[0])
            out.append(total)
        return np.array(out)

    def J(self, W):
        rows = []
        for x in self.X:
            row = [
                weight * float(self.slope(np.array([w @ x]))[0]) * x
                for weight, w in zip(self.v, W, strict=True)
            ]
            rows.append(np.concatenate(row))
        return np.array(rows)

    def sigma(self, W):
        singular = np.linalg.svd(self.J(W), compute_uv=False)
        return singular[self.n - 1] if len(singular) >= self.n else 0.0

    @property
    def n(self):
        return self.X.shape[0]

    @property
    def d(self):
        return self.X.shape[1]

    @property
    def k(self):
        return len(self.v)

    @cached_property
    def W0(self):
        return self.iterates[0]

    @cached_property
    def r(self):
        return np.array([np.linalg.norm(self.f(W) - self.y) for W in self.iterates])

    @cached_property
    def distance(self):
        return np.array([np.linalg.norm(W - self.W0) for W in self.iterates])

    @cached_property
    def spectral(self):
        return np.array([np.linalg.norm(W - self.W0, 2) for W in self.iterates])

    @cached_property
    def path(self):
        return np.cumsum([0.0, *(np.linalg.norm(b - a) for a, b in pairwise(self.iterates))])

    @cached_property
    def norms(self):
        return np.array([np.linalg.norm(self.J(W), 2) for W in self.iterates])

    @cached_property
    def sigmas(self):
        return np.array([self.sigma(W) for W in self.iterates])

    @cached_property
    def changes(self):
        J0 = self.J(self.W0)
        return np.array([np.linalg.norm(self.J(W) - J0, 2) for W in self.iterates])

    @cached_property
    def slopes(self):
        """max_i ‖φ′(W_τxᵢ) − φ′(W₀xᵢ)‖."""
        before = self.slope(self.X @ self.W0.T)
        return np.array(
            [np.linalg.norm(self.slope(self.X @ W.T) - before, axis=1).max() for W in self.iterates]
        )

    @cached_property
    def Sigma(self):
        return self._matrix(self.slope, True)

    @cached_property
    def lam(self):
        return np.linalg.eigvalsh(self.Sigma)[0]

    @cached_property
    def lam_tilde(self):
        return np.linalg.eigvalsh(self._matrix(self.value, False))[0]

    def _matrix(self, f, hadamard):
        gram = self.X @ self.X.T
        out = np.empty_like(gram)
        for i in range(self.n):
            for j in range(i + 1):
                entry = pair_expectation(f, gram[i, j], self.kink)
                out[i, j] = out[j, i] = entry * gram[i, j] if hadamard else entry
        return out

    @cached_property
    def mu(self):
        return expectation(lambda g: g * self.slope(g))

    @cached_property
    def mu_tilde(self):
        return expectation(self.slope)

    @cached_property
    def sigma_xx(self):
        return khatri_rao_sigma(self.X, 2)

    @cached_property
    def normX(self):
        return np.linalg.norm(self.X, 2)

    @cached_property
    def normy(self):
        return np.linalg.norm(self.y)

    @cached_property
    def separation(self):
        found = math.inf
        for i in range(self.n):
            for j in range(i):
                pair = (np.linalg.norm(self.X[i] - self.X[j]), np.linalg.norm(self.X[i] + self.X[j]))
                found = min(found, *pair)
        return found


def gradient(o, W, rows):
    """Σᵢ rᵢ ∂fᵢ/∂W over the rows."""
    total = np.zeros_like(W)
    for i in rows:
        x = o.X[i]
        r = sum(a * float(o.value(np.array([w @ x]))[0]) for a, w in zip(o.v, W, strict=True)) - o.y[i]
        for unit in range(o.k):
            total[unit] += r * o.v[unit] * float(o.slope(np.array([W[unit] @ x]))[0]) * x
    return total


def descend(o, updates, tolerance, move):
    """W_{τ+1} = move(τ, W_τ) until the relative residual is below the tolerance, above 1e8 or NaN."""
    W, found = o.W0, [o.W0]
    for tau in range(updates):
        relative = np.linalg.norm(o.f(W) - o.y) / o.normy
        if relative < tolerance or not relative <= 1e8:
            break
        W = move(tau, W)
        found.append(W)
    return found


def train_gd(o, size, *limits):
    """W_{τ+1} = W_τ − η∇L(W_τ)."""
    return descend(o, *limits, lambda tau, W: W - size * gradient(o, W, range(o.n)))


def train_sgd(o, size, rows, *limits):
    """(2.9) with one drawn row per update."""
    return descend(o, *limits, lambda tau, W: W - size * gradient(o, W, next(rows)))


def train_momentum(o, size, beta, *limits):
    """U ← βU + ∇L, W ← W − ηU."""
    velocity = [np.zeros_like(o.W0)]

    def move(tau, W):
        velocity[0] = beta * velocity[0] + gradient(o, W, range(o.n))
        return W - size * velocity[0]

    return descend(o, *limits, move)


def train_adam(o, size, *limits):
    """Adam (Kingma & Ba, 2015) with its usual constants."""
    moments = [0.0, 0.0]

    def move(tau, W):
        g = gradient(o, W, range(o.n))
        moments[:] = [0.9 * moments[0] + 0.1 * g, 0.999 * moments[1] + 0.001 * g * g]
        first, second = moments[0] / (1 - 0.9 ** (tau + 1)), moments[1] / (1 - 0.999 ** (tau + 1))
        return W - size * first / (np.sqrt(second) + 1e-8)

    return descend(o, *limits, move)


def train_levenberg_marquardt(o, damping, updates, tolerance):
    """(JᵀJ + μI)s = Jᵀr in parameter space, with Nielsen's rule for μ."""
    W, found = o.W0, [o.W0]
    mu = damping * np.diag(o.J(W) @ o.J(W).T).max()
    for _ in range(updates):
        r = o.f(W) - o.y
        if np.linalg.norm(r) < tolerance * o.normy:
            break
        J = o.J(W)
        step = np.linalg.solve(J.T @ J + mu * np.eye(J.shape[1]), J.T @ r)
        tried = W - step.reshape(W.shape)
        promised = r @ r - np.sum((r - J @ step) ** 2)
        if abs(promised) <= 8.0 * np.finfo(float).eps * (r @ r):
            break  # a stationary point
        gain = (r @ r - np.sum((o.f(tried) - o.y) ** 2)) / promised
        mu *= max(1 / 3, 1 - (2 * min(gain, 1.0) - 1) ** 3) if gain > 0 else 4.0
        W = tried if gain > 0 else W
        found.append(W)
    return found
