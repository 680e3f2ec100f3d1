"""``overparam plot``: a study's picture."""

from __future__ import annotations

from pathlib import Path

import click

from overparam.cli.options import echo_json, json_flag
from overparam.cli.settings import Settings
from overparam.figures import ENDINGS, phase_figure, save, title_of
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
@json_flag
@click.pass_obj
def plot(settings: Settings, study: Path, output: Path, as_json: bool) -> None:
    """Draw STUDY's phase diagram, a panel for every n."""
    check_output(output, ENDINGS, inputs=[study])
    loaded = load_study(study)
    sizes = loaded.sample_sizes()
    if not sizes:
        raise StudyError(f"{study} holds no finished trials to draw")
    save(phase_figure([loaded.diagram(n) for n in sizes], [titled(loaded, n) for n in sizes]), output)
    settings.note(f"{output}: n = {', '.join(map(str, sizes))} drawn")
    if as_json:
        echo_json({"command": "plot", "study": str(study), "output": str(output), "n": sizes})


def titled(study: Study, n: int) -> str:
    """Return a panel's title for matplotlib, which reads formulas between dollars."""
    return title_of(study, n).replace("$", r"\$")
