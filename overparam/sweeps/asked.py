"""What a sweep is asked for: what is said, and what is not said taken from its study, or as it is usual."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from overparam import defaults
from overparam.components import Resolve
from overparam.components.whole import whole
from overparam.runs import StopRule, recipe_of
from overparam.studies.errors import NotAStudy, StudyError
from overparam.studies.grid import Grid, Shard, parse_range
from overparam.studies.restoring import FAMILIES, restore
from overparam.studies.specification import Description, Specification
from overparam.studies.study import Study, load_study
from overparam.sweeps.usual import labels_of_sweep

__all__ = ["AXES", "Asked", "asked_of"]

AXES = ("n", "k", "d")

_USUAL: Mapping[str, Any] = {
    "seed": 0,
    "activation": defaults.ACTIVATION,
    "loss": defaults.LOSS,
    "initialization": defaults.INITIALIZATION,
    "optimizer": defaults.OPTIMIZER,
    "layers": None,
    "data": defaults.DATA,
    "labels": None,
    "max_iterations": defaults.MAX_ITERATIONS,
    "tolerance": defaults.TOLERANCE,
    "dtype": defaults.SWEEP_DTYPE,
}

_UNREMARKABLE = {**_USUAL, "layers": "hidden", "labels": "gaussian"}

MakeGrid = Callable[[Mapping[str, Any]], Grid]
"""Makes a grid from the values of n, k, d and trials."""


@dataclass(frozen=True)
class Asked:
    """A sweep whose parts are all known.

    Attributes
    ----------
    specification : Specification
    grid : Grid
    taken : Description
        What was not said and is the study's, where that is not the usual.
    """

    specification: Specification
    grid: Grid
    taken: Description = field(default_factory=dict)


def asked_of(
    path: Path, resolve: Resolve, said: Mapping[str, Any], make: MakeGrid, *, cells_said: bool
) -> Asked:
    """Complete what is said of a sweep.

    Parameters
    ----------
    path : Path
        The study's file, whether it exists or not.
    resolve : callable
        Finds components.
    said : mapping
        The parts of the specification, n, k, d, trials and shard, as far as they are said.
    make : callable
        Makes the grid.
    cells_said : bool
        Whether anything is said of the cells. Where nothing is, all cells of the study are asked for.

    Raises
    ------
    SpecificationMismatch
        Where something that is said is not so in the study.
    ValueError
        For unknown components, impossible sizes, and a study whose components are not here.
    """
    study = _begun(path)
    if study is None:
        grid = make({**_usual_axes(), "trials": defaults.TRIALS, **said}).only(said.get("shard", Shard()))
        return Asked(_new(resolve, said, grid), grid)
    grid = _grid(study, said, make, cells_said=cells_said).only(said.get("shard", study.shard))
    own = {name: said[name] for name in _USUAL if name in said}
    taken = {
        name: value
        for name, value in study.specification.items()
        if name in _USUAL and name not in own and value != _UNREMARKABLE[name]
    }
    return Asked(restore(study, resolve, own), grid, taken)


def _begun(path: Path) -> Study | None:
    """The study, where one was begun; one that only a writer can mend is the writer's business."""
    try:
        if not (path.exists() and path.stat().st_size):
            return None
        study = load_study(path)
        return study if study.specification else None
    except NotAStudy:
        raise
    except StudyError:
        return None


def _usual_axes() -> dict[str, tuple[int, ...]]:
    return {"n": parse_range(defaults.N), "k": parse_range(defaults.K), "d": parse_range(defaults.D)}


def _grid(study: Study, said: Mapping[str, Any], make: MakeGrid, *, cells_said: bool) -> Grid:
    known = study.cells()
    most = max(known.values(), default=defaults.TRIALS)
    trials = said.get("trials", most)
    if cells_said or not known:
        axes = {name: tuple(sorted({cell[i] for cell in known})) for i, name in enumerate(AXES)}
        own_axes = axes if known else _usual_axes()
        grid = make({**own_axes, "trials": trials, **{name: said[name] for name in AXES if name in said}})
    else:
        grid = Grid.of(known, trials=trials)
    if "trials" in said:
        return grid
    fewer = {cell: known[cell] for cell in grid.cells if known.get(cell, most) != most}
    return replace(grid, own=fewer)


def _new(resolve: Resolve, said: Mapping[str, Any], grid: Grid) -> Specification:
    """The specification of a study that is to be made."""
    given = {**_USUAL, **said}
    parts = {name: given[name] for name in FAMILIES if name not in ("data", "labels")}
    data = resolve(FAMILIES["data"], given["data"])
    labels = given["labels"]
    return Specification(
        seed=whole("seed", given["seed"], most=None),
        data=data,
        labels=labels_of_sweep(data, grid, given["seed"])
        if labels is None
        else resolve(FAMILIES["labels"], labels),
        recipe=recipe_of(
            resolve,
            **parts,
            layers=given["layers"],
            stop=StopRule(given["max_iterations"], given["tolerance"]),
            dtype=given["dtype"],
        ),
    )
