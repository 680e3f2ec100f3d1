"""``overparam boundary``: the width at which half of the training runs succeed, and its scaling."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from io import StringIO
from pathlib import Path

import click

from overparam.cli.claims import claims_of, claims_option, distinct, note_left_out
from overparam.cli.options import echo_json, json_flag
from overparam.cli.output import echo
from overparam.cli.settings import Settings
from overparam.cli.visible import visible
from overparam.figures import ENDINGS, boundary_table, save, scaling_figure
from overparam.files import check_output, replaced
from overparam.markup import figure_text
from overparam.studies import BoundaryScaling, load_study
from overparam.studies.boundary import COLUMNS
from overparam.theory import Curve

__all__ = ["boundary"]

_CSV = ".csv"


@click.command()
@click.argument("studies", type=click.Path(path_type=Path), nargs=-1, required=True, metavar="STUDY...")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A .png, .svg or .pdf file for the picture, or a .csv file for the table.",
)
@click.option(
    "--level",
    type=click.FloatRange(0.0, 1.0, min_open=True, max_open=True),
    default=0.95,
    show_default=True,
    help="Confidence level of the intervals.",
)
@claims_option
@json_flag
@click.pass_obj
def boundary(
    settings: Settings,
    studies: tuple[Path, ...],
    output: Path | None,
    level: float,
    claimed: str | None,
    as_json: bool,
) -> None:
    """Measure the width at which half of the training runs of each STUDY succeed, and how it scales.

    k is the width, counted in units that can act, with its interval. The exponents alpha and beta describe
    the effective parameters at the boundary, ~ n^alpha d^beta. They come from binomial regression, with
    intervals clustered by (n, d), and need statsmodels: pip install 'overparam[boundary]'. --claims draws the
    widths of theorems and claims beside the boundary, as in overparam plot.
    """
    if len({str(path) for path in studies}) < len(studies):
        raise ValueError("a study is named twice")
    if output is not None:
        check_output(output, (*ENDINGS, _CSV), inputs=studies)
    loaded = {str(path): load_study(path) for path in studies}
    found = {name: study.boundary(level) for name, study in loaded.items()}
    claims = {
        name: [] if claimed is None else [*claims_of(settings, study, claimed, study.sample_sizes()).values()]
        for name, study in loaded.items()
    }
    for name, of_study in claims.items():
        note_left_out(settings, of_study, f"{visible(name)}: " if len(loaded) > 1 else "")
    if output is not None:
        _write(output, found, distinct([each for of_study in claims.values() for each in of_study]))
        settings.note(f"{output}: the {'table' if output.suffix.lower() == _CSV else 'boundary'} written")
    if as_json:
        echo_json(
            {
                "command": "boundary",
                "level": level,
                "boundaries": [
                    {"study": name, **asdict(crossing)}
                    for name, one in found.items()
                    for crossing in one.crossings
                ],
                "exponents": [{"study": name, **one.to_json()} for name, one in found.items()],
                "claims": [
                    {"study": name, **each}
                    for name, of_study in claims.items()
                    for one in of_study
                    for each in one.to_json()
                ],
                "output": None if output is None else str(output),
            }
        )
        return
    for name, one in found.items():
        if len(found) > 1:
            echo(f"{visible(name)}:")
        for line in boundary_table(one):
            echo(line)
        for local in one.local:
            echo(
                f"exponent of n between {local.n} and {local.next_n}: {local.alpha.value:.2f}, "
                f"{local.alpha.low:.2f} to {local.alpha.high:.2f}"
            )
        echo(one.sentence)


def _write(output: Path, found: Mapping[str, BoundaryScaling], claims: Sequence[Curve]) -> None:
    if output.suffix.lower() != _CSV:
        named = {figure_text(visible(name)): one for name, one in found.items()}
        save(scaling_figure(named, claims=claims), output)
        return
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["study", *COLUMNS])
    for name, one in found.items():
        for crossing in one.crossings:
            writer.writerow([name, *asdict(crossing).values()])
    with replaced(output) as file:
        file.write(text.getvalue().encode())
