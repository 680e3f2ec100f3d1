"""The command lines that repeat a study."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from typing import TypeVar

from overparam.studies import Plan, Study
from overparam.studies.specification import completed

__all__ = ["commands_of", "in_ranges"]

_OPTIONS = ("seed", "activation", "loss", "initialization", "optimizer", "layers", "data", "labels")
_STOP = ("max_iterations", "tolerance", "dtype")

T = TypeVar("T")
Axes = tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]


def commands_of(study: Study) -> list[str]:
    """Return the sweeps that train the cells of a study, every option spelled out.

    One sweep if the cells are all combinations of n, k and d, else one for each such part.
    """
    said = completed(study.specification)
    options = [(name, said[name]) for name in (*_OPTIONS, *_STOP) if name in said]
    plan, sessions = study.plan, study.sessions
    backend = sessions[-1].get("backend", "numpy") if sessions else "numpy"
    where = [("backend", backend)] if backend != "numpy" else []
    if str(study.shard) != "1/1":
        where.append(("shard", str(study.shard)))
    kept = [("study", study.path.name)]
    if plan is not None:
        return [_spell([*axes, *options, *where, *kept]) for axes in _searches(plan)]
    parts = _products({(cell.n, cell.k, cell.d): trials for cell, trials in study.cells().items()})
    return [_spell([*_named(axes), ("trials", trials), *options, *where, *kept]) for axes, trials in parts]


def in_ranges(values: Iterable[int]) -> str:
    """Return whole numbers as written on the command line: 1:25, 5:50:5, or 10,20,50."""
    rest, parts = sorted(values), list[str]()
    while rest:
        step = rest[1] - rest[0] if len(rest) > 1 else 1
        run = 1
        while run < len(rest) and rest[run] - rest[run - 1] == step:
            run += 1
        if run < 3:
            parts.append(str(rest.pop(0)))
            continue
        parts.append(f"{rest[0]}:{rest[run - 1]}" + (f":{step}" if step != 1 else ""))
        rest = rest[run:]
    return ",".join(parts)


def _spell(options: Iterable[tuple[str, object]]) -> str:
    words = (word for name, value in options for word in (f"--{name.replace('_', '-')}", str(value)))
    return shlex.join(["overparam", "sweep", *words])


def _named(axes: Axes) -> list[tuple[str, object]]:
    return [(name, in_ranges(values)) for name, values in zip("nkd", axes, strict=True)]


def _searches(plan: Plan) -> list[list[tuple[str, object]]]:
    """Yield the searches of a design in rounds, with columns of equal limits together."""
    parts = _products({(column.n, 0, column.d): limits for column, limits in plan.columns.items()})
    found = []
    for (n, _, d), (low, high) in parts:
        width: list[tuple[str, object]] = [] if high is None else [("k", in_ranges({low, high}))]
        found.append([("n", in_ranges(n)), *width, ("d", in_ranges(d)), ("design", plan.design)])
    return found


def _products(cells: Mapping[tuple[int, int, int], T]) -> list[tuple[Axes, T]]:
    """Return the cells as few products of axes with equal trials, joined along k, then d, then n."""
    boxes: list[tuple[Axes, T]] = [(((n,), (k,), (d,)), own) for (n, k, d), own in sorted(cells.items())]
    for axis in (1, 2, 0):
        alike: dict[tuple[Axes, T], set[int]] = {}
        for axes, own in boxes:
            alike.setdefault((_with(axes, axis, ()), own), set()).update(axes[axis])
        boxes = [(_with(axes, axis, tuple(sorted(values))), own) for (axes, own), values in alike.items()]
    return boxes


def _with(axes: Axes, axis: int, values: tuple[int, ...]) -> Axes:
    n, k, d = (values if place == axis else own for place, own in enumerate(axes))
    return n, k, d
