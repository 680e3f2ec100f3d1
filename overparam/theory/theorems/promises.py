"""Hypotheses and conclusions that several theorems share."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from overparam.components import Component
from overparam.methods import GradientDescent
from overparam.model.activations import ReLU
from overparam.quantities.intervals import Interval
from overparam.theory.probes import Trajectory
from overparam.theory.setting import Setting
from overparam.theory.theorems.base import Conclusion, Hypothesis
from overparam.theory.theorems.comparisons import at_most, equal, notes, worst

__all__ = [
    "WITH_THEIR_STEP",
    "called",
    "geometric_bound",
    "geometric_decay",
    "misfit_probability",
    "neighbourhood",
    "output_weights",
    "path_length",
    "probe_iterations",
    "probed",
    "relative_step",
    "small_balanced_output",
    "step_hypothesis",
    "step_note",
    "wants_bound",
    "wants_gradient_descent",
    "wants_output_weights",
    "wants_relu",
    "wants_samples",
    "wants_smooth",
    "wants_trained_output",
]

_STEP_ROUNDING = 1e-6

WITH_THEIR_STEP = "for the theorem's step size, and as many updates as it takes"
"""Condition that the widths of the main theorems do not contain."""


def called(component: Component, wanted: type[Component] | None = None) -> str:
    """Return a component's name; if it equals that of `wanted`, add that the class is another one."""
    if wanted is None or component.name != wanted.name:
        return component.name
    return f"{component.name}, but {type(component).__name__} of {type(component).__module__}"


def wants_gradient_descent(setting: Setting) -> str | None:
    """Return why the optimizer is not gradient descent itself, or None.

    A subclass may change the rule, so only the class itself counts.
    """
    if type(setting.optimizer) is GradientDescent:
        return None
    return f"it is about gradient descent; the optimizer is {called(setting.optimizer, GradientDescent)}"


def wants_bound(setting: Setting) -> str | None:
    """Return why φ has no B > 0 with |φ′| ≤ B, or None."""
    if math.isinf(setting.B):
        return f"it needs |φ′| ≤ B; {called(setting.activation)} has no such bound"
    if setting.B == 0.0:
        return (
            f"it needs a φ that is not constant; {called(setting.activation)} is, and nothing can be trained"
        )
    return None


def wants_smooth(setting: Setting) -> str | None:
    """Return why |φ′|, |φ″| ≤ B does not hold everywhere, or None."""
    if setting.activation.kinks:
        return f"it needs a differentiable φ with |φ″| ≤ B; {called(setting.activation)} has kinks"
    return wants_bound(setting)


def wants_relu(setting: Setting) -> str | None:
    """Return why φ is not the ReLU itself, or None."""
    if type(setting.activation) is ReLU:
        return None
    return f"it is about the ReLU; the activation is {called(setting.activation, ReLU)}"


def misfit_probability(setting: Setting, exponent: float) -> float:
    """e^{−exponent·δ²n/‖X‖²}, a bound on the probability that Lemma 6.12 fails.

    The lemma's exponent is ½. The ReLU's theorems use it at 2δ, which gives 2, and state 1.
    """
    return math.exp(-exponent * setting.delta * setting.delta * setting.n / setting.spectral_norm_X**2)


def output_weights(setting: Setting) -> list[Hypothesis]:
    """Conditions on v in the proofs of the main theorems: half of it is ‖y‖/√(kn), half minus that."""
    wanted = setting.label_norm / math.sqrt(setting.n)
    odd = "k is odd, and one entry of v is 0 (footnote 1)" if setting.k % 2 else ""
    return [
        equal("‖v‖ = ‖y‖/√n, for Lemmas 6.7 and 6.12", setting.v_norm, wanted, wanted, odd),
        at_most(
            "every |v_ℓ| ≤ ‖y‖/√(kn), for β, L and Lemma 6.7",
            setting.v_largest,
            wanted / math.sqrt(setting.k),
        ),
        _balanced(setting),
    ]


def wants_output_weights(setting: Setting) -> str | None:
    """Return why v is not that of the main theorems, or None; for a width, which has another k."""
    missed = [one.statement for one in output_weights(setting) if one.holds is False]
    return f"it needs {missed[0]}, which the initialization misses" if missed else None


def wants_samples(setting: Setting) -> str | None:
    """Return a sentence if there are fewer samples than inputs, or None."""
    return f"it needs n ≥ d, which are {setting.n} and {setting.d}" if setting.n < setting.d else None


def wants_trained_output(setting: Setting) -> str | None:
    """Return why the output layer is not the trained layer, or None."""
    layers = setting.recipe.layers
    return None if layers == "output" else f"it is about training the output layer; the run trains: {layers}"


def small_balanced_output(setting: Setting) -> list[Hypothesis]:
    """Conditions on v in the proof of Lemma 6.12."""
    wanted = setting.label_norm / math.sqrt(setting.n)
    return [at_most("‖v‖ ≤ ‖y‖/√n", setting.v_norm, wanted), _balanced(setting)]


def _balanced(setting: Setting) -> Hypothesis:
    scale = math.sqrt(setting.k) * setting.v_norm
    return equal("1ᵀv = 0, for Lemma 6.12", setting.v_sum, 0.0, scale)


def step_hypothesis(setting: Setting, statement: str, largest: float, note: str = "") -> Hypothesis:
    """η ≤ the theorem's step size at η̄ = 1."""
    size = setting.step_size
    return at_most(statement, math.nan if size is None else size, largest, note)


def relative_step(step: Hypothesis) -> float:
    """Return η̄ of the step size used, at most 1: a larger step is outside the theorem."""
    return min(1.0, step.ratio) if math.isfinite(step.ratio) else 0.0


def step_note(step: Hypothesis) -> str:
    """Return the reference of a rate if the step is longer than the theorem's, else an empty text."""
    if step.ratio <= 1.0 + _STEP_ROUNDING:
        return ""
    return "outside the theorem, which needs a shorter step: compared with its promise at η̄ = 1"


def geometric_bound(run: Trajectory, factor: float) -> NDArray[np.float64]:
    """factor^τ ‖f(W₀) − y‖ at run.iterations, shape (m,)."""
    return np.asarray(np.power(factor, run.iterations.astype(np.float64)) * run.residual[0])


def geometric_decay(
    statement: str, run: Trajectory, factor: Interval, *, vacuous: bool = False, note: str = ""
) -> Conclusion:
    """‖f(W_τ) − y‖ ≤ factor^τ ‖f(W₀) − y‖."""
    later = slice(1, None)  # at τ = 0 the two sides are one number
    bound = factor.through(lambda rate: geometric_bound(run, rate)[later])
    return worst(statement, run.residual[later], bound, run.iterations[later], vacuous=vacuous, note=note)


def neighbourhood(
    statement: str, run: Trajectory, weight: Interval, *, vacuous: bool = False, note: str = ""
) -> Conclusion:
    """weight·‖W_τ − W₀‖_F + ‖f(W_τ) − y‖ ≤ ‖f(W₀) − y‖."""
    later = slice(1, None)  # at τ = 0 the two sides are one number
    left = weight.through(lambda w: w * run.distance[later] + run.residual[later])
    right = np.full_like(run.residual[later], run.residual[0])
    return worst(statement, left, right, run.iterations[later], vacuous=vacuous, note=note)


def path_length(
    statement: str, run: Trajectory, bound: Interval, *, vacuous: bool = False, note: str = ""
) -> Conclusion:
    """Σ‖W_{τ+1} − W_τ‖_F ≤ bound, over the run so far."""
    if len(run.iterations) < 2:
        return Conclusion(statement, math.nan, None, None, notes("nothing on this run to compare", note))
    longest = bound.through(lambda one: np.array([one]))
    return worst(statement, run.path_length[-1:], longest, run.iterations[-1:], vacuous=vacuous, note=note)


def probed(run: Trajectory, name: str) -> NDArray[np.float64]:
    """Return one quantity of the probes, shape (len(run.probes),)."""
    return np.array([float(getattr(probe, name)) for probe in run.probes])


def probe_iterations(run: Trajectory) -> NDArray[np.int64]:
    """Return the iterations of the probes, shape (len(run.probes),)."""
    return np.array([probe.iteration for probe in run.probes], dtype=np.int64)
