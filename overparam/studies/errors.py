"""What can go wrong with a study's file; every message is one line that says what to do."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from overparam.components.faults import OverparamError

__all__ = ["NoSuchTrial", "NotAStudy", "SpecificationMismatch", "StudyError", "StudyWarning", "mismatch"]


class StudyWarning(UserWarning):
    """Something about a study that its reader should know, such as changed versions."""


class StudyError(OverparamError):
    """A study cannot be read, written or finished."""


class NotAStudy(StudyError):
    """The file is something else, or a damaged study."""

    exit_code = 2


class SpecificationMismatch(StudyError):
    """The study was begun with another specification."""

    exit_code = 2


class NoSuchTrial(StudyError):
    """The study does not hold the trial that is asked for."""

    exit_code = 2


def mismatch(path: Path, differing: Iterable[str]) -> SpecificationMismatch:
    """Return the error for a study of another specification; it names every part that differs."""
    return SpecificationMismatch(
        f"{path} was begun with another specification: {'; '.join(differing)}; "
        "name another file, or ask for the same"
    )
