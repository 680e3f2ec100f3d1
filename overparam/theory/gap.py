"""The gap between a theorem and a run, split into one factor for each step of the proof.

Each factor replaces one number in the proof by its measured value, and the product of all factors is the gap:
the width that the theorem requires over the width of the network, or the measured rate over the promised one.
docs/theory/index.md derives the splits.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from overparam.arrays import array_namespace
from overparam.markup import table
from overparam.model.network import hidden_features, residual
from overparam.quantities.correlations import precision
from overparam.theory.certificate import Certificate
from overparam.theory.empirical import empirical_kernel
from overparam.theory.evaluated import Evaluated, json_number
from overparam.theory.evaluation import evaluate_theorem
from overparam.theory.probes import Trajectory
from overparam.theory.setting import Setting
from overparam.theory.theorems.base import Theorem
from overparam.theory.theorems.jacobian import flip_budget
from overparam.theory.theorems.output_layer import CHERNOFF_HALF, Theorem32
from overparam.theory.theorems.promises import relative_step
from overparam.theory.theorems.relu import Theorem63, relu_step
from overparam.theory.theorems.smooth import Theorem62, smooth_step

__all__ = ["Factor", "Gap", "gaps"]


@dataclass(frozen=True)
class Factor:
    """The factor that one step of a proof loses.

    Attributes
    ----------
    name : str
    promised, measured : float
        The value in the proof, and the value of this instance.
    power : int
        Power of their quotient in the gap.
    """

    name: str
    promised: float
    measured: float
    power: int

    @property
    def value(self) -> float:
        """Return (promised/measured)^power: above 1 if this step loses something here."""
        return float((self.promised / self.measured) ** self.power)


@dataclass(frozen=True)
class Gap:
    """The gap between a theorem and a run, and its factors.

    Attributes
    ----------
    theorem : Theorem
    quantity : "width" or "rate"
    theory, practice : float
        The width that the theorem requires and the network's; or the promised and the measured rate, the
        average fraction by which the residual falls per update.
    factors : tuple of Factor
        Empty if there is no gap to split; `reason` says why.
    reason : str
    """

    theorem: Theorem
    quantity: Literal["width", "rate"]
    theory: float = math.nan
    practice: float = math.nan
    factors: tuple[Factor, ...] = ()
    reason: str = ""

    @property
    def value(self) -> float:
        """Required width over actual width, or measured over promised rate: the total loss of the theory."""
        return self.theory / self.practice if self.quantity == "width" else self.practice / self.theory

    def _repr_html_(self) -> str:
        """One row per factor."""
        rows: list[tuple[object, ...]] = [
            (one.name, one.promised, one.measured, one.power, one.value) for one in self.factors
        ]
        rows.append((self.reason or "product", None, None, None, self.value if self.factors else None))
        head = ("step of the proof", "promised", "measured", "power", "factor")
        return table(f"{self.theorem.title}, {self.quantity}", rows, head)

    def to_json(self) -> dict[str, Any]:
        """Return an element of "gap" in the JSON of ``overparam certify --gap``."""
        return {
            "theorem": self.theorem.title,
            "component": self.theorem.specification(),
            "quantity": self.quantity,
            "theory": json_number(self.theory),
            "practice": json_number(self.practice),
            "gap": json_number(self.value) if self.factors else None,
            "factors": [
                {
                    "name": one.name,
                    "promised": json_number(one.promised),
                    "measured": json_number(one.measured),
                    "power": one.power,
                    "factor": json_number(one.value),
                }
                for one in self.factors
            ],
            "reason": self.reason or None,
        }


def gaps(certificate: Certificate) -> tuple[Gap, ...]:
    """Return the gaps of Theorems 6.2, 6.3 and 3.2 with their factors, or why one does not apply.

    Examples
    --------
    >>> import overparam as op
    >>> from overparam.theory import certify, gaps
    >>> problem = op.draw_problem(n=12, d=8, k=20)
    >>> width = gaps(certify(problem, max_iterations=50))[0]
    >>> round(math.prod(one.value for one in width.factors) / width.value, 9)
    1.0
    """
    setting, run = certificate.setting, certificate.run
    found: list[Gap] = []
    for theorem, smooth in ((Theorem62(), True), (Theorem63(), False)):
        one = _asked(theorem, setting, run)
        found.append(_split(theorem, "width", one, partial(_width, setting, run, smooth=smooth)))
        found.append(_split(theorem, "rate", one, partial(_rate, setting, smooth=smooth)))
    last = Theorem32()
    output = last.reservation(setting) or _asked(last, setting, run)
    found.append(_split(last, "width", output, partial(_output, setting)))
    return tuple(found)


_Parts = tuple[float, float, list[Factor]]


class _NoGap(ValueError):
    """Error if there is no gap to split; the message says why."""


def _asked(theorem: Theorem, setting: Setting, run: Trajectory) -> Evaluated | str:
    answer = evaluate_theorem(theorem, setting, run)
    return answer if isinstance(answer, Evaluated) else answer.reason


def _split(
    theorem: Theorem,
    quantity: Literal["width", "rate"],
    asked: Evaluated | str,
    parts: Callable[[Evaluated], _Parts],
) -> Gap:
    if isinstance(asked, str):
        return Gap(theorem, quantity, reason=asked)
    try:
        theory, practice, factors = parts(asked)
    except _NoGap as reason:
        return Gap(theorem, quantity, reason=str(reason))
    for one in factors:
        if not (0.0 < one.promised < math.inf and 0.0 < one.measured < math.inf):
            why = f"{one.name}: {one.promised:.3g} against {one.measured:.3g} has no quotient"
            return Gap(theorem, quantity, theory, practice, reason=why)
    return Gap(theorem, quantity, theory, practice, tuple(factors))


def _start(setting: Setting) -> tuple[float, float]:
    """‖v‖²λ(X), at the lower end of its error, and σmin(J(W₀)), both certainly nonzero."""
    if setting.lambda_note:
        raise _NoGap(setting.lambda_note)
    if not setting.sigma_min_interval.positive:
        raise _NoGap("σmin(J(W₀)) is zero within its error: the proof does not start")
    return setting.v_norm**2 * float(setting.lambda_interval.low), float(setting.sigma_min_interval.value)


def _width(setting: Setting, run: Trajectory, asked: Evaluated, *, smooth: bool) -> _Parts:
    """4L‖f(W₀) − y‖/α² of (6.18), or the radius over that of Lemma 6.9; both grow as √(required k/k)."""
    kernel, sigma = _start(setting)
    promised_sigma = math.sqrt(0.5 * kernel)
    moved = [probe for probe in run.probes if probe.jacobian_change > 0.0]
    if not moved:
        raise _NoGap("the Jacobian did not change along the run")
    far = max(moved, key=lambda probe: probe.jacobian_change)
    misfit, y, k = setting.initial_misfit, setting.label_norm, setting.k
    # In the proofs W moves by at most 4‖r‖/α or 3‖r‖/α with α = σmin/2, and J by σmin/2 or σmin/6.
    reach, allowed = (8.0, 0.5) if smooth else (6.0, 1.0 / 6.0)
    distance = far.distance if smooth else far.spectral_distance
    change = far.jacobian_change / distance
    slopes, surer = math.sqrt(setting.constants.derivative_moment.value), setting.delta * (1 if smooth else 2)
    linear = _linearized_distance(setting)
    flat = setting.v_norm / setting.v_largest
    if smooth:
        lipschitz = setting.M * setting.v_largest * setting.spectral_norm_X
        weights = Factor("v is not Theorem 2.1's", math.sqrt(k / setting.n) * y, setting.v_norm * flat, -2)
        steps = [
            Factor("B for |φ″|, M = sup |φ″|", setting.B, setting.M, 2),
            Factor("Lemma 6.8, the change of J per distance", lipschitz, change, 2),
        ]
    else:
        radius = float(flip_budget(setting).low) ** 1.5 / (2.0 * k)
        weights = Factor(
            "v is not Theorem 2.1's", y / math.sqrt(setting.n) * k**1.5, setting.v_norm * flat**3, -2
        )
        steps = [
            Factor("Frobenius against spectral distance", far.distance, far.spectral_distance, 2),
            Factor("Lemma 6.9, the change of J per distance", allowed * promised_sigma / radius, change, 2),
        ]
    factors = [
        weights,
        Factor("Lemma 6.12, B for √E[φ′²]", 1 + (1 + surer) * setting.B, 1 + (1 + surer) * slopes, 2),
        Factor("Lemma 6.12, δ for the probability", 1 + (1 + surer) * slopes, 1 + slopes, 2),
        Factor("Lemma 6.12, ‖f(W₀) − y‖", (1 + slopes) * y, misfit, 2),
        Factor("Lemma 6.7, ½ for the draw of W₀", promised_sigma, math.sqrt(kernel), -4),
        Factor("Lemma 6.7, ‖v‖√λ against σmin(J(W₀))", math.sqrt(kernel), sigma, -4),
        Factor("constants of Theorem 6.10" if smooth else "constants of Theorem 6.13", reach, 1.0, 2),
        Factor("λ for the spectrum that matters", misfit / sigma, linear, 2),
        Factor("linearized against measured distance", linear, far.distance, 2),
        *steps,
        Factor("left: change of J over what is allowed", far.jacobian_change, allowed * sigma, 2),
    ]
    return asked.theorem.width(setting) or math.nan, float(k), factors


def _linearized_distance(setting: Setting) -> float:
    """√(r₀ᵀ(J(W₀)J(W₀)ᵀ)⁻¹r₀), the distance that the network linearized at W₀ needs to fit all labels."""
    p = setting.problem
    xp = array_namespace(p.X)
    values, vectors = xp.linalg.eigh(empirical_kernel(p.X, p.W0, p.v, setting.activation))
    parts = vectors.mT @ residual(p.X, p.y, p.W0, p.v, setting.activation)
    least = float(setting.sigma_min_interval.value) ** 2
    return math.sqrt(float(xp.sum(parts * parts / xp.clip(values, min=least))))


def _rate(setting: Setting, asked: Evaluated, *, smooth: bool) -> _Parts:
    """Measured over promised fraction by which the residual falls per update."""
    kernel, sigma = _start(setting)
    rate, size = asked.rate, setting.step_size
    if rate is None or size is None:
        raise _NoGap("there were no updates")
    if not rate.measured > 0.0:
        raise _NoGap("the residual did not fall")
    step, times = (smooth_step(setting), 2.0) if smooth else (relu_step(setting), 3.0)
    norm, moment = setting.jacobian_at_start.spectral_norm**2, setting.constants.derivative_moment.value
    labels = (setting.label_norm * setting.spectral_norm_X) ** 2 / setting.n
    taken = relative_step(step)
    promised_step = taken / (times * setting.B**2 * labels)
    factors = [
        Factor("Lemma 6.6, B² for E[φ′²]", setting.B**2, moment, 1),
        Factor("Lemma 6.6, ‖J(W₀)‖²", moment * labels, norm, 1),
        Factor("step, with ‖J(W₀)‖² for Lemma 6.6's", taken / (times * norm), size, -1),
        Factor("Lemma 6.7, ½ for the draw of W₀", 0.5 * kernel, kernel, -1),
        Factor("Lemma 6.7, ‖v‖²λ against σ²min(J(W₀))", kernel, sigma**2, -1),
        Factor("constants of the proof", rate.promised / (0.5 * promised_step * kernel), 1.0, -1),
        Factor("λ for the spectrum that matters", size * sigma**2, rate.measured, -1),
    ]
    return rate.promised, rate.measured, factors


def _output(setting: Setting, asked: Evaluated) -> _Parts:
    """101·log n·T²/(0.153·(λ̃ − …)) over k."""
    if setting.lambda_tilde_note:
        raise _NoGap(setting.lambda_tilde_note)
    n, k = setting.n, setting.k
    theorem = Theorem32()
    features = hidden_features(setting.problem.X, setting.problem.W0, setting.activation)
    xp = array_namespace(features)
    singular = xp.linalg.svdvals(features)
    told = max(n, k) * precision(features) * float(xp.max(singular))
    if k < n or not float(xp.min(singular)) > told:
        raise _NoGap("Φ does not have full row rank: λmin(ΦΦᵀ) is zero within its error")
    least = float(xp.min(singular)) ** 2
    longest = float(xp.max(xp.sum(features * features, axis=0)))
    log_n, moment = math.log(n), setting.constants.value_moment.value
    floor, truth = theorem.floor(setting), float(setting.lambda_tilde_interval.low)
    factors = [
        Factor("truncation, B√(404 log n) added to √E[φ²]", theorem.reach(setting), math.sqrt(moment), 2),
        Factor("n·E[φ²] for the largest ‖φ(Xw)‖² at W₀", n * moment, longest, 1),
        Factor("probability 1 − n⁻¹⁰⁰ for ½", 101.0 * log_n, math.log(2.0 * n), 1),
        Factor("6B²/n¹⁰⁰", floor, truth, -1),
        Factor("kλ̃ against λmin(ΦΦᵀ)", k * truth, least, -1),
        Factor("matrix Chernoff at ½", math.log(2.0 * n) / CHERNOFF_HALF, 1.0, 1),
        Factor("left: one unit's ‖φ(Xw)‖² over λmin(ΦΦᵀ)", longest, least, 1),
    ]
    return asked.theorem.width(setting) or math.nan, float(k), factors
