"""Cores, memory and caches that this process may use. Many systems promise more memory than they have."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

__all__ = ["physical_memory", "second_level_cache", "usable_cores"]

_OWN_GROUPS, _ALL_GROUPS = Path("/proc/self/cgroup"), Path("/sys/fs/cgroup")


@cache
def physical_memory() -> int:
    """Return the bytes of memory that this process may use; 2⁶² if the system does not report it.

    This is the machine's memory, or less if a control group of Linux limits it, as in containers and in jobs
    of a batch system.
    """
    try:
        there = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        there = 1 << 62
    limits = [limit for folder in _groups("memory") for limit in _memory_limits(folder)]
    return min([there, *limits])


def second_level_cache() -> int:
    """Return a core's second-level cache in bytes, if Linux reports it, else one MiB."""
    try:
        size = Path("/sys/devices/system/cpu/cpu0/cache/index2/size").read_text().strip()
        return int(size.rstrip("K")) * 1024
    except (OSError, ValueError):
        return 1 << 20


def usable_cores() -> int:
    """Return the number of cores that this process may use, at least 1.

    These are the cores that it may run on, or fewer if a control group of Linux limits its processor time;
    a part of a core counts as one.
    """
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(allowed, math.ceil(_granted_cores())))


@cache
def _granted_cores() -> float:
    """Cores that the control groups' processor time is worth; more than there are without a limit."""
    return min((limit for folder in _groups("cpu") for limit in _core_limits(folder)), default=2.0**30)


def _groups(controller: str) -> Iterator[Path]:
    """Folders of the control groups of this process, innermost first; a container may not see all of them."""
    for line in _text(_OWN_GROUPS).splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers and controller not in controllers.split(","):
            continue
        root = _ALL_GROUPS / controller if controllers else _ALL_GROUPS
        folder = root / path.lstrip("/")
        yield from (folder, *(parent for parent in folder.parents if parent.is_relative_to(root)))


def _memory_limits(folder: Path) -> Iterator[int]:
    """Bytes that a group may use, in version 2 and in version 1."""
    for name in ("memory.max", "memory.limit_in_bytes"):
        if (text := _text(folder / name).strip()).isdecimal():
            yield int(text)


def _core_limits(folder: Path) -> Iterator[float]:
    """Cores that a group's processor time is worth: quota over period, in version 2 and in version 1."""
    texts = (
        _text(folder / "cpu.max"),
        " ".join(_text(folder / f"cpu.cfs_{name}_us") for name in ("quota", "period")),
    )
    for quota, period in (parts for text in texts if len(parts := text.split()) == 2):
        if quota.isdecimal() and period.isdecimal() and int(quota) * int(period) > 0:
            yield int(quota) / int(period)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
