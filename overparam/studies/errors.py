"""What can go wrong with a study's file; every message is one line that says what to do."""

from __future__ import annotations

from overparam.components.faults import OverparamError

__all__ = ["NotAStudy", "SpecificationMismatch", "StudyError", "StudyWarning"]


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
