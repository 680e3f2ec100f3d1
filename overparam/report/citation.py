"""Citations of the program and the paper, and the licence of a study's data."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, metadata, version
from typing import Any, Final

__all__ = ["PAPER", "PROGRAM", "bibtex", "data_licence"]

PROGRAM: Final = {
    "title": "overparam: moderate overparameterization, runnable",
    "author": "The overparam authors",
    "licence": "BSD-3-Clause",
}
"""The same as in CITATION.cff; the file itself is not part of an installed package."""

PAPER: Final = {
    "title": "Towards moderate overparameterization: global convergence guarantees for training shallow "
    "neural networks",
    "author": "Samet Oymak and Mahdi Soltanolkotabi",
    "year": "2019",
    "eprint": "1902.04674",
    "url": "https://arxiv.org/abs/1902.04674",
}

_RANDOM = ("sphere", "separated")


def bibtex() -> str:
    """Return both as BibTeX entries."""
    program = [
        ("title", f"{{{PROGRAM['title']}}}"),
        ("author", f"{{{PROGRAM['author']}}}"),
        ("version", version("overparam")),
    ]
    paper = [
        ("title", PAPER["title"]),
        ("author", PAPER["author"]),
        ("year", PAPER["year"]),
        ("eprint", PAPER["eprint"]),
        ("archivePrefix", "arXiv"),
    ]
    entries = (("software", "overparam", program), ("misc", "oymak2019moderate", paper))
    return "\n\n".join(
        "\n".join([f"@{kind}{{{key},", *(f"  {name} = {{{text}}}," for name, text in fields), "}"])
        for kind, key, fields in entries
    )


def data_licence(specification: Mapping[str, Any]) -> str:
    """Return a sentence on the owner and licence of the data, as far as the specification shows."""
    data = str(specification.get("data", ""))
    owner = str(specification.get("data_distribution", "overparam"))
    if owner == "overparam":
        if data.partition(":")[0] in _RANDOM:
            return "The data are drawn at random from the seed: no licence is needed."
        return "The data are read from a file. Their licence is unknown: ask the author of the study."
    try:
        said = metadata(owner)
    except PackageNotFoundError:
        return f"The data come from {owner}, which is not installed here; its licence is unknown."
    fields = [field for field in ("License-Expression", "License") if field in said]
    licence = said[fields[0]] if fields else "no licence"
    return f"The data come from {owner} {said['Version']}, which states {licence} for the package."
