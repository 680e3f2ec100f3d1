"""Checks of engines: comparison with the portable engine on every job that they accept."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, partial
from itertools import pairwise
from typing import Any

import numpy as np

from overparam.arrays.backends import DType
from overparam.methods import GradientDescent, Layers, LeastSquares, Optimizer, StochasticGradientDescent
from overparam.model.activations import Activation, Hermite, ReLU, Softplus
from overparam.model.losses import Hinge, Logistic, Loss, Squared
from overparam.model.problem import Problem, draw_problem
from overparam.runs import Engine, Job, Outcome, Status, StopRule
from overparam.testing.arrays import DTYPES
from overparam.testing.checks import Check, Skipped, require, same_bits
from overparam.testing.resuming import resumes
from overparam.testing.trainings import SHAPES, job_of, outcomes_of, problems_of

__all__ = ["engine_checks"]

_ACTIVATIONS: tuple[Activation, ...] = (Softplus(), ReLU(), Hermite((0.0, 0.5, 0.0, 0.2)))
_OPTIMIZERS: tuple[Optimizer, ...] = (
    GradientDescent(0.1),
    StochasticGradientDescent(0.2, batch_size=3, check_every=2),
    LeastSquares(),
)
_SQUARED = Squared()
_LOSSES: tuple[Loss, ...] = (_SQUARED, Logistic(), Hinge())
_SAMPLES = (1, 17, 32)
_UPDATES = 60
_WEIGHTS = {"float32": 2e-3, "float64": 1e-9}
"""Largest difference of a weight after the checks' updates, from rounding alone."""
_FEW = 3


def engine_checks(engine: Engine) -> list[Check]:
    """Return the named checks that every engine must pass."""
    agreement = [
        Check(
            f"equals-portable-{activation.name}-{optimizer.name}-{dtype}",
            partial(_agrees, engine, activation, optimizer, dtype),
        )
        for activation in _ACTIVATIONS
        for optimizer in _OPTIMIZERS
        for dtype in DTYPES
    ]
    trained = [
        Check(
            f"equals-portable-{loss.name}-{layers}-{dtype}",
            partial(_agrees, engine, Softplus(), GradientDescent(0.01), dtype, loss, layers),
        )
        for loss in _LOSSES
        for layers in GradientDescent.layers
        for dtype in DTYPES
    ]
    return [
        Check("answers-none-or-a-sentence", partial(_answers, engine)),
        *agreement,
        *trained,
        *(
            Check(name, partial(look, engine))
            for name, look in {
                "stops-at-the-first-iterate-below-the-tolerance": _stops,
                "checks-the-initial-iterate": _initial,
                "divergence-is-a-status": _divergence,
                "company-changes-no-bit": _company,
                "records-the-path": _records,
                "goes-on-from-a-snapshot-bit-for-bit": resumes,
                "refuses-labels-that-are-zero": _zero_labels,
            }.items()
        ),
    ]


def _taken(engine: Engine, job: Job) -> Job:
    """Return the job if the engine accepts it; otherwise raise Skipped."""
    if (answer := engine.objection(job)) is not None:
        raise Skipped(f"it does not accept this job: {answer}")
    return job


def _answers(engine: Engine) -> None:
    job = job_of(problems_of(8), GradientDescent(0.1), StopRule(1))
    answers = {"objection": engine.objection(job), "reservation": engine.reservation(job)}
    for name, answer in answers.items():
        require(
            answer is None or (isinstance(answer, str) and bool(answer.strip())),
            f"{name} must return None or a sentence with the reason, it returns {answer!r}",
        )


def _agrees(
    engine: Engine,
    activation: Activation,
    optimizer: Optimizer,
    dtype: DType,
    loss: Loss = _SQUARED,
    layers: Layers | None = None,
) -> None:
    for n in _SAMPLES:
        case = (activation, optimizer, dtype, loss, layers, n)
        job = _taken(engine, _job(*case))
        for problem, wanted, found in zip(
            job.problems, _portables(*case), outcomes_of(job, engine), strict=True
        ):
            _require_alike(problem, dtype, wanted, found)


def _job(
    activation: Activation, optimizer: Optimizer, dtype: DType, loss: Loss, layers: Layers | None, n: int
) -> Job:
    problems = problems_of(n) if loss is _SQUARED else _of_two_classes(n)
    stop = StopRule(_UPDATES, 1e-3)
    return job_of(problems, optimizer, stop, activation=activation, loss=loss, layers=layers, dtype=dtype)


@cache
def _portables(*case: Any) -> list[Outcome]:
    """Return the portable engine's outcomes, trained once for all engines that are checked."""
    return outcomes_of(_job(*case))


def _of_two_classes(n: int) -> list[Problem]:
    return [Problem(p.X, np.where(p.y < 0.0, -1.0, 1.0), p.W0, p.v, key=p.key) for p in problems_of(n)]


def _require_alike(problem: Problem, dtype: DType, wanted: Outcome, found: Outcome) -> None:
    where = f"at n={problem.n}, k={problem.k}, d={problem.d}"
    require(
        abs(found.iterations - wanted.iterations) <= _FEW,
        f"{where}: {found.iterations} iterations, portable {wanted.iterations}",
    )
    require(
        found.status is wanted.status or found.iterations != wanted.iterations,
        f"{where}: {found.status}, portable {wanted.status}",
    )
    require(found.W.shape == wanted.W.shape, f"{where}: W is {found.W.shape}, should be {wanted.W.shape}")
    require(found.effective_parameters == wanted.effective_parameters, f"{where}: wrong effective_parameters")
    if found.iterations != wanted.iterations or wanted.status is Status.DIVERGED:
        return
    numbers: dict[str, tuple[Any, Any]] = {
        "W": (found.W, wanted.W),
        "v": (found.v, wanted.v),
        "relative_residual": (found.relative_residual, wanted.relative_residual),
        "distance_from_initialization": (
            found.distance_from_initialization,
            wanted.distance_from_initialization,
        ),
        "path_length": (found.path_length, wanted.path_length),
    }
    for name, (got, exact) in numbers.items():
        scale = 1.0 + float(np.max(np.abs(exact)))
        off = float(np.max(np.abs(np.asarray(got, dtype=np.float64) - np.asarray(exact, dtype=np.float64))))
        require(off <= _WEIGHTS[dtype] * scale, f"{where}: {name} differs from portable's by {off:.3g}")


def _easy() -> list[Problem]:
    return [draw_problem(20, 10, 20, seed=1, trial=trial) for trial in range(3)]


def _stops(engine: Engine) -> None:
    job = _taken(engine, job_of(_easy(), GradientDescent(0.15), StopRule(3000, 0.05)))
    for wanted, found in zip(outcomes_of(job), outcomes_of(job, engine), strict=True):
        require(
            found.status is Status.CONVERGED and found.success and found.relative_residual < 0.05,
            f"{found.status} at a relative residual of {found.relative_residual:.4g}, the tolerance is 0.05",
        )
        require(
            abs(found.iterations - wanted.iterations) <= _FEW,
            f"it stops after {found.iterations} updates, portable after {wanted.iterations}",
        )


def _initial(engine: Engine) -> None:
    job = _taken(engine, job_of(_easy(), GradientDescent(0.15), StopRule(10, 100.0)))
    for problem, found in zip(job.problems, outcomes_of(job, engine), strict=True):
        require(
            found.status is Status.CONVERGED
            and found.iterations == 0
            and np.array_equal(found.W, problem.W0),
            f"the initial iterate is below the tolerance, but it made {found.iterations} updates",
        )


def _divergence(engine: Engine) -> None:
    for step in (50.0, 1e30):
        job = _taken(
            engine, job_of(_easy(), GradientDescent(step), StopRule(500, 1e-6), activation=_ACTIVATIONS[2])
        )
        for found in outcomes_of(job, engine):
            require(
                found.status is Status.DIVERGED and not found.success,
                f"with step size {step:g} every training run diverges, this one is {found.status}",
            )


def _company(engine: Engine) -> None:
    problems = problems_of(17, [*SHAPES, *SHAPES])
    stop = StopRule(_UPDATES, 0.3)
    job = _taken(engine, job_of(problems, GradientDescent(0.15), stop, dtype="float32"))
    for problem, found in zip(problems, outcomes_of(job, engine), strict=True):
        [alone] = outcomes_of(job_of([problem], GradientDescent(0.15), stop, dtype="float32"), engine)
        require(
            same_bits(alone.W, found.W) and alone.iterations == found.iterations,
            f"the problem k={problem.k}, d={problem.d} ends differently in a batch than alone",
        )


def _records(engine: Engine) -> None:
    job = _taken(engine, job_of(_easy(), GradientDescent(0.15), StopRule(95, 1e-9), record_every=10))
    for found in outcomes_of(job, engine):
        history = found.history
        require(history is not None, "record_every was set, but history is None")
        if history is not None:
            require(
                list(history.iterations) == [*range(0, 95, 10), 95],
                f"history must have iterations 0, 10, …, 90 and the last, 95; it has {history.iterations}",
            )
            require(_rising(list(history.path_length)), "the path length in the history falls")


def _rising(values: Sequence[float]) -> bool:
    return all(a <= b for a, b in pairwise(values))


def _zero_labels(engine: Engine) -> None:
    p = draw_problem(8, 4, 6)
    job = _taken(engine, job_of([Problem(p.X, 0.0 * p.y, p.W0, p.v)], GradientDescent(0.1), StopRule(5)))
    try:
        outcomes_of(job, engine)
    except ValueError:
        return
    raise AssertionError("labels that are all 0 must raise ValueError: the relative residual is undefined")
