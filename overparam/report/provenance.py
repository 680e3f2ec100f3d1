"""Record of what was run: specification, statuses, sessions, and the commands that repeat it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from overparam.report.citation import data_licence
from overparam.report.commands import commands_of
from overparam.studies import Session, Study
from overparam.studies.specification import Description, completed, distribution_key

__all__ = ["Provenance", "provenance_of"]

_SHOWN_SESSIONS = 20
_SHOWN_FAILURES = 10


@dataclass(frozen=True)
class Provenance:
    """Record of what was run for one study, in words.

    Attributes
    ----------
    totals, specification : sequence of (name, value)
    ended : sequence of (status, trials)
    diverged : bool
        Whether any trial diverged.
    sessions : sequence of dict
        Sessions, without names of machines and numbers of processes.
    failures : sequence of (message, trials)
    commands : sequence of str
    sweep_file : str or None
    licence : str
    notes : sequence of str
    """

    totals: Sequence[tuple[str, str]]
    specification: Sequence[tuple[str, str]]
    ended: Sequence[tuple[str, int]]
    diverged: bool
    sessions: Sequence[dict[str, str]]
    failures: Sequence[tuple[str, int]]
    commands: Sequence[str]
    sweep_file: str | None
    licence: str
    notes: Sequence[str]


def provenance_of(study: Study) -> Provenance:
    """Return the record from a study."""
    status, sessions = study.status(), study.numbered_sessions()
    specification = completed(study.specification)
    notes = []
    if len(sessions) > _SHOWN_SESSIONS:
        notes.append(f"{len(sessions) - _SHOWN_SESSIONS:,} earlier sessions are not shown.")
    if status["left"]:
        notes.append(f"{status['left']:,} of the requested trials are not done yet.")
    plan = study.plan
    if plan is not None:
        state = "finished" if plan.finished else "not finished"
        notes.append(f"The design {plan.design} chose the trials in {plan.rounds:,} rounds; it is {state}.")
    totals = [
        ("trials", f"{status['done']:,} of {status['trials']:,}"),
        ("updates", f"{status['updates']:,}"),
        ("training time", _span(status["training_seconds"])),
        ("diverged", f"{status['diverged']:,}"),
        ("failed", f"{status['failed']:,}"),
        ("versions", ", ".join(_versions(status["distributions"]))),
        ("checksums", str(status["checksums"])),
    ]
    if status["shard"] != "1/1":
        totals.insert(1, ("shard", str(status["shard"])))
    names = ("converged", "budget_exhausted", "diverged", "solved", "empty", "failed")
    return Provenance(
        totals,
        _parts(specification),
        [(name.replace("_", " "), status[name]) for name in names if status[name]],
        bool(status["diverged"]),
        [_session(session) for session in sessions[-_SHOWN_SESSIONS:]],
        study.failures()[:_SHOWN_FAILURES],
        commands_of(study),
        study.sweep_file,
        data_licence(specification),
        notes,
    )


def _parts(specification: Description) -> list[tuple[str, str]]:
    """Return every part of the specification, with its distribution if that is not overparam."""
    owners = {name: specification.get(distribution_key(name), "overparam") for name in specification}
    ending = distribution_key("")
    return [
        (name.replace("_", " "), str(value) + ("" if owners[name] == "overparam" else f", of {owners[name]}"))
        for name, value in sorted(specification.items())
        if not name.endswith(ending)
    ]


def _versions(used: dict[str, list[str]]) -> list[str]:
    return [f"{distribution} {' and '.join(versions)}" for distribution, versions in used.items()]


def _session(session: Session) -> dict[str, str]:
    told = json.loads(session.environment)
    began = str(told.get("started", "")) or _moment(session.began)
    took = session.saved - session.began if session.saved and session.began else None
    return {
        "session": str(session.number),
        "began": began.removesuffix("+00:00").replace("T", " "),
        "took": "–" if took is None else _span(took),
        "trials": f"{session.trials:,}",
        "updates": f"{session.updates:,}",
        "backend": str(told.get("backend", "–")),
        "device": str(told.get("device", "–")),
        "engines": ", ".join(map(str, told.get("engines", ()))) or "–",
        "executor": str(told.get("executor", "–")),
        "Python, NumPy": f"{told.get('python', '–')}, {told.get('numpy', '–')}",
        "overparam": str(told.get("overparam", "–")),
    }


def _moment(seconds: float | None) -> str:
    return "–" if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def _span(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours:,} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{seconds:.1f} s"
