"""Replay: one trial of a study trained again in the same way, and compared."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from overparam.arrays.backends import Backend, NumPy, why_unavailable
from overparam.components import ComponentError, Resolve
from overparam.runs import Engine, Job, Outcome, Portable, Status, Training, choose_engine
from overparam.studies.errors import NoSuchTrial
from overparam.studies.grid import TrialKey
from overparam.studies.restoring import restore
from overparam.studies.schema import TrialRow
from overparam.studies.specification import Specification
from overparam.studies.study import Study
from overparam.studies.versions import changed_versions
from overparam.sweeps.trials import draw, pinned, row_of

__all__ = ["Replay", "replay_trial"]

FindEngines = Callable[[str], Sequence[Engine]]
"""Returns the candidate engines for a name."""


@dataclass(frozen=True)
class Replay:
    """One trial of a study, trained again.

    Attributes
    ----------
    specification : Specification
        That of the study.
    training : Training
        The job and its engine.
    outcome : Outcome
    stored, trained : TrialRow
        The study's row, and the row of this training run.
    notes : tuple of str
        Differences between the replay's conditions and the trial's.
    """

    specification: Specification
    training: Training
    outcome: Outcome
    stored: TrialRow
    trained: TrialRow
    notes: tuple[str, ...] = ()

    @property
    def equal(self) -> bool:
        """Whether every stored value, except wall time, is reproduced bit for bit."""
        return not self.differences

    @property
    def differences(self) -> dict[str, tuple[Any, Any]]:
        """The stored and the new value of everything that differs, except wall time."""
        now = self.trained._asdict()
        return {
            name: (value, now[name])
            for name, value in self.stored._asdict().items()
            if name != "seconds" and value != now[name]
        }

    def __repr__(self) -> str:
        n, k, d, trial = self.stored[:4]
        engine, verdict = self.outcome.engine, "equal" if self.equal else "not equal"
        return f"Replay(n={n}, k={k}, d={d}, trial={trial}, by {engine}: {verdict} to what is stored)"


def replay_trial(
    study: Study,
    key: TrialKey,
    resolve: Resolve,
    find: FindEngines,
    *,
    record_every: int | None = None,
    engine: str = "auto",
) -> Replay:
    """Train one trial of a study again, on the backend and by the engine of the session that trained it.

    A session does not record which engine trained which trial: the capable ones are tried in its order until
    one reproduces the stored outcome; if none does, the outcome of the first counts. If an engine or the
    backend is not available, the portable engine and NumPy replace it.

    Parameters
    ----------
    study : Study
    key : TrialKey
    resolve : callable
        Finds components.
    find : callable
        Finds engines.
    record_every : int, optional
        Record a history point every so many iterations.
    engine : str
        "auto" for the session's own, or the name of another engine.

    Raises
    ------
    NoSuchTrial
        If the study does not hold the trial, or nothing was trained.
    SpecificationMismatch, ComponentError
        If the study's components or its data have changed or are missing.
    ValueError
        If the requested engine cannot train it.
    """
    stored, session = study.trial(key)
    if stored.status == Status.EMPTY:
        raise NoSuchTrial(f"k={key.k}, d={key.d} is an empty cell of {study.path}: nothing was trained")
    specification = pinned(restore(study, resolve), study.specification.get("data_digest"))
    environment = json.loads(session.environment)
    backend, notes = _backend(environment, resolve)
    engines = list(find(engine)) if engine != "auto" else _engines(environment, find, notes)
    notes += changed_versions([environment], {"distributions": _versions(specification, backend, engines)})
    job = Job([draw(specification, key)], specification.recipe, backend, record_every)
    found, objections = list[Replay](), list[str]()
    while engines and not (found and found[-1].equal):
        chosen, refused = choose_engine(engines, job, fastest=False)
        objections += refused
        training = Training(job, chosen, tuple(objections))
        [outcome] = training.run()
        row = row_of(key, outcome)
        found.append(Replay(specification, training, outcome, stored, row, tuple(notes)))
        engines = engines[engines.index(chosen) + 1 :]
    return found[-1] if found[-1].equal else found[0]


def _backend(environment: dict[str, Any], resolve: Resolve) -> tuple[Backend, list[str]]:
    """Return the session's backend, or NumPy and the reason."""
    name = environment.get("backend", "numpy")
    try:
        backend: Backend = resolve(Backend, name)
        reason = why_unavailable(backend)
    except ComponentError as error:
        reason = str(error)
    return (NumPy(), [f"on numpy; the trial was trained on {name}: {reason}"]) if reason else (backend, [])


def _engines(environment: dict[str, Any], find: FindEngines, notes: list[str]) -> list[Engine]:
    """Return the session's available engines, with the portable engine last."""
    engines: list[Engine] = []
    for name in environment.get("engines", ()):
        try:
            engines += find(name)
        except ComponentError as error:
            notes.append(f"without the engine {name} of the trial's session: {error}")
    return [*(engine for engine in engines if type(engine) is not Portable), Portable()]


def _versions(specification: Specification, backend: Backend, engines: Sequence[Engine]) -> dict[str, str]:
    brought = [part.identity() for part in (*specification.components.values(), backend, *engines)]
    return {one.distribution: one.version for one in brought if one.version is not None}
