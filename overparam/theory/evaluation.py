"""One theorem evaluated on one problem and run; a theorem that fails is named and set aside."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from numbers import Integral, Real
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from overparam.components.faults import described
from overparam.theory.evaluated import Evaluated, Failed, Inapplicable, Rate
from overparam.theory.probes import Trajectory
from overparam.theory.setting import Setting
from overparam.theory.theorems.base import Conclusion, Hypothesis, Theorem

__all__ = ["evaluate_theorem"]

T = TypeVar("T")


def evaluate_theorem(
    theorem: Theorem, setting: Setting, run: Trajectory, origin: str | None = None
) -> Evaluated | Inapplicable | Failed:
    """Return the evaluated theorem, why it does not apply to this setting, or what is wrong with it.

    All its exceptions are caught, SystemExit included, except KeyboardInterrupt.
    """
    try:
        with np.errstate(all="ignore"):
            return _evaluated(theorem, setting, run)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        reason = " ".join(str(error).split()) if isinstance(error, _Wrong) else described(error)
        return Failed(
            name=_text(theorem, "title") or _text(theorem, "name") or type(theorem).__name__,
            component=_text(theorem, "name") or type(theorem).__name__,
            origin=origin or type(theorem).__module__,
            reason=reason,
        )


class _Wrong(TypeError):
    """Error for a theorem that returned a wrong value; the message says which."""


def _evaluated(theorem: Theorem, setting: Setting, run: Trajectory) -> Evaluated | Inapplicable:
    for name in ("title", "statement", "reference"):
        if not _text(theorem, name):
            raise _Wrong(f"{name} must be a text, got {getattr(theorem, name, None)!r}")
    theorem.specification()
    answer = theorem.about(setting) or _call("objection", lambda: theorem.objection(setting))
    if answer is not None:
        if not isinstance(answer, str) or not answer:
            raise _Wrong(f"objection must return None or a sentence with the reason, it returned {answer!r}")
        return Inapplicable(theorem, answer)
    hypotheses = _all("hypotheses", lambda: theorem.hypotheses(setting, run), Hypothesis)
    conclusions = _all("conclusions", lambda: theorem.conclusions(setting, run), Conclusion)
    probability = _call("probability", lambda: theorem.probability(setting))
    bound = _bound(_call("residual_bound", lambda: theorem.residual_bound(setting, run)), len(run.iterations))
    width = _call("smallest_width", lambda: theorem.smallest_width(setting))
    return Evaluated(
        theorem,
        tuple(_sound_hypothesis(h) for h in hypotheses),
        tuple(_sound_conclusion(c) for c in conclusions),
        _probability(probability),
        bound,
        None if bound is None else _rate(run, bound),
        None if width is None else _real("smallest_width", width),
    )


def _rate(run: Trajectory, bound: NDArray[np.float64]) -> Rate | None:
    updates = int(run.iterations[-1])
    if not updates:
        return None
    first, last = np.array([run.residual[0], bound[0]]), np.array([run.residual[-1], bound[-1]])
    measured, promised = -np.expm1(np.log(last / first) / updates)
    return Rate(float(measured), float(promised))


def _call(method: str, function: Callable[[], T]) -> T:
    """Call a method of a theorem; the message of an exception names the method."""
    try:
        return function()
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise _Wrong(f"{method} raised {described(error)}") from error


def _all(method: str, function: Callable[[], Sequence[T]], wanted: type[T]) -> Sequence[T]:
    """Call a method that returns a sequence of `wanted`."""
    found = _call(method, function)
    if not isinstance(found, list | tuple):
        raise _Wrong(f"{method} must return a list of {wanted.__name__}, it returned {_briefly(found)}")
    for item in found:
        if not isinstance(item, wanted):
            raise _Wrong(f"{method} must return a list of {wanted.__name__}, it holds {_briefly(item)}")
    return found


def _sound_hypothesis(h: Hypothesis) -> Hypothesis:
    _texts(h)
    return replace(
        h,
        left=_real("left", h.left),
        right=_real("right", h.right),
        holds=_verdict(h.holds),
        at_iteration=_iteration(h.at_iteration),
    )


def _sound_conclusion(c: Conclusion) -> Conclusion:
    _texts(c)
    return replace(
        c,
        worst_ratio=_real("worst_ratio", c.worst_ratio),
        holds=_verdict(c.holds),
        at_iteration=_iteration(c.at_iteration),
        vacuous=_verdict(c.vacuous) is True,
    )


def _texts(found: Hypothesis | Conclusion) -> None:
    for name in ("statement", "note"):
        if not isinstance(getattr(found, name), str):
            raise _Wrong(f"{name} must be a text, got {getattr(found, name)!r}")


def _verdict(holds: object) -> bool | None:
    if holds is None or isinstance(holds, bool | np.bool_):
        return None if holds is None else bool(holds)
    raise _Wrong(f"holds must be True, False or None, got {_briefly(holds)}")


def _real(name: str, value: object) -> float:
    if isinstance(value, Real) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, np.ndarray) and value.ndim == 0 and value.dtype.kind in "fiu":
        return float(value)
    raise _Wrong(f"{name} must be a number, got {_briefly(value)}")


def _iteration(value: object) -> int | None:
    if value is None:
        return None
    if isinstance(value, Integral) and not isinstance(value, bool):
        return int(value)
    raise _Wrong(f"at_iteration must be a whole number or None, got {_briefly(value)}")


def _probability(value: object) -> float | None:
    return None if value is None else _real("probability", value)


def _bound(value: object, length: int) -> NDArray[np.float64] | None:
    if value is None:
        return None
    found = np.asarray(value)
    if found.shape != (length,) or found.dtype.kind not in "fiu":
        raise _Wrong(
            f"residual_bound must return None or {length} numbers, one per entry of run.iterations, it "
            f"returned {_briefly(value)}"
        )
    return found.astype(np.float64)


def _briefly(value: object) -> str:
    text = repr(value)
    return f"a {type(value).__name__}, {text if len(text) <= 60 else text[:57] + '...'}"


def _text(theorem: object, name: str) -> str:
    """A text attribute, or "" if it is missing, is not a text, or fails."""
    try:
        value = getattr(theorem, name, "")
    except Exception:
        return ""
    return value if isinstance(value, str) else ""
