"""Versions of the distributions that computed a study's trials, by session."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["changed_versions", "versions_used"]


def versions_used(environments: Iterable[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Return every distribution with its versions, in the order of the sessions that used them."""
    used: dict[str, list[str]] = {}
    for environment in environments:
        # Old sessions stored only the version of overparam.
        alone = {"overparam": environment["overparam"]} if "overparam" in environment else {}
        for distribution, version in {**alone, **environment.get("distributions", {})}.items():
            if version not in used.setdefault(distribution, []):
                used[distribution].append(version)
    return used


def changed_versions(
    environments: Iterable[Mapping[str, Any]], environment: Mapping[str, Any]
) -> tuple[str, ...]:
    """Return, for each distribution of `environment`, a note on other versions in earlier sessions."""
    earlier = versions_used(environments)
    return tuple(
        f"{distribution} {version} is installed; the study's earlier trials were computed with "
        + " and ".join(f"{distribution} {other}" for other in others)
        for distribution, (version,) in versions_used([environment]).items()
        if (others := [other for other in earlier.get(distribution, []) if other != version])
    )
