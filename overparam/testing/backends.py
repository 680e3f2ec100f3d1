"""Checks of array backends: conversion from and to NumPy, and equality of a training run with NumPy's."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overparam.arrays.backends import Backend, DType, NumPy, why_unavailable
from overparam.methods import GradientDescent
from overparam.model.activations import Softplus
from overparam.model.problem import draw_problem
from overparam.runs import Outcome, StopRule
from overparam.testing.checks import Check, Skipped, require, require_close
from overparam.testing.trainings import job_of, outcomes_of
from overparam.theory import theory_report

__all__ = ["backend_checks"]

_TOLERANCE = {"float32": 1e-3, "float64": 1e-9}


def backend_checks(backend: Backend) -> list[Check]:
    """Return the checks of every backend; all but the first are skipped if it cannot run here."""
    return [
        Check("says-whether-it-can-run", partial(_says, backend)),
        Check("arrays-come-back-as-they-went", partial(_round_trip, backend)),
        Check("describes-its-device", partial(_described, backend)),
        *(
            Check(f"trains-as-numpy-does-{dtype}", partial(_trains, backend, dtype))
            for dtype in ("float32", "float64")
        ),
        Check("computes-the-theory-as-numpy-does", partial(_computes, backend)),
    ]


def _says(backend: Backend) -> None:
    reason = backend.unavailable()
    require(
        reason is None or (isinstance(reason, str) and bool(reason.strip())),
        f"unavailable() is {reason!r}: return None, or a sentence with the remedy",
    )


def _require_here(backend: Backend) -> None:
    if reason := why_unavailable(backend):
        raise Skipped(reason)


def _round_trip(backend: Backend) -> None:
    _require_here(backend)
    rng = np.random.default_rng(0)
    dtypes: tuple[Any, ...] = ("float32", "float64", "int64")
    for dtype in dtypes:
        sent = (100.0 * rng.standard_normal((3, 4))).astype(dtype)
        for given in (sent, np.asfortranarray(sent), sent[:, ::-1]):
            with backend.scope():
                there = backend.asarray(given, dtype)
                back = backend.to_numpy(backend.asarray(there, dtype))
            require(
                isinstance(back, np.ndarray), f"to_numpy returns a {type(back).__name__}, not a NumPy array"
            )
            require(
                back.dtype == np.dtype(dtype) and np.array_equal(back, given),
                f"a {dtype} array comes back as {back.dtype} {back!r}, it was {given!r}",
            )


def _described(backend: Backend) -> None:
    _require_here(backend)
    name, size = backend.device_name(), backend.working_set()
    require(isinstance(name, str) and bool(name), f"device_name() is {name!r}: it must be a text")
    require(isinstance(size, int) and size > 0, f"working_set() is {size!r}: it must be a number of bytes")


def _trains(backend: Backend, dtype: DType) -> None:
    _require_here(backend)
    here, there = (_outcome(place, dtype) for place in (NumPy(), backend))
    require(
        (there.status, there.iterations) == (here.status, here.iterations),
        f"a training run ends with {there.status} after {there.iterations} updates, on NumPy with "
        f"{here.status} after {here.iterations}",
    )
    found, wanted = _flat(there.W), _flat(here.W)
    require_close("W after 50 updates", found, wanted, _TOLERANCE[dtype], np.arange(float(found.size)))


def _computes(backend: Backend) -> None:
    """Check the linear algebra of `overparam theory` and `certify`: singular values and eigenvalues."""
    _require_here(backend)
    X = draw_problem(7, 4, 5).X
    with backend.scope():
        found = theory_report(backend.asarray(X, "float64"), Softplus())
    wanted = theory_report(X, Softplus())
    for what, got, exact in (
        ("‖X‖", found.spectral_norm_X, wanted.spectral_norm_X),
        ("σmin(X∗X)", found.khatri_rao[1].sigma_min, wanted.khatri_rao[1].sigma_min),
        ("λ(X)", found.lambda_.value, wanted.lambda_.value),
        ("λ̃(X)", found.lambda_tilde.value, wanted.lambda_tilde.value),
    ):
        require(abs(got - exact) <= 1e-9 * (1.0 + abs(exact)), f"{what} is {got:.9g}, on NumPy {exact:.9g}")


def _outcome(backend: Backend, dtype: DType) -> Outcome:
    problems = [draw_problem(7, 3, 5)]
    job = job_of(problems, GradientDescent(0.1), StopRule(50), backend=backend, dtype=dtype)
    [outcome] = outcomes_of(job)
    return outcome


def _flat(W: NDArray[Any]) -> NDArray[np.float64]:
    return np.ravel(W).astype(np.float64)
