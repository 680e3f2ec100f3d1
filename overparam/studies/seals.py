"""Checksums of a study: every row of every table has one.

CRC-32 detects every change of up to three bits of a row, and any other change with probability 1 − 2⁻³².
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from typing import Any, NamedTuple

__all__ = ["MAGIC", "Mark", "seal", "seal_trial"]

MAGIC = b"ovPmark1"
"""First bytes of a mark; marks are searched for in logs, where no table can be read."""

_MARK = struct.Struct(">8s16s16sQIQI")
_TRIAL = struct.Struct("<8Q4d").pack
_NAN = float("nan")
_UNFIT = (struct.error, TypeError, AttributeError, UnicodeError, OverflowError, ValueError)


def seal_trial(row: Sequence[Any]) -> int | None:
    """Return the checksum of a trial's row; None if a value has the wrong type or a count is negative.

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
        # None stands for non-finite values; adding 0.0 turns −0.0 into 0.0, as SQLite does.
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
    """Return the checksum of a row of another table; it includes the table's name."""
    numbered = [value + 0.0 if isinstance(value, float) else value for value in values]
    return zlib.crc32(repr((table, numbered)).encode("utf-8", "backslashreplace"))


class Mark(NamedTuple):
    """Summary of a study's state, rewritten by every transaction.

    Attributes
    ----------
    study : bytes
        16 random bytes, drawn when the study was created; copies share them.
    writing : bytes
        16 random bytes, drawn whenever a writer begins: they distinguish a file from its earlier copies.
    commits : int
        Transactions so far.
    sessions : int
        Rows of the session table.
    tallies : int
        Sum of the tallies' checksums, modulo 2⁶⁴.
    contents : int
        Checksum over the checksums of the specification, meta and cell tables.
    """

    study: bytes
    writing: bytes
    commits: int
    sessions: int
    tallies: int
    contents: int

    def pack(self) -> bytes:
        """Return the mark as bytes, with a checksum at the end."""
        packed = _MARK.pack(MAGIC, *self._replace(tallies=self.tallies % (1 << 64)))
        return packed + struct.pack(">I", zlib.crc32(packed))

    @classmethod
    def unpack(cls, content: object) -> Mark | None:
        """Return the mark in the bytes; None if they are not a mark."""
        if not isinstance(content, bytes) or len(content) != cls.size():
            return None
        packed, checksum = content[:-4], content[-4:]
        if packed[: len(MAGIC)] != MAGIC or struct.pack(">I", zlib.crc32(packed)) != checksum:
            return None
        return cls(*_MARK.unpack(packed)[1:])

    @staticmethod
    def size() -> int:
        """Return the size of a mark in bytes."""
        return _MARK.size + 4

    @classmethod
    def newest_in(cls, page: bytes) -> Mark | None:
        """Return the newest mark in a page of a database; freed space may still hold older marks."""
        marks, start = [], page.find(MAGIC)
        while start >= 0:
            if mark := cls.unpack(page[start : start + cls.size()]):
                marks.append(mark)
            start = page.find(MAGIC, start + 1)
        return max(marks, key=lambda mark: mark.commits, default=None)
