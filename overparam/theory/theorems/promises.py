"""The kinds of promise that several theorems make about gradient descent."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from overparam.optimizers import GradientDescent
from overparam.theory.probes import Trajectory
from overparam.theory.setting import Setting
from overparam.theory.theorems.base import Conclusion, Hypothesis, at_least, at_most, worst

__all__ = [
    "balanced_output",
    "geometric_bound",
    "geometric_decay",
    "misfit_probability",
    "neighbourhood",
    "path_length",
    "probed",
    "step_hypothesis",
    "wants_gradient_descent",
    "wants_relu",
    "wants_smooth",
]


def wants_gradient_descent(setting: Setting) -> str | None:
    """Return why the optimizer is not gradient descent, or None."""
    if isinstance(setting.optimizer, GradientDescent):
        return None
    return f"it is about gradient descent; the optimizer is {setting.optimizer.name}"


def wants_smooth(setting: Setting) -> str | None:
    """Return why φ has not |φ′|, |φ″| ≤ B everywhere, or None."""
    if setting.activation.kinks:
        return f"it needs a differentiable φ with |φ″| ≤ B; {setting.activation.name} has kinks"
    if math.isinf(setting.B):
        return f"it needs |φ′|, |φ″| ≤ B; {setting.activation.name} has no such bound"
    return None


def wants_relu(setting: Setting) -> str | None:
    """Return why φ is not the ReLU, or None."""
    if setting.activation.name == "relu":
        return None
    return f"it is about the ReLU; the activation is {setting.activation.name}"


def misfit_probability(setting: Setting, exponent: float) -> float:
    """e^{−exponent·δ²n/‖X‖²}, the chance that Lemma 6.12 fails; exponent ½ for δ, 1 for the ReLU's 2δ."""
    return math.exp(-exponent * setting.delta**2 * setting.n / setting.spectral_norm_X**2)


def balanced_output(setting: Setting) -> Hypothesis:
    """‖v‖ = ‖y‖/√n: half of v is ‖y‖/√(kn), half minus that."""
    wanted = setting.label_norm / math.sqrt(setting.n)
    note = "k is odd, and one entry of v is 0 (footnote 1)" if setting.k % 2 else ""
    return at_least("‖v‖ ≥ ‖y‖/√n, used by the proof", setting.v_norm, wanted, note)


def step_hypothesis(setting: Setting, statement: str, largest: float) -> Hypothesis:
    """η ≤ the theorem's step at η̄ = 1."""
    size = setting.step_size
    return at_most(statement, math.nan if size is None else size, largest)


def geometric_bound(run: Trajectory, factor: float) -> NDArray[np.float64]:
    """factor^τ ‖f(W₀) − y‖ at run.iterations, shape (m,)."""
    return np.asarray(np.power(factor, run.iterations.astype(np.float64)) * run.residual[0])


def geometric_decay(statement: str, run: Trajectory, factor: float, *, note: str = "") -> Conclusion:
    """‖f(W_τ) − y‖ ≤ factor^τ ‖f(W₀) − y‖."""
    later = slice(1, None)  # at τ = 0 the two sides are one number
    bound = geometric_bound(run, factor)[later]
    return worst(statement, run.residual[later], bound, run.iterations[later], note=note)


def neighbourhood(statement: str, run: Trajectory, weight: float, *, note: str = "") -> Conclusion:
    """weight·‖W_τ − W₀‖_F + ‖f(W_τ) − y‖ ≤ ‖f(W₀) − y‖."""
    later = slice(1, None)  # at τ = 0 the two sides are one number
    left = weight * run.distance[later] + run.residual[later]
    return worst(statement, left, np.full_like(left, run.residual[0]), run.iterations[later], note=note)


def path_length(statement: str, run: Trajectory, bound: float, *, note: str = "") -> Conclusion:
    """Σ‖W_{τ+1} − W_τ‖_F ≤ bound, over the run so far."""
    return worst(statement, run.path_length[-1:], np.array([bound]), run.iterations[-1:], note=note)


def probed(run: Trajectory, name: str) -> NDArray[np.float64]:
    """Return one quantity of the probes, shape (len(run.probes),)."""
    return np.array([float(getattr(probe, name)) for probe in run.probes])
