"""Checks of figures: they state a claim, can be produced, and produced again from complete studies."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from overparam.arrays.backends import NumPy
from overparam.components import Component, ComponentError
from overparam.components.faults import PluginFailure
from overparam.figures import PlottingUnavailable
from overparam.plugins import default_registry
from overparam.reproductions import Figure, Made, Setup, make
from overparam.runs import Portable
from overparam.sweeps import Asked, Execution, Serial
from overparam.testing.checks import Check, Skipped, require

__all__ = ["figure_checks"]

C = TypeVar("C", bound=Component)


def figure_checks(figure: Figure) -> list[Check]:
    """Return the named checks that every figure must pass.

    The figure is produced with its own parameters, so pass one that is quick.
    """
    return [
        Check("says-what-is-claimed", partial(_claims, figure)),
        Check("can-be-made-and-made-again", partial(_made_twice, figure)),
    ]


def _claims(figure: Figure) -> None:
    for name in ("title", "source", "claim"):
        text = getattr(figure, name, None)
        said = isinstance(text, str) and bool(text.strip()) and "\n" not in text
        require(said, f"its {name} must be a line of text, got {text!r}")


def _made_twice(figure: Figure) -> None:
    with TemporaryDirectory() as folder:
        first, trained = _made(figure, Path(folder))
        require(bool(first.measured), "it reports no measurement")
        _require_json(first)
        names = {path.name for path in Path(folder).iterdir()}
        for ending in (".png", ".svg"):
            require(any(name.endswith(ending) for name in names), f"it draws no picture: no {ending} file")
        before = {name: study.status()["done"] for name, study in first.studies.items()}
        require(trained == len(before), f"{trained} sweeps were trained for {len(before)} studies")
        again, _ = _made(figure, Path(folder))
        after = {name: study.status()["done"] for name, study in again.studies.items()}
        require(after == before, f"reproduced from complete studies, it trains more: {before}, then {after}")
        require(
            again.measured == first.measured,
            f"reproduced from the same studies, it reports {again.measured}, not {first.measured}: it may "
            "depend only on its parameters, the seed and the studies",
        )


def _made(figure: Figure, folder: Path) -> tuple[Made, int]:
    """Produce the figure on the portable engine; return it and its number of sweeps."""
    execution, trained = Execution(NumPy(), (Portable(),), Serial()), list[str]()

    def train(name: str, path: Path, asked: Asked) -> None:
        trained.append(name)
        asked.train(path, execution)

    try:
        return make(figure, Setup(_resolve), folder, train), len(trained)
    except PlottingUnavailable as error:
        raise Skipped(str(error)) from error
    except PluginFailure as error:
        if isinstance(error.__cause__, Skipped):  # raised below, within the figure's own code
            raise error.__cause__ from None
        raise


def _resolve(family: type[C], given: str | C) -> C:
    """Return a component; if it is not installed, the check does not apply here."""
    try:
        return default_registry().resolve(family, given)
    except ComponentError as error:
        raise Skipped(f"a component is not installed: {error}") from error


def _require_json(made: Made) -> None:
    def refuse(value: Any) -> None:
        raise TypeError(f"{value!r} of type {type(value).__name__}")

    try:
        json.dumps(made.numbers, default=refuse)
    except (TypeError, ValueError) as error:
        raise AssertionError(
            f"its numbers must be numbers, texts, lists and mappings for JSON: {error}"
        ) from None
