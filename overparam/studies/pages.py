"""Records in the pages of an SQLite file, read page by page without relying on links between pages.

The format is described at https://www.sqlite.org/fileformat2.html. Only tables WITHOUT ROWID are needed:
their rows lie in all pages of index trees, leaves (type 10) and interior pages (type 2).
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import NamedTuple

__all__ = ["Record", "page_size_of", "records_of"]

Value = int | float | str | bytes | None
_LEAF, _INNER = 10, 2
_INTEGER_BYTES = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}
_MOST_COLUMNS = 32
_LONGEST = 1 << 22


class Record(NamedTuple):
    """The values of one row; ``found`` is True if the page lists it, False if it was found by search."""

    values: tuple[Value, ...]
    found: bool


def page_size_of(header: bytes) -> int:
    """Return the page size in a database's header; SQLite's default if the header is damaged."""
    size = int.from_bytes(header[16:18], "big")
    size = 65536 if size == 1 else size
    return size if 512 <= size <= 65536 and not size & (size - 1) else 4096


def records_of(
    page: bytes, number: int, fetch: Callable[[int], bytes | None], *, searching: bool = False
) -> Iterator[Record | None]:
    """Yield the records of a page; None for a record that cannot be read.

    Parameters
    ----------
    page : bytes
    number : int
        The page's number; page 1 begins with the file's header.
    fetch : callable
        Returns a page by its number: long rows continue on other pages.
    searching : bool
        Whether to try every byte of the page as a start, regardless of the page's header.
    """
    if searching:
        for place in range(len(page)):
            if record := _record(page, place, fetch):
                yield Record(record, found=False)
        return
    base = 100 if number == 1 else 0
    kind = page[base]
    if kind not in (_LEAF, _INNER):
        return
    (count,) = struct.unpack_from(">H", page, base + 3)
    pointers = base + (8 if kind == _LEAF else 12)
    for cell in range(min(count, (len(page) - pointers) // 2)):
        (place,) = struct.unpack_from(">H", page, pointers + 2 * cell)
        record = _record(page, place + (4 if kind == _INNER else 0), fetch)
        yield None if record is None else Record(record, found=True)


def _varint(content: bytes, place: int) -> tuple[int, int]:
    value = 0
    for length in range(8):
        byte = content[place + length]
        value = (value << 7) | (byte & 0x7F)
        if byte < 0x80:
            return value, place + length + 1
    return (value << 8) | content[place + 8], place + 9


def _record(page: bytes, place: int, fetch: Callable[[int], bytes | None]) -> tuple[Value, ...] | None:
    try:
        length, start = _varint(page, place)
        if not 2 <= length <= _LONGEST:
            return None
        payload = _payload(page, start, length, fetch)
        return None if payload is None else _values(payload)
    except (IndexError, struct.error, UnicodeDecodeError):
        return None


def _payload(page: bytes, start: int, length: int, fetch: Callable[[int], bytes | None]) -> bytes | None:
    """Return a record's bytes; long records continue in a chain of other pages."""
    usable = len(page)
    most, least = (usable - 12) * 64 // 255 - 23, (usable - 12) * 32 // 255 - 23
    if length <= most:
        return page[start : start + length] if start + length <= usable else None
    here = least + (length - least) % (usable - 4)
    here = here if here <= most else least
    payload = page[start : start + here]
    (following,) = struct.unpack_from(">I", page, start + here)
    while len(payload) < length:
        if not following or (more := fetch(following)) is None:
            return None
        payload += more[4 : 4 + min(usable - 4, length - len(payload))]
        (following,) = struct.unpack_from(">I", more, 0)
    return payload


def _values(payload: bytes) -> tuple[Value, ...] | None:
    head, place = _varint(payload, 0)
    kinds = []
    while place < head:
        kind, place = _varint(payload, place)
        kinds.append(kind)
        if len(kinds) > _MOST_COLUMNS:
            return None
    if place != head or sum(map(_bytes_of, kinds)) != len(payload) - head:
        return None
    values = []
    for kind in kinds:
        end = place + _bytes_of(kind)
        values.append(_value(kind, payload[place:end]))
        place = end
    return tuple(values)


def _bytes_of(kind: int) -> int:
    if kind >= 12:
        return (kind - 12) // 2
    return 8 if kind == 7 else _INTEGER_BYTES.get(kind, 0)


def _value(kind: int, content: bytes) -> Value:
    if kind in _INTEGER_BYTES:
        return int.from_bytes(content, "big", signed=True)
    if kind == 7:
        (number,) = struct.unpack(">d", content)
        return float(number)
    if kind in (8, 9):
        return kind - 8
    if kind >= 12:
        return content.decode() if kind % 2 else content
    return None
