"""``overparam plot``: a study's picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from overparam.cli.claims import claims_of, claims_option, note_left_out
from overparam.cli.options import echo_json, json_flag
from overparam.cli.settings import Settings
from overparam.cli.visible import visible
from overparam.figures import ENDINGS, phase_figure, save
from overparam.files import check_output
from overparam.studies import Study, StudyError, load_study

__all__ = ["plot", "titled"]


@click.command()
@click.argument("study", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="A .png, .svg or .pdf file.",
)
@claims_option
@json_flag
@click.pass_obj
def plot(settings: Settings, study: Path, output: Path, claimed: str | None, as_json: bool) -> None:
    """Draw STUDY's phase diagram, a panel for every n.

    With --claims, the style of a claim's curve tells its kind: exact solid, order dashed, existence dotted,
    conjecture dash-dotted. The constant of an order claim is fitted to the measured boundary. Widths that
    depend on X are those of the data of trial 0.
    """
    check_output(output, ENDINGS, inputs=[study])
    loaded = load_study(study)
    sizes = loaded.sample_sizes()
    if not sizes:
        raise StudyError(f"{study} holds no finished trials to draw")
    found = {} if claimed is None else claims_of(settings, loaded, claimed, sizes)
    save(
        phase_figure(
            [loaded.diagram(n) for n in sizes],
            [titled(loaded, n) for n in sizes],
            claims=[found[n].curves for n in sizes] if found else None,
        ),
        output,
    )
    note_left_out(settings, list(found.values()))
    settings.note(f"{output}: n = {', '.join(map(str, sizes))} drawn")
    if as_json:
        document: dict[str, Any] = {
            "command": "plot",
            "study": str(study),
            "output": str(output),
            "n": sizes,
        }
        if claimed is not None:
            document["claims"] = [one for n in sizes for one in found[n].to_json()]
        echo_json(document)


def titled(study: Study, n: int) -> str:
    """Return a panel's title: activation, optimizer and n; loss and layers where they are not the paper's."""
    named = study.specification
    parts = [named.get("activation", "?"), named.get("optimizer", "?")]
    if (loss := named.get("loss", "squared")) != "squared":
        parts.append(f"{loss} loss")
    if (layers := named.get("layers", "hidden")) != "hidden":
        parts.append("both layers" if layers == "both" else f"{layers} layer")
    # Matplotlib reads formulas between dollars, and SVG holds no control characters.
    return ", ".join([*(visible(part).replace("$", r"\$") for part in parts), f"n = {n}"])
