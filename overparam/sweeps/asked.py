"""What a sweep is asked for: what is said, and what is not said taken from its study, or as it is usual."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from overparam import defaults
from overparam.components import Resolve
from overparam.components.whole import whole
from overparam.runs import StopRule, recipe_of
from overparam.studies.errors import NotAStudy, StudyError
from overparam.studies.grid import Cell, Grid, Shard, parse_range
from overparam.studies.plan import Plan
from overparam.studies.restoring import FAMILIES, restore
from overparam.studies.specification import Description, Specification
from overparam.studies.study import Study, load_study
from overparam.sweeps.designs import Design, FullGrid
from overparam.sweeps.estimate import Estimate, dry_run
from overparam.sweeps.execution import Execution, Progress
from overparam.sweeps.runner import run_sweep
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
    design : Design
    limited : bool
        Whether the grid's widths are limits for a design that chooses widths itself.
    taken : Description
        What was not said and is the study's, where that is not the usual.
    """

    specification: Specification
    grid: Grid
    design: Design = field(default_factory=FullGrid)
    limited: bool = True
    taken: Description = field(default_factory=dict)

    def train(
        self,
        path: Path,
        execution: Execution,
        report: Callable[[Progress], None] = lambda progress: None,
        *,
        written: str | None = None,
    ) -> None:
        """Train it into a study, as `run_sweep` does."""
        run_sweep(
            path,
            self.specification,
            self.grid,
            execution,
            report,
            written=written,
            design=self.design,
            limited=self.limited,
        )

    def foresee(self, path: Path, execution: Execution) -> Estimate:
        """Estimate what is left of it, as `dry_run` does."""
        return dry_run(
            path, self.specification, self.grid, execution, design=self.design, limited=self.limited
        )


def asked_of(
    path: Path,
    resolve: Resolve,
    said: Mapping[str, Any],
    make: MakeGrid,
    *,
    axes_said: Set[str] = frozenset(),
) -> Asked:
    """Complete what is said of a sweep.

    Parameters
    ----------
    path : Path
        The study's file, whether it exists or not.
    resolve : callable
        Finds components.
    said : mapping
        The parts of the specification, n, k, d, trials, shard and design, as far as they are said.
    make : callable
        Makes the grid.
    axes_said : set of str
        The axes of which anything is said, here or by `make`. Where nothing is, all cells of the study are
        asked for.

    Raises
    ------
    SpecificationMismatch
        Where something that is said is not so in the study.
    ValueError
        For unknown components, impossible sizes, a number of trials where the design chooses them, and a
        study whose components are not here.
    """
    study = _begun(path)
    plan = None if study is None else study.plan
    design = _design(said, plan, resolve)
    if study is None:
        axes = {**_usual_axes(), "trials": defaults.TRIALS, **said}
        if design.in_rounds:
            grid = _between(make, axes if "k" in axes_said else {**axes, "k": (1,)})
        else:
            grid = make(axes)
        grid = grid.only(said.get("shard", Shard()))
        return Asked(_new(resolve, said, grid), grid, design, "k" in axes_said)
    if plan is not None and design.in_rounds:
        grid, limited = _columns(plan, said, make, axes_said)
    else:
        grid, limited = _grid(study, said, make, cells_said=bool(axes_said)), "k" in axes_said
    own = {name: said[name] for name in _USUAL if name in said}
    taken = {
        name: value
        for name, value in study.specification.items()
        if name in _USUAL and name not in own and value != _UNREMARKABLE[name]
    }
    if plan is not None and "design" not in said:
        taken["design"] = plan.design
    return Asked(
        restore(study, resolve, own), grid.only(said.get("shard", study.shard)), design, limited, taken
    )


def _design(said: Mapping[str, Any], plan: Plan | None, resolve: Resolve) -> Design:
    """The design that is said, or the study's."""
    own = defaults.DESIGN if plan is None else f"{plan.distribution}/{plan.design}"
    design: Design = resolve(Design, said.get("design", own))
    if design.in_rounds and "trials" in said:
        raise ValueError(
            f"trials are for grids, and the design {design.name} chooses its own: for a limit write "
            f"{design.name}:trials=100, or name the design grid"
        )
    return design


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


def _columns(plan: Plan, said: Mapping[str, Any], make: MakeGrid, axes_said: Set[str]) -> tuple[Grid, bool]:
    """Every (n, d) with the limits of its widths, and whether there are limits."""
    bounds = [limits for limits in plan.columns.values() if limits.high is not None]
    limited = "k" in axes_said or len(bounds) == len(plan.columns) > 0
    if not axes_said and plan.columns:
        ends = ((column, k) for column, limits in plan.columns.items() for k in limits if k is not None)
        return Grid.of((Cell(column.n, k, column.d) for column, k in ends), trials=1), limited
    own = {name: tuple(sorted({getattr(column, name) for column in plan.columns})) for name in ("n", "d")}
    own["k"] = tuple(sorted({k for limits in bounds for k in limits})) if limited else (1,)
    axes = {name: said[name] for name in AXES if name in said}
    known = {name: axis for name, axis in own.items() if axis}
    return _between(make, {**_usual_axes(), **known, "trials": 1, **axes}), limited


def _between(make: MakeGrid, sizes: Mapping[str, Any]) -> Grid:
    """The least and the largest width at every (n, d), which may be paired with n and d side by side."""
    return Grid.union([make({**sizes, "k": (k,)}) for k in sorted({min(sizes["k"]), max(sizes["k"])})])


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
