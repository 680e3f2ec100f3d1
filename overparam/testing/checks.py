"""Named checks, and what comes of running one; nothing here needs pytest."""

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
    """The check does not apply, or not here; the message says why."""


class Verdict(StrEnum):
    """What came of a check."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Check:
    """One thing that a component must satisfy.

    Attributes
    ----------
    name : str
        Words joined by hyphens: part of a test's id and a row of the table.
    run : callable
        Returns where the component satisfies it; raises Skipped where it does not apply, and
        AssertionError, or whatever the component itself raised, where it fails.
    """

    name: str
    run: Callable[[], None]


@dataclass(frozen=True)
class Result:
    """A check that was run.

    Attributes
    ----------
    check : str
        Its name.
    verdict : Verdict
    message : str
        Why it failed or was skipped; empty where it passed.
    seconds : float
    """

    check: str
    verdict: Verdict
    message: str
    seconds: float


def run_check(check: Check) -> Result:
    """Run a check and report; nothing that the component raises gets through."""
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
    except BaseException as error:  # SystemExit included: the report is what ends the program
        verdict, message = Verdict.FAILED, f"it raised {type(error).__name__}: {error}"
    return Result(check.name, verdict, " ".join(message.split()), time.perf_counter() - started)


def require(condition: bool, message: str) -> None:
    """Raise AssertionError with the message unless the condition holds, whatever Python's -O says."""
    if not condition:
        raise AssertionError(message)


def require_finite(name: str, array: NDArray[Any], shape: tuple[int, ...]) -> None:
    """Raise AssertionError unless this is a NumPy array of float64, of this shape and finite."""
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
        What is compared, e.g. "φ′ against finite differences of φ".
    found, wanted : ndarray, shape (m,)
    tolerance : ndarray, shape (m,), or float
    where : ndarray, shape (m,)
        The points that the entries belong to.
    """
    with np.errstate(invalid="ignore"):
        excess = np.abs(found - wanted) - tolerance
    excess = np.where(np.isnan(excess), np.inf, excess)
    if excess.size and excess.max() > 0.0:
        i = int(np.argmax(excess))
        raise AssertionError(f"{what}: at {where[i]:.6g} it is {found[i]:.9g}, it should be {wanted[i]:.9g}")


def same_bits(a: NDArray[Any], b: NDArray[Any]) -> bool:
    """Whether two arrays are equal in shape, data type and every bit, NaN included."""
    return a.shape == b.shape and a.dtype == b.dtype and a.tobytes() == b.tobytes()
