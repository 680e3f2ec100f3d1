"""How much memory this machine has, since many promise more than that, and how much of it is fast."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

__all__ = ["physical_memory", "second_level_cache"]


@cache
def physical_memory() -> int:
    """Bytes of this machine's memory; 2⁶² where the system does not tell."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 1 << 62


def second_level_cache() -> int:
    """Bytes of a core's second-level cache where Linux tells it, else one MiB."""
    try:
        size = Path("/sys/devices/system/cpu/cpu0/cache/index2/size").read_text().strip()
        return int(size.rstrip("K")) * 1024
    except (OSError, ValueError):
        return 1 << 20
