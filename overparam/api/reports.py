"""Studies as one HTML file: `write_report`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from overparam import defaults, report
from overparam.api.training import engines_named
from overparam.files import check_output
from overparam.plugins import Registry, default_registry
from overparam.report import ENDINGS, Claim, Fit, Replayer, Written
from overparam.studies import Study, TrialKey, load_study
from overparam.sweeps import Replay, replay_trial

__all__ = ["replayer", "write_report"]


def write_report(
    studies: str | Path | Study | Sequence[str | Path | Study],
    path: str | Path,
    *,
    curves: int = defaults.CURVES,
    claims: Sequence[Claim] = (),
    fit: Fit | None = None,
) -> Written:
    """Write studies as one HTML file that needs no network and no installation.

    Parameters
    ----------
    studies : path or Study, or sequence of them
        Their diagrams stand side by side, their boundaries in one picture.
    path : path
        The output file; its name ends in .html.
    curves : int
        Trials of each diagram that are trained again and drawn, on both sides of the boundary.
    claims : sequence of Claim
        Widths that theorems name, drawn over the diagrams.
    fit : Fit, optional
        Exponents of the boundary, shown as a table; by default those that `Study.boundary` fits.

    Returns
    -------
    Written
        With `size`, `diagrams`, `runs`, and `notes` about trials that could not be trained again.

    Raises
    ------
    ImportError
        If Jinja2 is not installed: pip install 'overparam[report]'.
    StudyError
        If a study cannot be read, or has no cells.
    ValueError
        For another ending, a negative number of curves, or a file that must not or cannot be written.
    """
    given = [studies] if isinstance(studies, str | Path | Study) else list(studies)
    if curves < 0:
        raise ValueError(f"curves must be at least 0, got {curves}")
    opened = [each if isinstance(each, Study) else load_study(each) for each in given]
    check_output(Path(path), ENDINGS, inputs=[study.path for study in opened])
    return report.write_report(
        opened, Path(path), replay=replayer(default_registry()), curves=curves, claims=claims, fit=fit
    )


def replayer(registry: Registry) -> Replayer:
    """Return the function that trains a trial of a study again for a report."""

    def again(study: Study, key: TrialKey, record_every: int) -> Replay:
        find = partial(engines_named, registry)
        return replay_trial(study, key, registry.resolve, find, record_every=record_every)

    return again
