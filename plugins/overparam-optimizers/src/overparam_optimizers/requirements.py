"""Validation of parameters."""

from __future__ import annotations

__all__ = ["require_fraction"]


def require_fraction(name: str, value: float) -> None:
    """Raise ValueError unless 0 ≤ value < 1."""
    if not 0.0 <= value < 1.0:
        raise ValueError(f"{name} must be at least 0 and below 1, got {value}")
