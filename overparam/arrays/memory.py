"""How much memory this machine has: many systems promise more than they have, and end who uses it."""

from __future__ import annotations

import os
from functools import cache

__all__ = ["physical_memory"]


@cache
def physical_memory() -> int:
    """Bytes of this machine's memory; 2⁶² where the system does not tell."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 1 << 62
