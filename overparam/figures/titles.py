"""Titles of diagrams."""

from __future__ import annotations

from overparam.markup import visible
from overparam.studies import Study

__all__ = ["title_of"]


def title_of(study: Study, n: int) -> str:
    """Return a panel's title: activation, optimizer and n; also loss and layers if not the paper's."""
    named = study.specification
    parts = [named.get("activation", "?"), named.get("optimizer", "?")]
    if (loss := named.get("loss", "squared")) != "squared":
        parts.append(f"{loss} loss")
    if (layers := named.get("layers", "hidden")) != "hidden":
        parts.append("both layers" if layers == "both" else f"{layers} layer")
    return ", ".join([*(visible(part) for part in parts), f"n = {n}"])
