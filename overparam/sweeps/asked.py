"""The request of a sweep: given parts; others come from its study or are defaults."""

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
"""Returns a grid from the values of n, k, d and trials."""


@dataclass(frozen=True)
class Asked:
    """A sweep with all its parts.

    Attributes
    ----------
    specification : Specification
    grid : Grid
    design : Design
    limited : bool
        Whether the grid's widths are limits for a design that chooses widths itself.
    taken : Description
        Parts that were not given and come from the study, if they differ from the defaults.
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
        """Train the sweep into a study, like `run_sweep`."""
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
        """Return an estimate of the remaining work, like `dry_run`."""
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
    """Return the sweep with the parts that are not given filled in.

    Parameters
    ----------
    path : Path
        The study's file, whether it exists or not.
    resolve : callable
        Finds components.
    said : mapping
        The given parts of the specification, and n, k, d, trials, shard and design.
    make : callable
        Returns the grid.
    axes_said : set of str
        The axes that are given, here or by `make`. If none is, all cells of the study are requested.

    Raises
    ------
    SpecificationMismatch
        If a given part differs from the study.
    ValueError
        For unknown components, impossible sizes, a number of trials if the design chooses it, and a study
        whose components are not installed.
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
    """Return the given design, or that of the study."""
    own = defaults.DESIGN if plan is None else f"{plan.distribution}/{plan.design}"
    design: Design = resolve(Design, said.get("design", own))
    if design.in_rounds and "trials" in said:
        raise ValueError(
            f"trials are for grids, but the design {design.name} chooses its own: for a limit write "
            f"{design.name}:trials=100, or choose the design grid"
        )
    return design


def _begun(path: Path) -> Study | None:
    """Return the study if it was started; a study that only a writer can repair is left to the writer."""
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
    """Return every (n, d) with the limits of its widths, and whether there are limits."""
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
    """Return the smallest and largest width at every (n, d); k may be paired with n and d."""
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
    """Return the specification of a new study."""
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
