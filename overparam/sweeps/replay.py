"""Training one trial of a study again, as it was trained, and comparing."""

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
"""Returns the engines to ask for a name."""


@dataclass(frozen=True)
class Replay:
    """One trial of a study, trained again.

    Attributes
    ----------
    specification : Specification
        The study's.
    training : Training
        The job and the engine that did it.
    outcome : Outcome
    stored, trained : TrialRow
        The study's row, and the row of this training run.
    notes : tuple of str
        In what the replay was not carried out as the trial was.
    """

    specification: Specification
    training: Training
    outcome: Outcome
    stored: TrialRow
    trained: TrialRow
    notes: tuple[str, ...] = ()

    @property
    def equal(self) -> bool:
        """Whether every stored value, wall time aside, came out again bit for bit."""
        return not self.differences

    @property
    def differences(self) -> dict[str, tuple[Any, Any]]:
        """The stored and the new value of everything that came out otherwise, wall time aside."""
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

    A session does not keep which of its engines trained which trial: those that can are asked in its order
    until one gives what is stored, and the first one's answer counts where none does. Where an engine or the
    backend is not here, the portable engine and NumPy take its place.

    Parameters
    ----------
    study : Study
    key : TrialKey
    resolve : callable
        Finds components.
    find : callable
        Finds engines.
    record_every : int, optional
        Keep a history point every so many iterations.
    engine : str
        "auto" for the session's own, or the name of the one to train by.

    Raises
    ------
    NoSuchTrial
        Where the study does not hold the trial, or nothing was trained.
    SpecificationMismatch, ComponentError
        Where the study's components or its data are not here as they were.
    ValueError
        Where the engine asked for cannot train it.
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
    """The session's backend, or NumPy and why."""
    name = environment.get("backend", "numpy")
    try:
        backend: Backend = resolve(Backend, name)
        reason = why_unavailable(backend)
    except ComponentError as error:
        reason = str(error)
    return (NumPy(), [f"on numpy; the trial was trained on {name}: {reason}"]) if reason else (backend, [])


def _engines(environment: dict[str, Any], find: FindEngines, notes: list[str]) -> list[Engine]:
    """The session's engines that are here, the portable one at last."""
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
