"""A training followed iterate by iterate, with the Jacobian looked at along the way.

The residual, the distance and the path length are had at every iterate, because the theorems speak of all
iterates. What costs an eigenvalue problem is had at chosen iterates, the first and the last among them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from overparam.activations import Activation
from overparam.arrays import Array, array_namespace, squared_norm
from overparam.backends import backend_of
from overparam.network import forward, gradient, preactivations
from overparam.optimizers import FirstOrder, Step
from overparam.problems import Problem
from overparam.theory.empirical import jacobian_change, jacobian_spectrum
from overparam.training import DIVERGENCE_LIMIT, StopRule
from overparam.training.rows import row_stream

__all__ = ["Probe", "Trajectory", "follow"]

Reals = NDArray[np.float64]


@dataclass(frozen=True)
class Probe:
    """The network at one iterate.

    Attributes
    ----------
    iteration : int
        τ.
    distance, spectral_distance : float
        ‖W_τ − W₀‖_F and ‖W_τ − W₀‖.
    sigma_min, spectral_norm, floor : float
        σmin(J(W_τ)), ‖J(W_τ)‖, and below what σmin is rounding.
    jacobian_change : float
        ‖J(W_τ) − J(W₀)‖.
    slope_change : float
        max_i ‖φ′(W_τ xᵢ) − φ′(W₀xᵢ)‖, the right side of Lemma C.1.
    flipped : float
        Fraction of the k·n activation patterns 1{wᵀx ≥ 0} that differ from those at W₀.
    """

    iteration: int
    distance: float
    spectral_distance: float
    sigma_min: float
    spectral_norm: float
    floor: float
    jacobian_change: float
    slope_change: float
    flipped: float


@dataclass(frozen=True)
class Trajectory:
    """One training.

    Attributes
    ----------
    iterations : ndarray of int, shape (m,)
        The iterates at which the next three are given: all, or those that the stop rule checks.
    residual : ndarray, shape (m,)
        ‖f(W_τ) − y‖.
    distance : ndarray, shape (m,)
        ‖W_τ − W₀‖_F.
    path_length : ndarray, shape (m,)
        Σ_{t<τ} ‖W_{t+1} − W_t‖_F.
    probes : tuple of Probe
    """

    iterations: NDArray[np.int64]
    residual: Reals
    distance: Reals
    path_length: Reals
    probes: tuple[Probe, ...]


def follow(
    problem: Problem,
    activation: Activation,
    optimizer: FirstOrder,
    stop: StopRule,
    probes: int = 9,
) -> Trajectory:
    """Train as the engines do, from W₀ by the same updates and stop rule, and keep what theorems need.

    Parameters
    ----------
    problem : Problem
        A single one, of any namespace.
    activation : Activation
    optimizer : FirstOrder
    stop : StopRule
    probes : int
        How often at most the Jacobian is looked at, at least 2: the start, the end, and in between at
        iterations that grow geometrically.
    """
    if problem.batch_shape:
        raise ValueError("follow takes one problem: take one of problem.singles()")
    if probes < 2:
        raise ValueError(f"probes must be at least 2, the start and the end; got {probes}")
    due = _probe_iterations(stop.max_iterations, probes)
    run = _Run(problem, activation, optimizer)
    rows: list[tuple[int, float, float, float]] = []
    found: list[Probe] = []
    with backend_of(problem.X).scope():
        label_norm = math.sqrt(float(squared_norm(problem.y)))
        if not label_norm > 0.0:
            raise ValueError("‖y‖ is 0: the relative residual ‖f − y‖/‖y‖ is undefined")
        while True:
            over = run.iteration >= stop.max_iterations
            if over or run.iteration % optimizer.updates_between_checks() == 0:
                residual = run.residual()
                rows.append((run.iteration, residual, run.distance(), run.path_length))
                going = stop.tolerance <= residual / label_norm <= DIVERGENCE_LIMIT
                if over or not going:
                    break
            if run.iteration in due:
                found.append(run.probe())
            run.advance()
        if math.isfinite(run.distance()) and math.isfinite(residual):
            found.append(run.probe())
    table = np.asarray(rows, dtype=np.float64)
    return Trajectory(table[:, 0].astype(np.int64), table[:, 1], table[:, 2], table[:, 3], tuple(found))


class _Run:
    """The state of one training."""

    def __init__(self, problem: Problem, activation: Activation, optimizer: FirstOrder) -> None:
        self._problem, self._activation, self._optimizer = problem, activation, optimizer
        self._size = optimizer.step_size_for(problem, activation)
        self._rows = row_stream(problem, optimizer)
        self._block: NDArray[np.int64] = np.empty((0, 0), dtype=np.int64)
        self._used = 0
        self._W = problem.W0
        self._state = optimizer.init(problem.W0)
        self.iteration = 0
        self.path_length = 0.0

    def residual(self) -> float:
        """‖f(W) − y‖."""
        p = self._problem
        return math.sqrt(_finite(squared_norm(forward(p.X, self._W, p.v, self._activation) - p.y)))

    def distance(self) -> float:
        """‖W − W₀‖_F."""
        return math.sqrt(_finite(squared_norm(self._W - self._problem.W0, axes=2)))

    def advance(self) -> None:
        """Make one update."""
        step = Step(self._size, float(self.iteration))
        W, self._state = self._optimizer.update(self._W, self._gradient(), self._state, step)
        self.path_length += math.sqrt(_finite(squared_norm(W - self._W, axes=2)))
        self._W = W
        self.iteration += 1

    def _gradient(self) -> Array:
        """∇L(W), or the mean of the drawn rows' gradients."""
        p = self._problem
        if self._rows is None:
            return gradient(p.X, p.y, self._W, p.v, self._activation)
        if self._used == len(self._block):
            self._block, self._used = next(self._rows), 0
        xp = array_namespace(p.X)
        drawn = self._block[self._used]
        self._used += 1
        index = xp.asarray([int(i) for i in drawn], dtype=xp.int64, device=p.X.device)
        X, y = xp.take(p.X, index, axis=0), xp.take(p.y, index, axis=0)
        return gradient(X, y, self._W, p.v, self._activation) / len(drawn)

    def probe(self) -> Probe:
        """Look at the Jacobian and the activation pattern."""
        p, phi = self._problem, self._activation
        xp = array_namespace(p.X)
        spectrum = jacobian_spectrum(p.X, self._W, p.v, phi)
        now, before = preactivations(p.X, self._W), preactivations(p.X, p.W0)
        change = phi.derivative(now) - phi.derivative(before)
        turned = xp.astype((now >= 0.0) != (before >= 0.0), p.X.dtype)
        return Probe(
            iteration=self.iteration,
            distance=self.distance(),
            spectral_distance=float(xp.max(xp.linalg.svdvals(self._W - p.W0))),
            sigma_min=spectrum.sigma_min,
            spectral_norm=spectrum.spectral_norm,
            floor=spectrum.floor,
            jacobian_change=jacobian_change(p.X, self._W, p.W0, p.v, phi),
            slope_change=float(xp.max(xp.sum(change * change, axis=-2))) ** 0.5,
            flipped=float(xp.mean(turned)),
        )


def _probe_iterations(last: int, probes: int) -> set[int]:
    """0 and `probes` − 2 iterations that grow geometrically towards `last`; the end is added where it is."""
    if probes == 2 or last < 1:
        return {0}
    return {0, *(round(t) for t in np.geomspace(1, last, probes - 1)[:-1])}


def _finite(squared: Array) -> float:
    """A squared norm as a float: inf where a diverged training has made it nan."""
    value = float(squared)
    return math.inf if math.isnan(value) else value
