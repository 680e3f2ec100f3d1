"""The option ``--claims``, and the claims that it selects."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import click

from overparam.cli.options import F
from overparam.cli.settings import Settings
from overparam.studies import Study, crossings, restore
from overparam.theory import Claim, Claims, Curve, LeftOut, Theorem, chosen, claims

__all__ = ["claims_of", "claims_option", "distinct", "note_left_out"]


def claims_option(function: F) -> F:
    """Option that selects claims about widths: all, or some by name."""
    return click.option(
        "--claims",
        "claimed",
        metavar="all|NAME,…",
        help="Draw the widths that theorems and claims call sufficient. Those about another setting are left "
        "out, with the reason.",
    )(function)


def claims_of(settings: Settings, study: Study, named: str, sizes: Sequence[int]) -> dict[int, Claims]:
    """Return the claims about a study at each n, fitted to its measured boundary, at the d of its grid.

    Raises
    ------
    ComponentError
        For an unknown claim, or a component of the study that is not installed.
    SpecificationMismatch
        If the study's components or its data have changed.
    """
    registry = settings.registry
    asked = chosen(named, (*registry.all_of(Claim), *registry.all_of(Theorem)))
    specification = restore(study, registry.resolve)
    inputs = {n: sorted({cell.d for cell in study.cells() if cell.n == n and cell.d}) for n in sizes}
    boundary = crossings(study)
    return {n: claims(specification, n, inputs[n], boundary=boundary, assertions=asked) for n in sizes}


def distinct(found: Iterable[Claims]) -> list[Curve]:
    """Return every curve once, even if several studies have it."""
    curves = (curve for each in found for curve in each.curves)
    return [*{(curve.name, curve.n, curve.d, curve.k): curve for curve in curves}.values()]


def note_left_out(settings: Settings, found: Sequence[Claims], of: str = "") -> None:
    """Report on standard error which claims are left out and why, each once."""
    for text in dict.fromkeys(_left_out(one) for each in found for one in each.left_out):
        settings.note(f"{of}{text}")


def _left_out(one: LeftOut) -> str:
    return f"{one.name} ({one.title}) is left out: {one.reason}"
