"""What can go wrong with a study's file; every message is one line that says what to do."""

from __future__ import annotations

__all__ = ["NotAStudy", "SpecificationMismatch", "StudyError", "StudyWarning"]


class StudyWarning(UserWarning):
    """Something about a study that its reader should know, such as changed versions."""


class StudyError(Exception):
    """A study cannot be read, written or finished.

    Attributes
    ----------
    exit_code : int
        What the command line ends with: 1 for work that could not be finished, 2 for bad input.
    """

    exit_code = 1


class NotAStudy(StudyError):
    """The file is something else, or a damaged study."""

    exit_code = 2


class SpecificationMismatch(StudyError):
    """The study was begun with another specification."""

    exit_code = 2
