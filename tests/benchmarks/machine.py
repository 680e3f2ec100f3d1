"""Description of the machine that is measured."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

__all__ = ["BUSY", "describe", "load"]

BUSY = 0.5
"""A load average above this means that other processes were computing at the same time."""

_PACKAGES = ("overparam", "overparam-numba", "numpy", "numba", "torch", "jax")


def load() -> float:
    """Return the load average of the last minute."""
    return os.getloadavg()[0]


def describe() -> list[str]:
    """Cores and model of the processor, and the versions of Python and of the packages."""
    versions = [f"Python {platform.python_version()}", *filter(None, map(_version, _PACKAGES))]
    return [f"{os.cpu_count()} cores, {_processor()}, {platform.system()}", ", ".join(versions)]


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.machine()


def _version(package: str) -> str | None:
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return None
