"""What can go wrong with a study's file; every message is one line that says what to do."""

from __future__ import annotations

from overparam.components.faults import OverparamError

__all__ = ["NotAStudy", "SpecificationMismatch", "StudyError", "StudyWarning"]


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
