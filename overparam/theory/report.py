"""The paper's quantities for a data set and an activation: the results of ``overparam theory``."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import overparam as op
from overparam.arrays import Array
from overparam.markup import shown, table
from overparam.model.activations import Activation
from overparam.model.problem import Problem
from overparam.quantities.correlations import in_double, unit_rows
from overparam.quantities.gaussian import Estimate
from overparam.quantities.khatri_rao import KhatriRaoSpectrum, khatri_rao_spectrum
from overparam.runs import Recipe
from overparam.theory.constants import ActivationConstants, activation_constants
from overparam.theory.evaluated import json_number
from overparam.theory.setting import Setting

__all__ = ["TheoryReport", "report_of", "setting_in_double", "theory_report"]


@dataclass(frozen=True)
class TheoryReport:
    """Quantities of one data set and activation.

    Attributes
    ----------
    n, d : int
    activation : Activation
    constants : ActivationConstants
    spectral_norm_X : float
    khatri_rao : tuple of KhatriRaoSpectrum
        σmin(X^{∗r}) for r = 1, 2, …, order.
    lambda_, lambda_tilde : Estimate
        λ(X) and λ̃(X).
    notes : tuple of str
        Methods of the kernels, and quantities that are exactly zero or only estimated.
    """

    n: int
    d: int
    activation: Activation
    constants: ActivationConstants
    spectral_norm_X: float
    khatri_rao: tuple[KhatriRaoSpectrum, ...]
    lambda_: Estimate
    lambda_tilde: Estimate
    notes: tuple[str, ...]

    @property
    def kappa(self) -> float:
        """κ(X) = √(d/n)‖X‖/σ²min(X∗X) of (2.2); inf if σmin cannot be distinguished from 0."""
        return self._kappa(self.khatri_rao[1].sigma_min ** 2)

    @property
    def kappa_tilde(self) -> float:
        """κ̃(X) = √(d/n)‖X‖/λ(X) of (6.2); inf if λ cannot be distinguished from 0."""
        return self._kappa(self.lambda_.settled.value)

    def __repr__(self) -> str:
        values = {
            "λ": self.lambda_.value,
            "λ̃": self.lambda_tilde.value,
            "κ": self.kappa,
            "κ̃": self.kappa_tilde,
        }
        quantities = ", ".join(f"{name}={value:.4g}" for name, value in values.items())
        return f"TheoryReport(n={self.n}, d={self.d}, {self.activation.specification()}: {quantities})"

    def _repr_html_(self) -> str:
        """The content of ``overparam theory --json``."""
        rows = [(name, _listed(value)) for name, value in self.to_json().items()]
        return table("Theory", rows)

    def _kappa(self, smallest: float) -> float:
        scale = math.sqrt(self.d / self.n) * self.spectral_norm_X
        return scale / smallest if smallest > 0.0 else math.inf

    def to_json(self) -> dict[str, Any]:
        """Return the JSON of ``overparam theory``.

        Quantities that cannot be distinguished from zero are 0.0: coefficients, μ, μ̃, γ and σmin; κ and κ̃
        are then null. λ and λ̃ stay as computed, with their errors. A value that overflows is null.
        """
        c = self.constants
        return {
            "n": self.n,
            "d": self.d,
            "activation": self.activation.specification(),
            "B": json_number(c.bound.value),
            "mu": json_number(c.mu.value),
            "mu_tilde": json_number(c.mu_tilde.value),
            "gamma": json_number(c.gamma.value),
            "hermite_derivative": [json_number(x) for x in c.hermite_derivative],
            "hermite_value": [json_number(x) for x in c.hermite_value],
            "spectral_norm_X": self.spectral_norm_X,
            "sigma_min_khatri_rao": self.khatri_rao[1].sigma_min,
            "sigma_min_khatri_rao_powers": {str(s.order): s.sigma_min for s in self.khatri_rao},
            "lambda": json_number(self.lambda_.value),
            "lambda_error": json_number(self.lambda_.error),
            "lambda_tilde": json_number(self.lambda_tilde.value),
            "lambda_tilde_error": json_number(self.lambda_tilde.error),
            "kappa": json_number(self.kappa),
            "kappa_tilde": json_number(self.kappa_tilde),
            "notes": list(self.notes),
        }


def theory_report(X: Array, activation: str | Activation, *, order: int = 4) -> TheoryReport:
    """Return the paper's quantities for a data set and an activation.

    Parameters
    ----------
    X : array, shape (n, d)
        Unit rows, of any namespace.
    activation : str or Activation
    order : int
        Hermite coefficients of degree 0 to `order`, and X^{∗r} for r up to it; at least 2.

    Raises
    ------
    ValueError
        For an order below 2, or rows whose norm is not 1.
    """
    activation = op.default_registry().resolve(Activation, activation)
    X = unit_rows(in_double(X))
    # Labels and weights are not used.
    return report_of(setting_in_double(Problem(X, X[:, 0], X[:1, :], X[0, :1]), activation), order)


def setting_in_double(problem: Problem, activation: Activation) -> Setting:
    """Return a problem in float64, with rows of norm exactly 1, as a setting for theorems.

    Raises
    ------
    ValueError
        For rows whose norm is not 1.
    """
    p = problem
    y, W0, v = in_double(p.y), in_double(p.W0), in_double(p.v)
    in_full = Problem(unit_rows(in_double(p.X)), y, W0, v, key=p.key)
    return Setting(in_full, Recipe(activation=activation))


def report_of(setting: Setting, order: int = 4) -> TheoryReport:
    """Return the paper's quantities for the data and the activation of a setting.

    Raises
    ------
    ValueError
        For an order below 2.
    """
    if order < 2:
        raise ValueError(f"order must be at least 2, for X ∗ X; got {order}")
    X, activation = setting.problem.X, setting.activation
    constants = activation_constants(activation, order)
    spectra = tuple(khatri_rao_spectrum(X, r) for r in range(1, order + 1))
    sigma, sigma_tilde = setting.Sigma, setting.Sigma_tilde
    lambda_, lambda_tilde = setting.lambda_, setting.lambda_tilde
    notes = [f"Σ: {sigma.method}; Σ̃: {sigma_tilde.method}", *_vacuous(constants)]
    notes += [f"σmin(X^∗{s.order}): {s.note}" for s in spectra if s.note]
    notes += [] if spectra[1].nonzero else ["κ and bounds through σmin(X∗X) are vacuous"]
    notes += [constants.bound.note] if constants.bound.note else []
    for name, estimate, lost in (
        ("λ", lambda_, "κ̃ is vacuous"),
        ("λ̃", lambda_tilde, "Theorem 3.2 is vacuous"),
    ):
        if not math.isfinite(estimate.error):
            notes.append(f"{name} could not be computed: the square of the activation overflows; {lost}")
        elif not estimate.nonzero:
            notes.append(
                f"{name} is zero within its error: {estimate.value:.1e} ± {estimate.error:.1e}; {lost}"
            )
    return TheoryReport(
        n=setting.n,
        d=setting.d,
        activation=activation,
        constants=constants,
        spectral_norm_X=setting.spectral_norm_X,
        khatri_rao=spectra,
        lambda_=lambda_,
        lambda_tilde=lambda_tilde,
        notes=tuple(notes),
    )


def _listed(value: object) -> object:
    """A list or a mapping as a text of its values."""
    if isinstance(value, dict):
        return "; ".join(f"{key}: {shown(one)}" for key, one in value.items())
    return "; ".join(map(shown, value)) if isinstance(value, list) else value


def _vacuous(constants: ActivationConstants) -> list[str]:
    """Notes on coefficients that are zero or could not be computed, and on bounds that become vacuous."""
    notes = []
    for name, estimate, lost in (
        ("μ", constants.mu, "; bounds through μ²σ²min(X∗X) are vacuous"),
        ("μ̃", constants.mu_tilde, ""),
        ("γ", constants.gamma, ""),
    ):
        if not math.isfinite(estimate.error):
            notes.append(f"{name} could not be computed: the square of the activation overflows{lost}")
        elif not estimate.nonzero:
            within = f"zero within {estimate.error:.1e}" if estimate.error else "exactly zero"
            notes.append(f"{name} is {within}{lost}")
    return notes
