"""What parameters must satisfy."""

from __future__ import annotations

import math

__all__ = ["require_fraction", "require_positive"]


def require_positive(name: str, value: float) -> None:
    """Raise ValueError unless `value` is a positive finite number."""
    if not (math.isfinite(value) and value > 0.0):
        raise ValueError(f"{name} must be a positive number, got {value}")


def require_fraction(name: str, value: float) -> None:
    """Raise ValueError unless 0 ≤ value < 1."""
    if not 0.0 <= value < 1.0:
        raise ValueError(f"{name} must be at least 0 and below 1, got {value}")
