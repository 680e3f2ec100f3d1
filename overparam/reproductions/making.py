"""Reproduction of a figure into one folder: train its sweeps, draw its pictures, write its text."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from overparam.components.faults import PluginFailure, calling
from overparam.figures import ENDINGS, new_figure, save
from overparam.files import check_output, replaced
from overparam.reproductions.base import Figure, Reproduction, Setup
from overparam.studies.study import Study, load_study
from overparam.sweeps import Asked

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Picture

__all__ = ["Made", "Train", "folder_of", "make", "sweeps_of"]

Train = Callable[[str, Path, Asked], None]
"""Trains the sweep with this name into a study's file."""

_DRAWN = (".png", ".svg")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


@dataclass(frozen=True)
class Made:
    """A reproduced figure.

    Attributes
    ----------
    measured : tuple of str
    numbers : dict
    studies : dict of str to Study
    output : Path
        The folder of all output.
    table : Path
        The text file with the results and the claim.
    """

    measured: tuple[str, ...]
    numbers: dict[str, Any]
    studies: dict[str, Study]
    output: Path
    table: Path


def folder_of(figure: Figure) -> Path:
    """Return the default output folder of a figure."""
    return Path(figure.folder or figure.name)


def sweeps_of(figure: Figure, setup: Setup) -> Mapping[str, Asked]:
    """Return the figure's sweeps.

    Raises
    ------
    ValueError
        If a component is not installed, or a parameter is not valid.
    PluginFailure
        If the figure raises any other exception, or returns something else.
    """
    with calling(figure, may_refuse=True):
        sweeps = figure.sweeps(setup)
    if not isinstance(sweeps, Mapping) or not all(isinstance(asked, Asked) for asked in sweeps.values()):
        raise PluginFailure.of(figure, "must give its sweeps as a mapping of names to Asked")
    _require_names(figure, sweeps)
    return sweeps


def make(figure: Figure, setup: Setup, output: Path, train: Train) -> Made:
    """Train, draw and write a figure.

    Parameters
    ----------
    figure : Figure
    setup : Setup
    output : Path
        A folder, created if missing. Trials that its studies already hold are not trained again.
    train : callable

    Raises
    ------
    PlottingUnavailable
        If matplotlib is not available, before anything is trained.
    ValueError, PluginFailure
        As `sweeps_of`, and if a file cannot be written.
    """
    new_figure(1.0, 1.0)
    sweeps = sweeps_of(figure, setup)
    output.mkdir(parents=True, exist_ok=True)
    table = output / (figure.table or f"{figure.name}.txt")
    for name in {*sweeps, figure.name}:
        for ending in _DRAWN:
            check_output(output / f"{name}{ending}", ENDINGS)
    check_output(table)
    studies: dict[str, Study] = {}
    for name, asked in sweeps.items():
        path = output / f"{name}.study"
        train(name, path, asked)
        studies[name] = load_study(path)
        with calling(figure):
            pictures = figure.pictures(name, studies[name])
        _draw(figure, output, pictures)
    with calling(figure, may_refuse=True):
        found = figure.reproduced(setup, studies)
    lines = _lines(figure, found)
    _draw(figure, output, found.pictures)
    with replaced(table) as file:
        file.write(("\n".join([*lines, figure.claim]) + "\n").encode())
    return Made(lines, dict(found.numbers), studies, output, table)


def _lines(figure: Figure, found: object) -> tuple[str, ...]:
    if not isinstance(found, Reproduction) or not isinstance(found.numbers, Mapping):
        raise PluginFailure.of(figure, "must give a Reproduction with its numbers in a mapping")
    lines: Sequence[object] = found.measured
    if isinstance(lines, str) or not all(isinstance(line, str) for line in lines):
        raise PluginFailure.of(figure, "must give what was measured as a list of texts")
    return tuple(found.measured)


def _draw(figure: Figure, output: Path, pictures: Mapping[str, Picture]) -> None:
    _require_names(figure, pictures)
    for name, picture in pictures.items():
        for ending in _DRAWN:
            save(picture, output / f"{name}{ending}")


def _require_names(figure: Figure, files: Mapping[str, object]) -> None:
    for name in files:
        if not (isinstance(name, str) and _NAME.fullmatch(name)):
            raise PluginFailure.of(
                figure, f"must name files by letters, digits, hyphens and underscores, not {name!r}"
            )
