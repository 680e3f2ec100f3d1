"""Reading a study: what it holds, how far it is, its phase diagrams."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overparam.sweeps.diagram import PhaseDiagram
from overparam.sweeps.errors import StudyError
from overparam.sweeps.schema import COLUMNS, TrialRow, connect_reader, plainly
from overparam.sweeps.specification import Description

__all__ = ["Study", "load_study"]

_TEXT = ("status", "message")
_WHOLE = ("n", "k", "d", "trial", "success", "iterations", "effective_parameters")


@dataclass(frozen=True)
class Study:
    """A study's file, read at every call: while a sweep writes to it the answers grow.

    Attributes
    ----------
    path : Path
    """

    path: Path

    @property
    def specification(self) -> Description:
        """What every trial shares, spelled as on the command line."""
        return {
            name: json.loads(value) for name, value in self._read("SELECT name, value FROM specification")
        }

    @property
    def sessions(self) -> list[dict[str, Any]]:
        """The environment of every run that wrote to the file: versions, backend, device, engine."""
        return [json.loads(text) for (text,) in self._read("SELECT environment FROM session ORDER BY id")]

    def sample_sizes(self) -> list[int]:
        """Every n that was asked for."""
        return [n for (n,) in self._read("SELECT DISTINCT n FROM cell ORDER BY n")]

    def rows(self) -> list[TrialRow]:
        """Every finished trial, ordered by (n, k, d, trial)."""
        return [
            TrialRow(*row)
            for row in self._read(f"SELECT {', '.join(COLUMNS)} FROM trial ORDER BY n, k, d, trial")
        ]

    def columns(self) -> dict[str, NDArray[Any]]:
        """The finished trials as arrays, ordered by (n, k, d, trial); nan for what is not finite."""
        table = list(zip(*self.rows(), strict=True)) or [()] * len(COLUMNS)
        return {
            name: np.array(
                values, dtype=object if name in _TEXT else np.int64 if name in _WHOLE else np.float64
            )
            for name, values in zip(COLUMNS, table, strict=True)
        }

    def diagram(self, n: int) -> PhaseDiagram:
        """Successes and trials so far over the grid that was asked for.

        Raises
        ------
        StudyError
            Where no cell of this n was asked for.
        """
        cells = self._read("SELECT k, d FROM cell WHERE n = ?", n)
        if not cells:
            raise StudyError(f"{self.path} has no cells with n = {n}")
        k, d = (tuple(sorted({cell[axis] for cell in cells})) for axis in (0, 1))
        successes, trials = np.zeros((len(k), len(d)), np.int64), np.zeros((len(k), len(d)), np.int64)
        row_of, column_of = ({value: i for i, value in enumerate(axis)} for axis in (k, d))
        counts = (
            "SELECT k, d, sum(success), count(*) FROM trial WHERE n = ? AND status <> 'failed' GROUP BY k, d"
        )
        for width, inputs, succeeded, done in self._read(counts, n):
            successes[row_of[width], column_of[inputs]] = succeeded
            trials[row_of[width], column_of[inputs]] = done
        return PhaseDiagram(n, k, d, successes, trials)

    def status(self) -> dict[str, Any]:
        """How far the study is: trials asked for, done and left, how they ended, and who is writing."""
        ((asked,),) = self._read("SELECT coalesce(sum(trials), 0) FROM cell")
        ended = dict(self._read("SELECT status, count(*) FROM trial GROUP BY status"))
        ((updates, seconds),) = self._read(
            "SELECT coalesce(sum(iterations), 0), coalesce(sum(seconds), 0) FROM trial"
        )
        writer = self._read("SELECT host, pid FROM writer")
        done = sum(count for status, count in ended.items() if status != "failed")
        return {
            "study": str(self.path),
            "trials": asked,
            "done": done,
            "left": asked - done,
            **{
                str(name): ended.get(name, 0)
                for name in ("converged", "budget_exhausted", "diverged", "solved", "empty", "failed")
            },
            "updates": updates,
            "training_seconds": seconds,
            "writer": f"process {writer[0][1]} on {writer[0][0]}" if writer else None,
            "specification": self.specification,
        }

    def _read(self, query: str, *parameters: Any) -> list[Any]:
        with plainly(self.path), closing(connect_reader(self.path)) as connection:
            return connection.execute(query, parameters).fetchall()


def load_study(path: str | Path) -> Study:
    """Open a study for reading.

    Raises
    ------
    StudyError
        Where there is no such file, or it is not a study.
    """
    study = Study(Path(path))
    study.sample_sizes()
    return study
