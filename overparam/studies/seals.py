"""Checksums of what a study holds: every row of every table carries one.

CRC-32 finds every change of up to three bits of a row, and any other with probability 1 − 2⁻³².
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from typing import Any, NamedTuple

__all__ = ["MAGIC", "Mark", "seal", "seal_trial"]

MAGIC = b"ovPmark1"
"""What a mark begins with: it is looked for in logs, where no table can be asked."""

_MARK = struct.Struct(">8s16s16sQIQI")
_TRIAL = struct.Struct("<8Q4d").pack
_NAN = float("nan")
_UNFIT = (struct.error, TypeError, AttributeError, UnicodeError, OverflowError, ValueError)


def seal_trial(row: Sequence[Any]) -> int | None:
    """Checksum of a trial's row; None where a value has not the type of its column or a count is negative.

    Parameters
    ----------
    row : sequence
        The values of a TrialRow, then the number of its session.
    """
    # fmt: off
    (n, k, d, trial, status, success, iterations,
     residual, distance, length, effective, seconds, message, session) = row
    # fmt: on
    try:
        # None stands for what is not finite; adding 0.0 makes one zero of two, as SQLite does.
        numbers = _TRIAL(
            n,
            k,
            d,
            trial,
            success,
            iterations,
            effective,
            session,
            _NAN if residual is None else residual + 0.0,
            _NAN if distance is None else distance + 0.0,
            _NAN if length is None else length + 0.0,
            seconds + 0.0,
        )
        text = status if message is None else f"{status}\0{message}"
        return zlib.crc32(text.encode(), zlib.crc32(numbers))
    except _UNFIT:
        return None


def seal(table: str, *values: str | int | float | None) -> int:
    """Checksum of a row of another table; the table's name is part of it."""
    numbered = [value + 0.0 if isinstance(value, float) else value for value in values]
    return zlib.crc32(repr((table, numbered)).encode("utf-8", "backslashreplace"))


class Mark(NamedTuple):
    """What a study says about itself, written anew by every transaction.

    Attributes
    ----------
    study : bytes
        Random, 16 of them, drawn when the study was made; copies share it.
    writing : bytes
        Random, 16 of them, drawn whenever a writer begins: tells a file from its copy made before.
    commits : int
        Transactions so far.
    sessions : int
        Rows of the session table.
    tallies : int
        Sum of the tallies' checksums, modulo 2⁶⁴.
    contents : int
        Checksum over those of the specification, meta and cell tables.
    """

    study: bytes
    writing: bytes
    commits: int
    sessions: int
    tallies: int
    contents: int

    def pack(self) -> bytes:
        """As bytes, a checksum at the end."""
        packed = _MARK.pack(MAGIC, *self._replace(tallies=self.tallies % (1 << 64)))
        return packed + struct.pack(">I", zlib.crc32(packed))

    @classmethod
    def unpack(cls, content: object) -> Mark | None:
        """Read one; None where the bytes are no mark."""
        if not isinstance(content, bytes) or len(content) != cls.size():
            return None
        packed, checksum = content[:-4], content[-4:]
        if packed[: len(MAGIC)] != MAGIC or struct.pack(">I", zlib.crc32(packed)) != checksum:
            return None
        return cls(*_MARK.unpack(packed)[1:])

    @staticmethod
    def size() -> int:
        """Bytes of a mark."""
        return _MARK.size + 4

    @classmethod
    def newest_in(cls, page: bytes) -> Mark | None:
        """The newest mark in a page of a database; what a page has freed may still hold older ones."""
        marks, start = [], page.find(MAGIC)
        while start >= 0:
            if mark := cls.unpack(page[start : start + cls.size()]):
                marks.append(mark)
            start = page.find(MAGIC, start + 1)
        return max(marks, key=lambda mark: mark.commits, default=None)
