"""The setting of theorems: one problem, its recipe, and the paper's quantities of it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from overparam.arrays import Array, array_namespace
from overparam.arrays.backends import backend_of
from overparam.methods import Optimizer
from overparam.model.activations import Activation
from overparam.model.data import DataGenerator, separation
from overparam.model.network import residual
from overparam.model.problem import Problem
from overparam.quantities.correlations import precision, unit_rows
from overparam.quantities.gaussian import Estimate
from overparam.quantities.intervals import Interval, singular_value
from overparam.quantities.khatri_rao import KhatriRaoSpectrum, khatri_rao_spectrum, product_of_squares
from overparam.runs import Recipe
from overparam.theory.constants import ActivationConstants, activation_constants
from overparam.theory.empirical import JacobianSpectrum, jacobian_spectrum
from overparam.theory.kernels import Kernel, feature_covariance, network_covariance, smallest_eigenvalue

__all__ = ["Setting"]

_OF_THE_DATA = (
    "constants",
    "spectral_norm_X",
    "label_norm",
    "khatri_rao",
    "Sigma",
    "Sigma_tilde",
    "lambda_",
    "lambda_tilde",
    "lambda_interval",
    "lambda_tilde_interval",
    "quadratic_interval",
    "separation_interval",
    "separation",
)
"""Cached quantities that do not depend on the weights."""


@dataclass(frozen=True)
class Setting:
    """A problem, a recipe and the theorems' quantities; each is computed once, when first used.

    Attributes
    ----------
    problem : Problem
        A single problem with unit rows in X.
    recipe : Recipe
        What is trained, and how.
    data : DataGenerator or None
        Source of X, if known: Corollaries 2.2 and 2.4 are about uniform data.
    delta : float
        δ of the probability statements: a larger δ gives a higher probability and weaker conclusions.

    Raises
    ------
    ValueError
        For a stack of problems, rows whose norm is not 1, or a delta that is not a positive number.
    """

    problem: Problem
    recipe: Recipe
    data: DataGenerator | None = None
    delta: float = 1.0

    def __post_init__(self) -> None:
        if self.problem.batch_shape:
            raise ValueError("the theorems need a single problem: pass one of problem.singles()")
        if not (math.isfinite(self.delta) and self.delta > 0):
            raise ValueError(f"delta must be a positive number, got {self.delta}")
        unit_rows(self.problem.X)

    def redrawn(self, problem: Problem) -> Setting:
        """Return the setting with other weights and the same X and y; keeps cached values of X and y."""
        other = replace(self, problem=problem)
        vars(other).update({name: vars(self)[name] for name in _OF_THE_DATA if name in vars(self)})
        return other

    @property
    def activation(self) -> Activation:
        """The recipe's activation."""
        return self.recipe.activation

    @property
    def optimizer(self) -> Optimizer:
        """The recipe's optimizer."""
        return self.recipe.optimizer

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
        """B of Theorem 2.1; inf if there is none."""
        value = self.constants.bound.value
        return math.inf if value is None else value

    @property
    def M(self) -> float:
        """M of Lemma 6.8, |φ″| ≤ M everywhere; inf if φ′ jumps, B if no smaller bound is known."""
        value = self.constants.curvature.value
        if value is not None:
            return min(float(value), self.B)
        return math.inf if self.activation.kinks else self.B

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
    def v_sum(self) -> float:
        """1ᵀv."""
        xp = array_namespace(self.problem.v)
        return float(xp.sum(self.problem.v))

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

    # Replacements in the theorems for λ, λ̃, σmin(X∗X), μ and σmin(J(W₀)), with their errors. A value that
    # is zero within its error is zero.

    @cached_property
    def lambda_interval(self) -> Interval:
        """λ(X) with its error."""
        return Interval.eigenvalue(self.lambda_)

    @cached_property
    def lambda_tilde_interval(self) -> Interval:
        """λ̃(X) with its error."""
        return Interval.eigenvalue(self.lambda_tilde)

    @cached_property
    def quadratic_interval(self) -> Interval:
        """μ²σ²min(X ∗ X) with its error: the replacement for λ in Theorems 2.1 and 2.3 (Lemma 6.4)."""
        mu = self.constants.mu
        return product_of_squares(Estimate(abs(mu.value), mu.error), self.khatri_rao, self.n)

    @cached_property
    def sigma_min_interval(self) -> Interval:
        """σmin(J(W₀)) with its error."""
        return singular_value(self.jacobian_at_start.sigma_min, self.jacobian_at_start.floor)

    @cached_property
    def separation_interval(self) -> Interval:
        """δ of Assumption 1 with the error from rounding the rows of X."""
        return Interval.nonnegative(self.separation, 2.0 * precision(self.problem.X))

    @property
    def lambda_note(self) -> str:
        """Why λ(X) gives no bound, or an empty text."""
        return _zero_note("λ(X)", self.lambda_interval, self.lambda_.error)

    @property
    def lambda_tilde_note(self) -> str:
        """Why λ̃(X) gives no bound, or an empty text."""
        return _zero_note("λ̃(X)", self.lambda_tilde_interval, self.lambda_tilde.error)

    @property
    def quadratic_note(self) -> str:
        """Why μσmin(X ∗ X) gives no bound, or an empty text."""
        if self.quadratic_interval.positive:
            return ""
        mu = self.constants.mu
        if abs(mu.value) <= mu.error:
            return f"vacuous: μ is zero within its error, {mu.error:.1e}"
        return f"vacuous: σmin(X∗X) is {self.khatri_rao.note or 'zero within its error'}"

    @property
    def quadratic_bound(self) -> float:
        """μ²σ²min(X ∗ X) ≤ λ(X)."""
        return float(self.quadratic_interval.value)

    @property
    def kappa(self) -> float:
        """κ(X) = √(d/n)‖X‖/σ²min(X ∗ X) of (2.2); inf if σmin cannot be distinguished from 0."""
        return _over(math.sqrt(self.d / self.n) * self.spectral_norm_X, self.khatri_rao.sigma_min**2)

    @property
    def kappa_tilde(self) -> float:
        """κ̃(X) = √(d/n)‖X‖/λ(X) of (6.2); inf if λ cannot be distinguished from 0."""
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
        """η, or None for an optimizer without steps."""
        return self.optimizer.step_size_for(self.problem, self.activation)


def _norm(array: Array) -> float:
    return float(array_namespace(array).linalg.vector_norm(array))


def _zero_note(name: str, found: Interval, error: float) -> str:
    return "" if found.positive else f"vacuous: {name} is zero within its error, {error:.1e}"


def _over(a: float, b: float) -> float:
    return a / b if b > 0.0 else math.inf
