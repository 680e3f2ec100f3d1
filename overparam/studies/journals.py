"""Checks of the logs that SQLite leaves beside a study whose writer was killed.

The checks find logs that are damaged or belong to another file. SQLite applies any log with the right name.
If a copy has replaced a killed study, this would mix two files; and SQLite stops reading a log at the first
damage without an error.
"""

from __future__ import annotations

import sqlite3
import struct
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import numpy as np

from overparam.files import beside, open_input, real_path, require_regular
from overparam.studies.errors import NotAStudy
from overparam.studies.seals import Mark

__all__ = ["check_journals", "frames_of", "journal_names", "main_mark"]

_WAL_HEADER, _FRAME_HEADER = 32, 24
_WAL_MAGIC = 0x377F0682
_FEW_BITS = 3
_JOURNAL_MAGIC = bytes.fromhex("d9d505f920a163d7")


class Frame(NamedTuple):
    """A page in a write-ahead log; ``commits`` if it ends a transaction."""

    page: bytes
    number: int
    commits: bool


class _Log(NamedTuple):
    """The frames that SQLite reads, and whether damaged ones follow them."""

    frames: list[Frame]
    cut: bool


def journal_names(path: Path) -> list[Path]:
    """Return the log files that SQLite looks for beside a database."""
    return [beside(path, suffix) for suffix in ("-wal", "-journal", "-shm")]


def check_journals(path: Path) -> None:
    """Refuse a study whose log is damaged or belongs to another file; it must have no writer.

    Raises
    ------
    NotAStudy
    OSError
    """
    for name in journal_names(path):
        if name.is_symlink() or name.exists():
            try:
                require_regular(name)
            except ValueError as error:
                raise NotAStudy(f"{error}; move it elsewhere") from error
    wal, journal, _ = journal_names(path)
    if wal.exists() and wal.stat().st_size:
        _check_wal(path, wal)
    if journal.exists() and journal.stat().st_size:
        _check_rollback(path, journal)


def _check_wal(path: Path, wal: Path) -> None:
    log = _read_wal(wal)
    if log is None or log.cut:
        raise NotAStudy(
            f"{wal}, the log of the killed writer of {path}, is damaged: restore both from a copy, or "
            f"recover the trials with overparam salvage {path}"
        )
    if not log.frames:
        return
    if not path.stat().st_size:
        raise NotAStudy(f"{path} is empty and its log {wal} is not: restore both from a copy")
    first = _first_mark(log.frames)
    last = _first_mark(log.frames[::-1])
    main = main_mark(path)
    if first is None and main is None:  # from before files had marks
        return
    if (
        first is None
        or last is None
        or main is None
        or (main.study, main.writing) != (first.study, first.writing)
        or not first.commits - 1 <= main.commits <= last.commits
    ):
        raise _another(path, wal)


def _check_rollback(path: Path, journal: Path) -> None:
    with open_input(journal) as file:
        content = file.read()
    before = Mark.newest_in(content)
    if content[: len(_JOURNAL_MAGIC)] != _JOURNAL_MAGIC or before is None:
        return  # SQLite would not use it, or it is from before files had marks
    main = main_mark(path)
    if main is not None and (main.study != before.study or main.commits - before.commits not in (0, 1)):
        raise _another(path, journal)


def _another(path: Path, log: Path) -> NotAStudy:
    return NotAStudy(
        f"{log} is the log of another state of {path}: its writer was killed, and then a copy replaced "
        f"the file. Remove {log.name} to continue with the copy as it is, or restore the file that the log "
        "belongs to"
    )


def main_mark(path: Path) -> Mark | None:
    """Return the mark in the file itself, without its logs; None if there is none."""
    address = f"{real_path(path).as_uri()}?immutable=1"
    try:
        with closing(sqlite3.connect(address, uri=True)) as connection:
            connection.execute("PRAGMA trusted_schema = OFF")
            # A writer killed while it copies its log into the file leaves a first page that counts more pages
            # than the file has: read it nevertheless.
            connection.execute("PRAGMA writable_schema = ON")
            # Only if it is a table: the schema has not been checked yet.
            found = connection.execute("SELECT type FROM sqlite_master WHERE name = 'mark'").fetchone()
            if found != ("table",):
                return None
            row = connection.execute("SELECT value FROM mark").fetchone()
            return None if row is None else Mark.unpack(row[0])
    except sqlite3.DatabaseError:
        return None


def _first_mark(frames: list[Frame]) -> Mark | None:
    return next((mark for frame in frames if (mark := Mark.newest_in(frame.page))), None)


def frames_of(wal: Path) -> list[Frame]:
    """Return the pages of a write-ahead log, also those that SQLite would not read."""
    with open_input(wal) as file:
        content = file.read()
    size = _page_size(content)
    return [] if size is None else _frames(content, size)


def _page_size(content: bytes) -> int | None:
    if len(content) < _WAL_HEADER:
        return None
    size = int.from_bytes(content[8:12], "big")
    size = 65536 if size == 1 else size
    return size if 512 <= size <= 65536 and not size & (size - 1) else None


def _frames(content: bytes, size: int) -> list[Frame]:
    stride = _FRAME_HEADER + size
    starts = range(_WAL_HEADER, len(content) - stride + 1, stride)
    return [
        Frame(
            content[start + _FRAME_HEADER : start + stride],
            int.from_bytes(content[start : start + 4], "big"),
            content[start + 4 : start + 8] != bytes(4),
        )
        for start in starts
    ]


def _read_wal(wal: Path) -> _Log | None:
    """Return a log as SQLite reads it; None if its header is damaged."""
    with open_input(wal) as file:
        content = file.read()
    if len(content) <= _WAL_HEADER:
        return _Log([], cut=False)
    magic, size = int.from_bytes(content[:4], "big"), _page_size(content)
    if magic & ~1 != _WAL_MAGIC or size is None:
        return None
    words = np.dtype(">u4" if magic & 1 else "<u4")
    sums = _advance((0, 0), np.frombuffer(content[:24], words))
    if struct.pack(">II", *sums) != content[24:32]:
        return None
    frames, stride = _frames(content, size), _FRAME_HEADER + size
    salts = content[16:24]
    right = committed = 0
    weights = _weights(2 + size // 4)
    for place in range(len(frames)):
        start = _WAL_HEADER + place * stride
        head = content[start : start + _FRAME_HEADER]
        data = np.frombuffer(head[:8] + frames[place].page, words)
        sums = _advance(sums, data, weights)
        if head[8:16] != salts or struct.pack(">II", *sums) != head[16:24]:
            break
        right = place + 1
        if frames[place].commits:
            committed = right
    # A frame is appended completely or in part, and a frame of an earlier round has very different salts. So
    # a complete frame of this round with a wrong checksum is damaged.
    behind = (_WAL_HEADER + place * stride for place in range(right, len(frames)))
    cut = any(_bits_apart(content[start + 8 : start + 16], salts) <= _FEW_BITS for start in behind)
    return _Log(frames[:committed], cut)


def _bits_apart(one: bytes, other: bytes) -> int:
    return (int.from_bytes(one, "big") ^ int.from_bytes(other, "big")).bit_count()


def _weights(count: int) -> np.ndarray[tuple[int], np.dtype[np.uint32]]:
    """Fibonacci numbers F(count + 1), …, F(1), modulo 2³²: the checksum of SQLite's log is linear."""
    numbers = [1, 1]
    while len(numbers) < count + 1:
        numbers.append((numbers[-1] + numbers[-2]) % (1 << 32))
    return np.array(numbers[: count + 1][::-1], np.uint32)


def _advance(
    sums: tuple[int, int],
    words: np.ndarray[tuple[int], np.dtype[np.uint32]],
    weights: np.ndarray[tuple[int], np.dtype[np.uint32]] | None = None,
) -> tuple[int, int]:
    """Return a log's checksum extended over more words, an even number of them.

    Each step adds the other sum and a word to one sum. So the last sum is Σ F(m − i) xᵢ over the m words,
    plus F(m) times the first and F(m + 1) times the second of the previous sums.
    """
    m = len(words)
    weights = _weights(m) if weights is None else weights
    words = words.astype(np.uint32)
    before, second = sums
    # weights[0] = F(m + 1), weights[1] = F(m), …, weights[m] = F(1)
    last = int((weights[1:] * words).sum(dtype=np.uint32))
    nearly = int((weights[2:] * words[:-1]).sum(dtype=np.uint32))
    f = [int(weights[0]), int(weights[1]), int(weights[2])]
    return (
        (nearly + f[2] * before + f[1] * second) % (1 << 32),
        (last + f[1] * before + f[0] * second) % (1 << 32),
    )
