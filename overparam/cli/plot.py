"""``overparam plot``: pictures of studies."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from overparam.cli.claims import claims_of, claims_option, distinct, note_left_out
from overparam.cli.options import echo_json, json_flag
from overparam.cli.settings import Settings
from overparam.cli.visible import visible
from overparam.figures import ENDINGS, boundaries_figure, phase_figure, save, title_of
from overparam.files import check_output
from overparam.markup import figure_text
from overparam.studies import Study, StudyError, crossings, load_study
from overparam.theory import Claims

__all__ = ["plot", "titled"]


@click.command()
@click.argument("studies", metavar="STUDY…", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="A .png, .svg or .pdf file.",
)
@click.option(
    "--panels",
    is_flag=True,
    help="For several studies, draw phase diagrams side by side instead of boundaries.",
)
@claims_option
@json_flag
@click.pass_obj
def plot(
    settings: Settings,
    studies: tuple[Path, ...],
    output: Path,
    panels: bool,
    claimed: str | None,
    as_json: bool,
) -> None:
    """Draw a study's phase diagram, one panel per n, or the boundaries of several studies in one plot.

    The boundary is the width at which half of the training runs succeed, with its 95 % interval; an arrow
    means that it lies beyond the trained widths. With --claims, the line style shows the kind of a claim:
    exact solid, order dashed, existence dotted, conjecture dash-dotted. The constant of an order claim is
    fitted to the measured boundary. Widths that depend on X are computed from the data of trial 0.
    """
    check_output(output, ENDINGS, inputs=list(studies))
    loaded = {path: load_study(path) for path in studies}
    sizes = {path: study.sample_sizes() for path, study in loaded.items()}
    for path, found in sizes.items():
        if not found:
            raise StudyError(f"{path} holds no finished trials to draw")
    claims = {
        path: {} if claimed is None else claims_of(settings, study, claimed, sizes[path])
        for path, study in loaded.items()
    }
    document: dict[str, Any] = {
        "command": "plot",
        **({"study": str(studies[0])} if len(studies) == 1 else {"studies": [str(path) for path in studies]}),
        "output": str(output),
        "n": sorted({n for found in sizes.values() for n in found}),
    }
    if panels or len(loaded) == 1:
        _draw_panels(loaded, sizes, claims, output)
    else:
        document["boundaries"] = _draw_boundaries(loaded, claims, output)
    for path, of_study in claims.items():
        note_left_out(settings, list(of_study.values()), f"{path}: " if len(loaded) > 1 else "")
    settings.note(f"{output}: n = {', '.join(map(str, document['n']))} drawn")
    if claimed is not None:
        document["claims"] = [
            {**({"study": str(path)} if len(loaded) > 1 else {}), **one}
            for path, of_study in claims.items()
            for found in of_study.values()
            for one in found.to_json()
        ]
    if as_json:
        echo_json(document)


def _draw_panels(
    studies: dict[Path, Study],
    sizes: dict[Path, list[int]],
    claims: dict[Path, dict[int, Claims]],
    output: Path,
) -> None:
    """Draw a phase diagram for every n of every study."""
    names = _names(studies) if len(studies) > 1 else dict.fromkeys(studies, "")
    panels = [(path, n) for path in studies for n in sizes[path]]
    figure = phase_figure(
        [studies[path].diagram(n) for path, n in panels],
        [f"{names[path]}{': ' if names[path] else ''}{titled(studies[path], n)}" for path, n in panels],
        claims=[claims[path][n].curves if claims[path] else () for path, n in panels],
    )
    save(figure, output)


def _draw_boundaries(
    studies: dict[Path, Study], claims: dict[Path, dict[int, Claims]], output: Path
) -> list[dict[str, Any]]:
    """Draw the measured boundaries in one plot, and shared claims once; return the points."""
    names, found = _names(studies), {path: crossings(study) for path, study in studies.items()}
    if not any(found.values()):
        raise StudyError(f"{' and '.join(map(str, studies))} hold no finished trials to draw")
    curves = distinct(each for of_study in claims.values() for each in of_study.values())
    labelled = {names[path]: crossed for path, crossed in found.items()}
    save(boundaries_figure(labelled, claims=curves), output)
    kept = ("n", "d", "k", "k_low", "k_high", "trials", "updates")
    return [
        {"study": str(path), **{key: getattr(one, key) for key in kept}}
        for path, crossed in found.items()
        for one in crossed
    ]


def _names(studies: Sequence[Path] | dict[Path, Study]) -> dict[Path, str]:
    """Return a study's name in a legend: that of its file, or the whole path if two files share a name."""
    stems = [path.stem for path in studies]
    return {
        path: figure_text(visible(str(path) if stems.count(path.stem) > 1 else path.stem)) for path in studies
    }


def titled(study: Study, n: int) -> str:
    """Return a panel's title for matplotlib, which reads formulas between dollars."""
    return figure_text(title_of(study, n))
