"""``overparam reproduce``: the paper's Figure 2."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from overparam import defaults
from overparam.cli.options import (
    echo_json,
    executor_option,
    json_flag,
    max_iterations_option,
    range_option,
    trials_option,
)
from overparam.cli.output import echo
from overparam.cli.progress import train_with_progress
from overparam.cli.report import write_beside
from overparam.cli.settings import Settings
from overparam.cli.sweep import execution_of
from overparam.figures import ENDINGS, boundary_line, phase_figure, save
from overparam.files import check_output, replaced
from overparam.methods import GradientDescent
from overparam.model.activations import ReLU, Softplus
from overparam.runs import Recipe, StopRule
from overparam.studies import Grid, Specification, Study, load_study
from overparam.sweeps import Asked

__all__ = ["reproduce"]

_PANELS = {
    "fig2a": (100, Softplus(), GradientDescent(0.15)),
    "fig2b": (200, Softplus(), GradientDescent(0.15)),
    "fig2c": (100, ReLU(), GradientDescent(0.1)),
    "fig2d": (200, ReLU(), GradientDescent(0.1)),
}
_DRAWN, _BOUNDARY = (".png", ".svg"), "boundary.txt"
_CLAIM = (
    "The paper: success begins around kd = n, the white curve. The 15,000 updates are a budget: independent "
    "measurements put its 50 % boundary at kd/n of 1.4 to 1.7 for softplus and 1.5 to 2.2 for ReLU."
)


@click.command()
@click.argument("figure", type=click.Choice(["fig2", *_PANELS]))
@trials_option
@range_option("--grid", "1:25", "Values of k and of d.")
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("figure2"),
    show_default=True,
    help="Folder for studies, pictures and numbers.",
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@max_iterations_option
@executor_option
@json_flag
@click.pass_obj
def reproduce(settings: Settings, /, **given: Any) -> None:
    """Reproduce the paper's Figure 2 (fig2), or one panel of it.

    fig2a, fig2b: softplus, n = 100 and 200; fig2c, fig2d: ReLU. Interrupted, it goes on when run again.
    """
    output: Path = given["output"]
    output.mkdir(parents=True, exist_ok=True)
    names = list(_PANELS) if given["figure"] == "fig2" else [given["figure"]]
    for name in {*names, given["figure"]}:
        for ending in _DRAWN:
            check_output((output / name).with_suffix(ending), ENDINGS)
    check_output(output / _BOUNDARY)
    execution = execution_of(settings, given["executor"])
    studies: dict[str, Study] = {}
    for name in names:
        n, activation, optimizer = _PANELS[name]
        specification = Specification(
            seed=given["seed"],
            recipe=Recipe(
                activation=activation,
                optimizer=optimizer,
                stop=StopRule(given["max_iterations"]),
                dtype=settings.dtype or defaults.SWEEP_DTYPE,
            ),
        )
        grid = Grid.product([n], given["grid"], given["grid"], trials=given["trials"])
        settings.note(f"{name}: {activation.name}, n = {n}, {optimizer.specification()}")
        path = output / f"{name}.study"
        train_with_progress(settings, path, Asked(specification, grid), execution, as_json=given["as_json"])
        studies[name] = load_study(path)
        _draw(output / name, {name: studies[name]})
    if len(names) > 1:
        _draw(output / given["figure"], studies)
    write_beside(settings, output / f"{given['figure']}.html", list(studies.values()))
    _report(output, studies, as_json=given["as_json"])


def _draw(stem: Path, studies: dict[str, Study]) -> None:
    diagrams = [study.diagram(_PANELS[name][0]) for name, study in studies.items()]
    titles = [f"{_PANELS[name][1].name}, n = {_PANELS[name][0]}" for name in studies]
    for suffix in _DRAWN:
        save(phase_figure(diagrams, titles), stem.with_suffix(suffix))


def _report(output: Path, studies: dict[str, Study], *, as_json: bool) -> None:
    """Print the boundary of every panel beside the paper's claim, and keep it as text."""
    lines, panels = [], {}
    for name, study in studies.items():
        n = _PANELS[name][0]
        boundary = study.diagram(n).boundary()
        lines.append(f"{name}, {_PANELS[name][1].name}, {boundary_line(study.diagram(n))}")
        panels[name] = {
            "n": n,
            "activation": _PANELS[name][1].name,
            "boundary_kd_over_n": boundary.quantiles()[1],
            "boundary_effective_parameters_over_n": boundary.quantiles(effective=True)[1],
            **{key: value for key, value in study.status().items() if key != "specification"},
        }
    lines.append(_CLAIM)
    with replaced(output / _BOUNDARY) as file:
        file.write(("\n".join(lines) + "\n").encode())
    if as_json:
        echo_json({"command": "reproduce", "output": str(output), "panels": panels, "claim": _CLAIM})
    else:
        echo("\n".join([*lines, f"written to {output}"]))
