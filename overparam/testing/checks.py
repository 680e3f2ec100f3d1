"""Named checks and their results; this module does not need pytest."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overparam.arrays import form_of

__all__ = [
    "Check",
    "Result",
    "Skipped",
    "Verdict",
    "require",
    "require_close",
    "require_finite",
    "run_check",
    "same_bits",
]


class Skipped(Exception):
    """Raised by a check that does not apply, or not here; the message says why."""


class Verdict(StrEnum):
    """Verdict of a check."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Check:
    """One requirement on a component.

    Attributes
    ----------
    name : str
        Words joined by hyphens: part of a test's id, and a row of the table.
    run : callable
        Returns if the component passes. Raises Skipped if the check does not apply, and AssertionError, or
        the component's own exception, if it fails.
    """

    name: str
    run: Callable[[], None]


@dataclass(frozen=True)
class Result:
    """Result of a check.

    Attributes
    ----------
    check : str
        Name of the check.
    verdict : Verdict
    message : str
        Why it failed or was skipped; empty if it passed.
    seconds : float
    """

    check: str
    verdict: Verdict
    message: str
    seconds: float


def run_check(check: Check) -> Result:
    """Run a check and return its result; exceptions of the component are caught."""
    started = time.perf_counter()
    verdict, message = Verdict.PASSED, ""
    try:
        check.run()
    except Skipped as reason:
        verdict, message = Verdict.SKIPPED, str(reason)
    except AssertionError as error:
        verdict, message = Verdict.FAILED, str(error)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # SystemExit too: a component must not end the report
        verdict, message = Verdict.FAILED, f"it raised {type(error).__name__}: {error}"
    return Result(check.name, verdict, " ".join(message.split()), time.perf_counter() - started)


def require(condition: bool, message: str) -> None:
    """Raise AssertionError with the message unless the condition holds, even under Python's -O."""
    if not condition:
        raise AssertionError(message)


def require_finite(name: str, array: NDArray[Any], shape: tuple[int, ...]) -> None:
    """Raise AssertionError unless `array` is a finite float64 NumPy array of this shape."""
    require(
        isinstance(array, np.ndarray) and array.shape == shape and array.dtype == np.float64,
        f"{name} must be a float64 array of shape {shape}, it is {form_of(array)}",
    )
    require(bool(np.isfinite(array).all()), f"{name} has values that are not finite")


def require_close(
    what: str, found: NDArray[Any], wanted: NDArray[Any], tolerance: NDArray[Any] | float, where: NDArray[Any]
) -> None:
    """Require |found − wanted| ≤ tolerance entry by entry; the message names the worst entry.

    Parameters
    ----------
    what : str
        What is compared, for example "φ′ against finite differences of φ".
    found, wanted : ndarray, shape (m,)
    tolerance : ndarray, shape (m,), or float
    where : ndarray, shape (m,)
        The points of the entries.
    """
    with np.errstate(invalid="ignore"):
        excess = np.abs(found - wanted) - tolerance
    excess = np.where(np.isnan(excess), np.inf, excess)
    if excess.size and excess.max() > 0.0:
        i = int(np.argmax(excess))
        raise AssertionError(f"{what}: at {where[i]:.6g} it is {found[i]:.9g}, it should be {wanted[i]:.9g}")


def same_bits(a: NDArray[Any], b: NDArray[Any]) -> bool:
    """Return whether two arrays are equal in shape, data type and every bit, NaN included."""
    return a.shape == b.shape and a.dtype == b.dtype and a.tobytes() == b.tobytes()
