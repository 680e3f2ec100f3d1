"""``overparam theory``: the paper's quantities for a data set and an activation."""

from __future__ import annotations

from typing import Any

import click

from overparam.activations import Activation
from overparam.backends import Backend
from overparam.cli.instance import instance_of, instance_options
from overparam.cli.options import echo_json, json_flag
from overparam.cli.output import echo
from overparam.cli.settings import Settings
from overparam.faults import calling
from overparam.theory import TheoryReport, theory_report
from overparam.training.elementwise import require_elementwise

__all__ = ["theory"]


@click.command()
@instance_options
@click.option(
    "--order",
    type=click.IntRange(min=2, max=1_000),
    default=4,
    show_default=True,
    help="Hermite degrees and Khatri-Rao powers.",
)
@json_flag
@click.pass_obj
def theory(settings: Settings, /, **given: Any) -> None:
    """Compute the paper's quantities for a data set and an activation.

    The data are those of the trial that train would run with the same options.
    """
    registry = settings.registry
    backend = registry.resolve(Backend, settings.backend)
    backend.require()
    activation = registry.resolve(Activation, given["activation"])
    problem = instance_of(registry, given)
    with backend.scope():
        X = backend.asarray(problem.X, settings.dtype or "float64")
        require_elementwise(activation, X)
        with calling(activation):
            report = theory_report(X, activation, order=given["order"])
    if given["as_json"]:
        echo_json({"command": "theory", **report.to_json()})
    else:
        _print(report)


def _print(report: TheoryReport) -> None:
    c = report.constants
    bound = "none" if c.bound.value is None else f"{c.bound.value:.6g}"
    lines = [
        ("n, d", f"{report.n}, {report.d}"),
        ("activation", report.activation.specification()),
        ("B", bound),
        ("μ = E[gφ′(g)]", f"{c.mu.value:.15g}"),
        ("μ̃ = E[φ′(g)]", f"{c.mu_tilde.value:.15g}"),
        ("γ = μ₂(φ)", f"{c.gamma.value:.15g}"),
        ("μ_r(φ′)", ", ".join(f"{x:.6g}" for x in c.hermite_derivative)),
        ("μ_r(φ)", ", ".join(f"{x:.6g}" for x in c.hermite_value)),
        ("‖X‖", f"{report.spectral_norm_X:.6g}"),
        *((f"σmin(X^∗{s.order})", f"{s.sigma_min:.6g}") for s in report.khatri_rao),
        ("λ(X)", f"{report.lambda_.value:.12g} ± {report.lambda_.error:.1e}"),
        ("λ̃(X)", f"{report.lambda_tilde.value:.12g} ± {report.lambda_tilde.error:.1e}"),
        ("κ(X)", f"{report.kappa:.6g}"),
        ("κ̃(X)", f"{report.kappa_tilde:.6g}"),
    ]
    for name, text in lines:
        echo(f"{name:<16} {text}")
    for note in report.notes:
        echo(f"note: {note}")
