"""Cores, physical memory and caches of the machine. Many systems promise more memory than they have."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

__all__ = ["physical_memory", "second_level_cache", "usable_cores"]


@cache
def physical_memory() -> int:
    """Return this machine's memory in bytes; 2⁶² if the system does not report it."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 1 << 62


def second_level_cache() -> int:
    """Return a core's second-level cache in bytes, if Linux reports it, else one MiB."""
    try:
        size = Path("/sys/devices/system/cpu/cpu0/cache/index2/size").read_text().strip()
        return int(size.rstrip("K")) * 1024
    except (OSError, ValueError):
        return 1 << 20


def usable_cores() -> int:
    """Number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
