"""Merging studies of one specification: the shards of a sweep, or sweeps run on different machines."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from overparam.files import same_file
from overparam.studies.errors import SpecificationMismatch
from overparam.studies.grid import Cell, Grid
from overparam.studies.schema import COLUMNS, FAILED, TrialRow
from overparam.studies.specification import Description, differences
from overparam.studies.store import Store
from overparam.studies.study import Study, load_study

__all__ = ["merge_studies"]

_NAMED = 3  # trials in a message


def merge_studies(target: str | Path, sources: Sequence[str | Path]) -> int:
    """Add the cells, trials and sessions of other studies to one study; return the number of new trials.

    A trial in several studies must have the same outcome, apart from wall time; a failed one is taken only if
    it failed in all. Merging again changes nothing, and an interrupted merge can be run again.

    Parameters
    ----------
    target : path
        Created if missing; may be one of the sources.
    sources : sequence of path

    Returns
    -------
    int
        Trials that the target did not have.

    Raises
    ------
    ValueError
        If there is no source.
    SpecificationMismatch
        If a study was started with another specification, or holds another outcome of a trial; then nothing
        is changed.
    StudyError
        If a file cannot be read or the target cannot be written.
    """
    target = Path(target)
    studies = [load_study(source) for source in sources if not same_file(Path(source), target)]
    if not studies:
        raise ValueError("name at least one study to merge")
    specification: Description = {}
    for study in studies:
        own, names = study.specification, (studies[0].path.name, study.path.name)
        if specification and (differing := differences(specification, own, *names)):
            raise SpecificationMismatch(
                f"{studies[0].path} and {study.path} have different specifications: {'; '.join(differing)}"
            )
        specification = {**own, **specification}
    # An empty file is a valid target.
    kept = [load_study(target)] if target.exists() and target.stat().st_size else []
    for study in kept:
        if differing := differences(
            study.specification, specification, study.path.name, studies[0].path.name
        ):
            raise SpecificationMismatch(
                f"{study.path} was started with another specification: {'; '.join(differing)}"
            )
    _require_agreement([*kept, *studies])
    with Store(target, specification, {}) as store:
        return sum(_take_over(store, study) for study in studies)


def _require_agreement(studies: Sequence[Study]) -> None:
    """Refuse studies with different outcomes of one trial, apart from wall time; failed trials yield."""

    def of(place: int) -> Iterator[tuple[tuple[int, ...], int, TrialRow]]:
        return ((row[:4], place, row) for row in studies[place])

    rows = heapq.merge(*map(of, range(len(studies))), key=lambda held: held[:2])
    contradicted: list[tuple[int, ...]] = []
    example = ""
    for key, same in groupby(rows, key=lambda held: held[0]):
        ended = [(place, row._replace(seconds=0.0)) for _, place, row in same if row.status != FAILED]
        other = next(((place, row) for place, row in ended if row != ended[0][1]), None)
        if other is None:
            continue
        if not contradicted:
            example = _difference(studies, ended[0], other)
        contradicted.append(key)
    if contradicted:
        first = ", ".join(map(str, contradicted[:_NAMED]))
        raise SpecificationMismatch(
            f"{len(contradicted):,} trials have different outcomes in different studies, "
            f"(n, k, d, trial) = {first}{', …' if len(contradicted) > _NAMED else ''}; the first: {example}"
        )


def _difference(studies: Sequence[Study], one: tuple[int, TrialRow], other: tuple[int, TrialRow]) -> str:
    name = next(name for name in COLUMNS if getattr(one[1], name) != getattr(other[1], name))
    return " and ".join(
        f"{name} {getattr(row, name)} in {studies[place].path}" for place, row in (one, other)
    )


def _take_over(store: Store, study: Study) -> int:
    asked: dict[int, list[Cell]] = defaultdict(list)
    for cell, trials in study.cells().items():
        asked[trials].append(cell)
    for trials, cells in asked.items():
        store.request(Grid.of(cells, trials=trials), study.sweep_file)
    if (plan := study.plan) is not None:
        store.request(Grid.each({}), plan=plan if (kept := store.plan()) is None else kept.joined(plan))
    return store.take_over(study.stored(), study.numbered_sessions())
