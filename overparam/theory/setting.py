"""What the theorems are evaluated on: one problem, how it is trained, and the paper's quantities of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from overparam.activations import Activation
from overparam.arrays import Array, array_namespace
from overparam.backends import backend_of
from overparam.data import DataGenerator, separation
from overparam.network import residual
from overparam.optimizers import FirstOrder, Optimizer
from overparam.problems import Problem
from overparam.theory.constants import ActivationConstants, activation_constants
from overparam.theory.empirical import JacobianSpectrum, jacobian_spectrum
from overparam.theory.gaussian import Estimate
from overparam.theory.kernels import Kernel, feature_covariance, network_covariance, smallest_eigenvalue
from overparam.theory.khatri_rao import KhatriRaoSpectrum, khatri_rao_spectrum

__all__ = ["Setting"]


@dataclass(frozen=True)
class Setting:
    """One problem as the theorems see it; every quantity is computed when first asked for, and once.

    Attributes
    ----------
    problem : Problem
        A single one; its X has unit rows.
    activation : Activation
    optimizer : Optimizer
    data : DataGenerator or None
        Where X came from, if known: Corollaries 2.2 and 2.4 are about uniform data.
    delta : float
        δ of the probability statements: the larger, the surer and the weaker.
    """

    problem: Problem
    activation: Activation
    optimizer: Optimizer
    data: DataGenerator | None = None
    delta: float = 1.0

    def __post_init__(self) -> None:
        if self.problem.batch_shape:
            raise ValueError("the theorems are about one problem: take one of problem.singles()")
        if not (math.isfinite(self.delta) and self.delta > 0):
            raise ValueError(f"delta must be a positive number, got {self.delta}")

    @property
    def n(self) -> int:
        """Number of samples."""
        return self.problem.n

    @property
    def d(self) -> int:
        """Number of inputs."""
        return self.problem.d

    @property
    def k(self) -> int:
        """Number of hidden units."""
        return self.problem.k

    @property
    def root_parameters(self) -> float:
        """√(kd), the left side of (2.2)."""
        return math.sqrt(self.k * self.d)

    @cached_property
    def constants(self) -> ActivationConstants:
        """μ̃, μ, γ, moments and B of the activation."""
        return activation_constants(self.activation)

    @property
    def B(self) -> float:
        """B of Theorem 2.1; inf where there is none."""
        value = self.constants.bound.value
        return math.inf if value is None else value

    @cached_property
    def spectral_norm_X(self) -> float:
        """‖X‖."""
        xp = array_namespace(self.problem.X)
        return float(xp.max(xp.linalg.svdvals(self.problem.X)))

    @cached_property
    def label_norm(self) -> float:
        """‖y‖."""
        return _norm(self.problem.y)

    @cached_property
    def v_norm(self) -> float:
        """‖v‖."""
        return _norm(self.problem.v)

    @cached_property
    def v_largest(self) -> float:
        """‖v‖_∞."""
        xp = array_namespace(self.problem.v)
        return float(xp.max(xp.abs(self.problem.v)))

    @cached_property
    def initial_misfit(self) -> float:
        """‖f(W₀) − y‖."""
        p = self.problem
        return _norm(residual(p.X, p.y, p.W0, p.v, self.activation))

    @cached_property
    def khatri_rao(self) -> KhatriRaoSpectrum:
        """σmin(X ∗ X)."""
        return khatri_rao_spectrum(self.problem.X, 2)

    @cached_property
    def Sigma(self) -> Kernel:
        """Σ(X)."""
        return network_covariance(self.problem.X, self.activation)

    @cached_property
    def Sigma_tilde(self) -> Kernel:
        """Σ̃(X)."""
        return feature_covariance(self.problem.X, self.activation)

    @cached_property
    def lambda_(self) -> Estimate:
        """λ(X) = λmin(Σ(X))."""
        return smallest_eigenvalue(self.Sigma)

    @cached_property
    def lambda_tilde(self) -> Estimate:
        """λ̃(X) = λmin(Σ̃(X))."""
        return smallest_eigenvalue(self.Sigma_tilde)

    @property
    def quadratic_bound(self) -> float:
        """μ²σ²min(X ∗ X) ≤ λ(X), what Theorems 2.1 and 2.3 put for λ (Lemma 6.4).

        Exactly 0.0 where μ or σmin is not told from zero: the theorems are then vacuous.
        """
        return (self.constants.mu.value * self.khatri_rao.sigma_min) ** 2

    @property
    def kappa(self) -> float:
        """κ(X) = √(d/n)‖X‖/σ²min(X ∗ X) of (2.2); inf where σmin is not told from 0."""
        return _over(math.sqrt(self.d / self.n) * self.spectral_norm_X, self.khatri_rao.sigma_min**2)

    @property
    def kappa_tilde(self) -> float:
        """κ̃(X) = √(d/n)‖X‖/λ(X) of (6.2); inf where λ is not told from 0."""
        return _over(math.sqrt(self.d / self.n) * self.spectral_norm_X, self.lambda_.settled.value)

    @cached_property
    def jacobian_at_start(self) -> JacobianSpectrum:
        """Extreme singular values of J(W₀)."""
        p = self.problem
        return jacobian_spectrum(p.X, p.W0, p.v, self.activation)

    @cached_property
    def separation(self) -> float:
        """δ of Assumption 1: min over pairs of min(‖xᵢ − xⱼ‖, ‖xᵢ + xⱼ‖)."""
        X = backend_of(self.problem.X).to_numpy(self.problem.X)
        return separation(np.asarray(X, dtype=np.float64))

    @cached_property
    def step_size(self) -> float | None:
        """η, or None for an optimizer that takes no steps."""
        if isinstance(self.optimizer, FirstOrder):
            return self.optimizer.step_size_for(self.problem, self.activation)
        return None


def _norm(array: Array) -> float:
    return float(array_namespace(array).linalg.vector_norm(array))


def _over(a: float, b: float) -> float:
    return a / b if b > 0.0 else math.inf
