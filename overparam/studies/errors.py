"""Errors and warnings about a study's file; every message is one line that says what to do."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from overparam.components.faults import OverparamError

__all__ = ["NoSuchTrial", "NotAStudy", "SpecificationMismatch", "StudyError", "StudyWarning", "mismatch"]


class StudyWarning(UserWarning):
    """Warning about a study, such as changed versions of plugins."""


class StudyError(OverparamError):
    """Error for a study that cannot be read, written or finished."""


class NotAStudy(StudyError):
    """Error for a file that is not a study, or is a damaged one."""

    exit_code = 2


class SpecificationMismatch(StudyError):
    """Error for a study that was started with another specification."""

    exit_code = 2


class NoSuchTrial(StudyError):
    """Error for a trial that the study does not hold."""

    exit_code = 2


def mismatch(path: Path, differing: Iterable[str]) -> SpecificationMismatch:
    """Return the error for a study of another specification; it names every part that differs."""
    return SpecificationMismatch(
        f"{path} was started with another specification: {'; '.join(differing)}; "
        "use another file, or the same specification"
    )
