"""Measurements along a training run: residual, distance and path length always, the Jacobian at probes.

The theorems are about all iterates, so residual, distance and path length are computed at all of them.
Eigenvalue problems are solved at selected iterates, including the first and the last.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from overparam.arrays import Array, array_namespace, squared_norm
from overparam.model.activations import Activation
from overparam.model.network import preactivations
from overparam.model.problem import Problem
from overparam.runs import Outcome
from overparam.theory.empirical import flipped_patterns, jacobian_change, jacobian_spectrum

__all__ = ["Probe", "Trajectory", "probe_at"]

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
        σmin(J(W_τ)), ‖J(W_τ)‖, and the level below which σmin is rounding error.
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
    """One training run, followed iterate by iterate.

    Attributes
    ----------
    iterations : ndarray of int, shape (m,)
        Iterations of the next three arrays: all, or those that the stop rule checks.
    residual : ndarray, shape (m,)
        ‖f(W_τ) − y‖.
    distance : ndarray, shape (m,)
        ‖W_τ − W₀‖_F.
    path_length : ndarray, shape (m,)
        Σ_{t<τ} ‖W_{t+1} − W_t‖_F.
    probes : tuple of Probe
    followed : str
        Description of the iterates: the updates of a method, or W₀ alone for a direct solver.
    outcome : Outcome
        Outcome of the run.
    """

    iterations: NDArray[np.int64]
    residual: Reals
    distance: Reals
    path_length: Reals
    probes: tuple[Probe, ...]
    followed: str
    outcome: Outcome


def probe_at(problem: Problem, activation: Activation, W: Array, iteration: int) -> Probe:
    """Return the probe of the Jacobian and the activation pattern at W, shape (k, d)."""
    p, phi = problem, activation
    xp = array_namespace(p.X)
    spectrum = jacobian_spectrum(p.X, W, p.v, phi)
    now, before = preactivations(p.X, W), preactivations(p.X, p.W0)
    change = phi.derivative(now) - phi.derivative(before)
    return Probe(
        iteration=iteration,
        distance=float(squared_norm(W - p.W0, axes=2)) ** 0.5,
        spectral_distance=float(xp.max(xp.linalg.svdvals(W - p.W0))),
        sigma_min=spectrum.sigma_min,
        spectral_norm=spectrum.spectral_norm,
        floor=spectrum.floor,
        jacobian_change=jacobian_change(p.X, W, p.W0, p.v, phi),
        slope_change=float(xp.max(xp.sum(change * change, axis=-2))) ** 0.5,
        flipped=flipped_patterns(now, before),
    )
