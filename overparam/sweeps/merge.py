"""Several files of one specification made one: the shards of a sweep, or sweeps done in different places."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from overparam.sweeps.errors import SpecificationMismatch
from overparam.sweeps.grid import Cell, Grid
from overparam.sweeps.specification import Description, differences
from overparam.sweeps.store import Store
from overparam.sweeps.study import Study, load_study

__all__ = ["merge_studies"]


def merge_studies(target: str | Path, sources: Sequence[str | Path]) -> int:
    """Add to one study what others hold: cells, trials and the sessions that trained them.

    A trial that several hold is taken from the target, then from the first; one that failed is taken
    only where all failed. Merging again changes nothing, and an interrupted merge can be run again.

    Parameters
    ----------
    target : path
        Made where there is none; may be among the sources.
    sources : sequence of path

    Returns
    -------
    int
        Trials that the target did not have.

    Raises
    ------
    ValueError
        Without a source.
    SpecificationMismatch
        Where one was begun with another specification; nothing is changed then.
    StudyError
        Where a file cannot be read or the target not be written.
    """
    target = Path(target)
    studies = [load_study(source) for source in sources if Path(source).resolve() != target.resolve()]
    if not studies:
        raise ValueError("name at least one study to merge")
    specification: Description = {}
    for study in studies:
        own, names = study.specification, (studies[0].path.name, study.path.name)
        if specification and (differing := differences(specification, own, *names)):
            raise SpecificationMismatch(
                f"{studies[0].path} and {study.path} are of different specifications: {'; '.join(differing)}"
            )
        specification = {**own, **specification}
    with Store(target, specification, {}) as store:
        return sum(_take_over(store, study) for study in studies)


def _take_over(store: Store, study: Study) -> int:
    asked: dict[int, list[Cell]] = defaultdict(list)
    for cell, trials in study.cells().items():
        asked[trials].append(cell)
    for trials, cells in asked.items():
        store.request(Grid.of(cells, trials=trials), study.sweep_file)
    return sum(
        store.take_over(study.rows_of(session), session.environment, session.began)
        for session in study.numbered_sessions()
    )
