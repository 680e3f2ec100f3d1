"""``overparam theory``: the paper's quantities for a data set and an activation."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import click

from overparam.arrays.backends import Backend
from overparam.cli.instance import check_outputs, instance_of, instance_options
from overparam.cli.options import data_options, echo_json, json_flag
from overparam.cli.output import echo
from overparam.cli.settings import Settings
from overparam.cli.summary import echo_wrapped
from overparam.cli.visible import visible
from overparam.components.faults import calling
from overparam.figures import ENDINGS, chain_figure, save
from overparam.model.activations import Activation
from overparam.model.data import Gaussian
from overparam.model.initializations import Paper
from overparam.model.problem import Problem
from overparam.runs.elementwise import require_elementwise
from overparam.theory import (
    Chain,
    Estimate,
    Theorem,
    TheoryReport,
    lower_bounds_of,
    report_of,
    setting_in_double,
)

__all__ = ["theory"]


@click.command()
@instance_options(data_options)
@click.option(
    "--order",
    type=click.IntRange(min=2, max=1_000),
    default=4,
    show_default=True,
    help="Hermite degrees and Khatri-Rao powers.",
)
@click.option(
    "--plot",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Draw the lower bounds on λ(X) and σ²min(J(W₀))/‖v‖² over kd/n.",
)
@json_flag
@click.pass_obj
def theory(settings: Settings, /, **given: Any) -> None:
    """Compute the paper's quantities for a data set and an activation.

    The data are those of overparam train with the same options, rounded to float32 with --dtype float32. All
    computations are in float64.

    A coefficient (μ, μ̃, γ, μ_r) or σmin that cannot be distinguished from zero within its error is set to
    exactly 0. κ and κ̃ are then vacuous (null in JSON), and a note gives the reason. λ and λ̃ are printed
    with their errors. A number that overflows is null.

    A table lists the lower bounds on λ(X) from theorems, largest first, and σ²min(J(W₀))/‖v‖² for one W₀ with
    --k hidden units.
    """
    registry = settings.registry
    check_outputs(registry, given, {"plot": ENDINGS})
    backend = registry.resolve(Backend, settings.backend)
    backend.require()
    activation = registry.resolve(Activation, given["activation"])
    problem = instance_of(registry, {**given, "labels": Gaussian(), "initialization": Paper()})
    with backend.scope():
        dtype = settings.dtype or "float64"
        X, y, W0, v = (backend.asarray(a, dtype) for a in (problem.X, problem.y, problem.W0, problem.v))
        require_elementwise(activation, X)
        with calling(activation):
            setting = setting_in_double(Problem(X, y, W0, v, key=problem.key), activation)
            report = report_of(setting, given["order"])
            chain = lower_bounds_of(setting, given["order"], registry.all_of(Theorem))
            figure = None if given["plot"] is None else chain_figure(chain, setting, given["seed"])
    if figure is not None:
        save(figure, given["plot"])
    if given["as_json"]:
        echo_json({"command": "theory", **report.to_json(), "chain": chain.to_json()})
    else:
        _print(report)
        echo()
        _print_chain(chain)


def _print(report: TheoryReport) -> None:
    c = report.constants
    bound = "none" if c.bound.value is None else f"{c.bound.value:.6g}"
    lines = [
        ("n, d", f"{report.n}, {report.d}"),
        ("activation", report.activation.specification()),
        ("B", bound),
        ("μ = E[gφ′(g)]", _number(c.mu.value, 15)),
        ("μ̃ = E[φ′(g)]", _number(c.mu_tilde.value, 15)),
        ("γ = μ₂(φ)", _number(c.gamma.value, 15)),
        ("μ_r(φ′)", ", ".join(_number(x, 6) for x in c.hermite_derivative)),
        ("μ_r(φ)", ", ".join(_number(x, 6) for x in c.hermite_value)),
        ("‖X‖", f"{report.spectral_norm_X:.6g}"),
        *((f"σmin(X^∗{s.order})", f"{s.sigma_min:.6g}") for s in report.khatri_rao),
        ("λ(X)", _with_error(report.lambda_)),
        ("λ̃(X)", _with_error(report.lambda_tilde)),
        ("κ(X)", _or_vacuous(report.kappa, "σmin(X^∗2) cannot be distinguished from zero")),
        ("κ̃(X)", _or_vacuous(report.kappa_tilde, "λ(X) cannot be distinguished from zero")),
    ]
    for name, text in lines:
        echo(f"{name:<16} {text}")
    for note in report.notes:
        echo(f"note: {note}")


def _print_chain(chain: Chain) -> None:
    """Print one line per quantity, largest first."""
    echo("Lower bounds on λ(X), largest first")
    width = max(len(rung.symbol) for rung in chain.rungs)
    echo(f"{'quantity':<{width}}  {'value':>10}  {'of λ(X)':>8}  from")
    for rung, above in zip(chain.rungs, (*chain.above_next(), True), strict=True):
        share = chain.of_lambda(rung)
        value = "zero" if rung.value is None or rung.value.high == 0.0 else f"{float(rung.value.value):.4g}"
        text = f"{visible(rung.symbol):<{width}}  {value:>10}  "
        text += f"{'' if share is None else f'{share:.3g}':>8}  {visible(rung.source)}"
        echo_wrapped(text + ("" if above else "; not distinguishable from the next"), width + 2)
    for rung in chain.rungs:
        if rung.note:
            echo_wrapped(f"note: {visible(rung.symbol)}: {visible(rung.note)}", 6)
    for rung in chain.left_out:
        echo_wrapped(f"left out: {visible(rung.symbol)}: {visible(rung.note)}", 10)


def _number(value: float, digits: int) -> str:
    return f"{value:.{digits}g}" if math.isfinite(value) else "not computable"


def _with_error(estimate: Estimate) -> str:
    if not math.isfinite(estimate.error):
        return "not computable"
    return f"{estimate.value:.12g} ± {estimate.error:.1e}"


def _or_vacuous(value: float, reason: str) -> str:
    return _number(value, 6) if math.isfinite(value) else f"vacuous: {reason}"
