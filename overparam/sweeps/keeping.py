"""Checkpoints of a sweep: how workers write and use them, and how the driver manages them."""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path

from overparam.arrays.backends import Backend
from overparam.files import real_path
from overparam.runs import Engine, Keeper, Snapshot
from overparam.studies.checkpoints import Checkpoints, Unusable
from overparam.studies.grid import TrialKey
from overparam.studies.schema import TrialRow
from overparam.studies.specification import Description, Specification

__all__ = ["Ledger", "Place", "made_by"]


@dataclass(frozen=True)
class Place:
    """The place of a sweep's checkpoints, sent to its workers.

    Attributes
    ----------
    study : Path
        An absolute path.
    inode : int
        The study's inode: a worker that does not see the same file writes no checkpoints.
    period : float
        Seconds of training that may be lost.
    digest : str
        Digest of the specification.
    """

    study: Path
    inode: int
    period: float
    digest: str

    @classmethod
    def of(cls, study: Path, description: Description, period: float) -> Place | None:
        """Return the place for an existing study with this specification; None if checkpoints are off."""
        if not period:
            return None
        real, text = real_path(study), json.dumps(description, sort_keys=True)
        return cls(real, real.stat().st_ino, period, hashlib.sha256(text.encode()).hexdigest())

    def keeper(
        self, specification: Specification, backend: Backend, engine: Engine, keys: Sequence[TrialKey]
    ) -> Keeper | None:
        """Return the keeper of a job's runs; None if the engine cannot resume or the study is not visible."""
        if not engine.resumes:
            return None
        try:
            if self.study.stat().st_ino != self.inode:
                return None
        except OSError:
            return None
        made = made_by(self.digest, specification, backend, engine)
        checkpoints = Checkpoints.of(self.study)
        return _Files(self.period, checkpoints, made, tuple(keys), frozenset(checkpoints.keys()))


@dataclass(frozen=True)
class _Files:
    """Snapshots as checkpoints; a failed write does not stop training. `there` are the existing ones."""

    period: float
    checkpoints: Checkpoints
    made: dict[str, str]
    keys: tuple[TrialKey, ...]
    there: frozenset[TrialKey]

    def find(self, position: int) -> Snapshot | None:
        """Return the checkpoint of a trial if it can be used; the driver has reported why others cannot."""
        if (key := self.keys[position]) not in self.there:
            return None
        try:
            return self.checkpoints.read(key, self.made)
        except (OSError, Unusable):
            return None

    def keep(self, position: int, snapshot: Snapshot) -> None:
        """Write a checkpoint; a full disk does not stop training."""
        try:
            self.checkpoints.write(self.keys[position], self.made, snapshot)
        except OSError:
            return


def made_by(digest: str, specification: Specification, backend: Backend, engine: Engine) -> dict[str, str]:
    """Return what must agree to resume a run bit for bit: specification, versions, engine and processor."""
    owners = sorted({part.identity()[2:] for part in specification.components.values()}, key=str)
    name, distribution, of_engine = engine.identity()[1:]
    return {
        "specification": digest,
        "overparam": version("overparam"),
        "numpy": version("numpy"),
        "engine": f"{distribution}/{name} {of_engine}",
        "components": ", ".join(f"{owner} {of}" for owner, of in owners),
        "backend": f"{backend.specification()} on {backend.device_name()}",
        "processor": _processor(),
    }


@cache
def _processor() -> str:
    """Return the kind of processor: libraries choose their code, and thus their rounding, by it."""
    model = platform.processor()
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
        model = next(
            (line.partition(":")[2].strip() for line in lines if line.startswith("model name")), model
        )
    except OSError:
        pass
    return f"{platform.machine()} {model}".strip()


class Ledger:
    """The driver's part for checkpoints: report unusable ones, remove those of finished trials.

    Parameters
    ----------
    study : Path
    place : Place or None
        The place of new checkpoints; existing ones are managed in any case.
    """

    def __init__(self, study: Path, place: Place | None) -> None:
        self._checkpoints = Checkpoints.of(study)
        self._place = place

    def inspect(
        self,
        done: Callable[[TrialKey], bool],
        specification: Specification,
        backend: Backend,
        engines: Iterable[Engine],
    ) -> tuple[str, ...]:
        """Remove checkpoints of finished trials; return notes on others that will not be used, with reasons.

        Without engines, as for workers on other machines, there are no notes: the workers decide.
        """
        keys = self._checkpoints.keys()
        ended = [key for key in keys if done(key)]
        self._checkpoints.remove(ended)
        engines = tuple(engines)
        if self._place is None or not engines or len(ended) == len(keys) or backend.unavailable():
            return ()
        digest = self._place.digest
        ways = [made_by(digest, specification, backend, each) for each in engines if each.resumes]
        reasons = {key: self._reason(key, ways) for key in keys if key not in ended}
        return tuple(
            f"{self._checkpoints.path(key)} is not used, its trial starts again: {reason}"
            for key, reason in reasons.items()
            if reason is not None
        )

    def _reason(self, key: TrialKey, ways: Sequence[dict[str, str]]) -> str | None:
        """Return why a checkpoint cannot be used by any engine; None if it can."""
        reason: str | None = "no engine here can resume a training run"
        for made in ways:
            try:
                self._checkpoints.read(key, made)
            except Unusable as error:
                reason = str(error)
            except OSError:
                return None  # it was removed meanwhile
            else:
                return None
        return reason

    def ended(self, rows: Iterable[TrialRow]) -> None:
        """Remove the checkpoints of trials that are saved."""
        if os.path.isdir(self._checkpoints.folder):
            self._checkpoints.remove(TrialKey(*row[:4]) for row in rows)

    def close(self) -> None:
        """Remove the folder if it is empty."""
        self._checkpoints.tidy()
